"""The result of a local run as JSON."""

from pydantic import Field

from ecrctl.output.documents import Document
from ecrctl.verify import json_document
from ecrctl.verify.json_document import VerificationDocument

from .command import LocalResult


class LeftOutDocument(Document):
    """A resource that the embedded AWS cannot deploy."""

    stack: str
    logical_id: str
    type: str
    because_of: str = Field(
        description="What it refers to, which is left out as well; empty for an unknown type."
    )


class RunningDocument(Document):
    """An embedded AWS that is still running."""

    variables: dict[str, str] = Field(description="The variables with which clients find it.")
    pid: int = Field(description="The process to end.")


class LocalDocument(Document):
    """A local run."""

    environments: list[VerificationDocument] = Field(
        description="The deployed environments, that of the run last."
    )
    left_out: list[LeftOutDocument]
    running: RunningDocument | None = Field(description="With --keep; null otherwise.")


def document_of(result: LocalResult, *, is_running: bool) -> LocalDocument:
    """Return the result of a run.

    :param is_running: whether the embedded AWS is still running.
    """
    running = RunningDocument(variables=result.emulator.variables(), pid=result.emulator.pid)
    return LocalDocument(
        environments=[json_document.document_of(*one) for one in result.verified.items()],
        left_out=[LeftOutDocument.model_validate(one) for one in result.left_out],
        running=running if is_running else None,
    )
