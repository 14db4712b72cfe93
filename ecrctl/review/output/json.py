"""A review as JSON, and the schema of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ecrctl.review.findings import Category
from ecrctl.review.verdict import Judged, Review

SCHEMA = Path(__file__).with_name("review.schema.json")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SideDocument(_Model):
    """One side of a review."""

    label: str = Field(description="What it was called on the command line.")
    digest: str = Field(
        pattern="^sha256:[0-9a-f]{64}$",
        description="Of everything that it deploys. Two synths that agree have the same.",
    )


class AcknowledgementDocument(_Model):
    """Why a finding is accepted, and until when."""

    reason: str
    until: str = Field(description="The last day on which it holds, as YYYY-MM-DD.")


class FindingDocument(_Model):
    """One thing that a change does."""

    id: str = Field(description="What an acknowledgement names. Another change has another one.")
    rule: str = Field(description="The row of the table of consequences that found it.")
    category: Category
    environment: str
    stack: str
    subject: str
    message: str = Field(description="A sentence that goes on from the subject, in Markdown.")
    undecided: bool = Field(description="Whether it could not be told which way it goes.")
    stops: bool = Field(description="Whether it stops the change.")
    acknowledged: AcknowledgementDocument | None


class ReviewDocument(_Model):
    """What a change does to images, access and workloads."""

    version: Literal[1]
    result: Literal["unchanged", "passed", "stopped"]
    verdict: str
    fail_on: list[Category]
    base: SideDocument
    head: SideDocument
    findings: list[FindingDocument]


def as_json(review: Review) -> str:
    """Write a review as JSON."""
    document = ReviewDocument(
        version=1,
        result="unchanged"
        if review.changes_nothing
        else "stopped"
        if review.stopping
        else "passed",
        verdict=review.verdict(),
        fail_on=list(review.gate),
        base=SideDocument(label=review.base.label, digest=review.base.digest),
        head=SideDocument(label=review.head.label, digest=review.head.digest),
        findings=[_finding(one) for one in review.judged],
    )
    return document.model_dump_json(indent=2)


def schema() -> str:
    """Give the JSON Schema of what is written."""
    document = ReviewDocument.model_json_schema()
    return json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, indent=2
    )


def _finding(judged: Judged) -> FindingDocument:
    finding, said = judged.finding, judged.finding.saying
    answer = judged.acknowledged
    return FindingDocument(
        id=finding.id,
        rule=finding.rule,
        category=finding.category,
        environment=said.environment,
        stack=said.stack,
        subject=said.subject,
        message=said.message,
        undecided=said.is_undecided,
        stops=judged.stops,
        acknowledged=AcknowledgementDocument(reason=answer.reason, until=answer.until.isoformat())
        if answer
        else None,
    )


if __name__ == "__main__":
    SCHEMA.write_text(schema() + "\n", encoding="utf-8")
