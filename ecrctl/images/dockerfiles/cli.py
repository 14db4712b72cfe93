"""``ecrctl dockerfile-check``: every remark about some Dockerfiles, and the number of each kind."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer

from ecrctl.aws.clients import Aws, configured_region
from ecrctl.errors import ExitCode
from ecrctl.files import file_errors
from ecrctl.output.documents import DockerfileCheckDocument, RemarkDocument
from ecrctl.output.formats import TextOrJson, print_json
from ecrctl.output.messages import say, working
from ecrctl.visible import visible

from .check import Registries, Remark, check_dockerfiles


def run_dockerfile_check(files: Sequence[Path], *, offline: bool, output: TextOrJson) -> None:
    """Print the remarks about some Dockerfiles.

    :raises typer.Exit: where one of them must be changed.
    """
    texts = {file: _text(file) for file in files}
    registries = None if offline else Registries(Aws.from_variables, configured_region())
    with working("Look up the base images"):
        remarks = list(check_dockerfiles(texts, registries))
    if output == "json":
        print_json(
            DockerfileCheckDocument(files=len(texts), remarks=[_document(one) for one in remarks])
        )
    else:
        for remark in remarks:
            if remark.kind != "pinned":
                print(visible(str(remark)))
        say(summary(len(texts), remarks))
    if any(remark.is_finding for remark in remarks):
        raise typer.Exit(ExitCode.DIFFERENCE)


def _document(remark: Remark) -> RemarkDocument:
    return RemarkDocument(
        file=str(remark.file),
        line=remark.line,
        kind=remark.kind,
        subject=remark.subject,
        text=remark.text,
        is_finding=remark.is_finding,
    )


def _text(file: Path) -> str:
    with file_errors(f"{file} cannot be read"):
        # A comment in another encoding is no reason to refuse a file.
        return file.read_text(encoding="utf-8", errors="replace")


def summary(files: int, remarks: Sequence[Remark]) -> str:
    """Return the number of remarks of each kind, as a line."""
    kinds = Counter(remark.kind for remark in remarks)
    findings = sum(remark.is_finding for remark in remarks)
    parts = (
        f"{findings} to change",
        f"{kinds['undecided']} undecided",
        f"{kinds['pinned']} pinned by a known digest",
    )
    return f"{files} {'file' if files == 1 else 'files'}: {', '.join(parts)}."
