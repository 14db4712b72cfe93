"""A verification as JSON, and its schema."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .check import Check, Outcome
from .command import Verification
from .report import verdict

SCHEMA = Path(__file__).with_name("verification.schema.json")
Source = Literal["files", "templates"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CheckDocument(_Model):
    """One property: its declared value, and its deployed value."""

    source: Source = Field(
        description="Where the declared value comes from: the files and the rules, or the template."
    )
    resource: str
    property: str
    outcome: Outcome
    declared: str | None = Field(description="null where the values were not compared.")
    deployed: str | None = Field(description="null where the values were not compared.")
    reason: str | None = Field(description="Why they were not compared; null where they were.")


class VerificationDocument(_Model):
    """Everything that an environment declares, compared with AWS."""

    version: Literal[1]
    environment: str
    result: Literal["match", "difference"]
    verdict: str
    checks: list[CheckDocument]
    unmanaged: list[str] | None = Field(
        description="With --unmanaged, the repositories that no stack manages; null otherwise."
    )


def as_json(environment: str, found: Verification, *, only_differences: bool = False) -> str:
    """Return a verification as JSON.

    :param only_differences: whether checks that match are left out.
    """
    return document_of(environment, found, only_differences=only_differences).model_dump_json(
        indent=2
    )


def document_of(
    environment: str, found: Verification, *, only_differences: bool = False
) -> VerificationDocument:
    """Return a verification as a document."""
    checks = found.checks
    return VerificationDocument(
        version=1,
        environment=environment,
        result="difference" if any(check.differs for check in checks) else "match",
        verdict=verdict(environment, checks),
        checks=[
            check
            for check in _documents(found)
            if not (only_differences and check.outcome == "match")
        ],
        unmanaged=None,
    )


def unmanaged_document(environment: str, names: Sequence[str], said: str) -> VerificationDocument:
    """Return the repositories that no stack manages as a document."""
    return VerificationDocument(
        version=1,
        environment=environment,
        result="match",
        verdict=said,
        checks=[],
        unmanaged=list(names),
    )


def _documents(found: Verification) -> Iterator[CheckDocument]:
    of_stacks = [check for checks in found.stacks.values() for check in checks]
    by_source: dict[Source, Sequence[Check]] = {"files": found.files, "templates": of_stacks}
    for source, checks in by_source.items():
        for check in checks:
            is_compared = not check.reason
            yield CheckDocument(
                source=source,
                resource=check.subject,
                property=check.what,
                outcome=check.outcome,
                declared=check.declared if is_compared else None,
                deployed=check.found if is_compared else None,
                reason=check.reason or None,
            )


def schema() -> str:
    """Return the JSON Schema of the document."""
    document = VerificationDocument.model_json_schema()
    return json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, indent=2
    )


if __name__ == "__main__":
    SCHEMA.write_text(schema() + "\n", encoding="utf-8")
