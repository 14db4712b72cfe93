"""A review as JSON, and its schema."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ecrctl.review.findings import CATEGORIES, Category
from ecrctl.review.verdict import Judgement, Review

SCHEMA = Path(__file__).with_name("review.schema.json")
LABEL_PREFIX = "review: "
Result = Literal["unchanged", "passed", "blocked"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class SideDocument(_Model):
    """One side of a review."""

    label: str = Field(description="The reference or folder on the command line.")
    digest: str = Field(
        pattern="^sha256:[0-9a-f]{64}$",
        description="Digest of everything the side deploys. Identical synths have the same digest.",
    )


class AcknowledgementDocument(_Model):
    """Why a finding is accepted, and until when."""

    reason: str
    until: str = Field(description="The last day on which it is valid, as YYYY-MM-DD.")


class OutdatedAcknowledgementDocument(_Model):
    """An acknowledgement whose ID has the old form. It accepts nothing."""

    finding: str = Field(description="The ID of the old form.")
    replacements: list[str] = Field(
        description="The IDs of the rule's findings in this change; empty if there are none."
    )


class ImageMoveDocument(_Model):
    """An image of a workload that moves to another version in the same repository."""

    registry: str = Field(description="The registry's host; empty if the image names none.")
    repository: str
    tags: tuple[str | None, str | None] = Field(description="The tag before and after.")
    digests: tuple[str | None, str | None] = Field(description="The digest before and after.")


class FindingDocument(_Model):
    """One consequence of a change."""

    id: str = Field(description="The ID for an acknowledgement. A different change has another.")
    rule: str = Field(description="The rule, a row of the guide's table.")
    category: Category
    environment: str
    stack: str
    subject: str
    message: str = Field(description="A verb phrase that continues the subject, in Markdown.")
    undecided: bool = Field(description="Whether the direction is known only at deployment.")
    blocks: bool = Field(description="Whether it blocks the change.")
    acknowledgement: AcknowledgementDocument | None
    moves: list[ImageMoveDocument] = Field(description="Images that move to another version.")


class ReviewDocument(_Model):
    """The consequences of a change for images, access and workloads."""

    version: Literal[1]
    result: Result
    verdict: str
    comment_needed: bool = Field(
        description="Whether there is anything to comment; if not, an earlier comment is removed."
    )
    labels: list[str] = Field(
        description="Labels of a pull request, one for each category of findings that are not "
        "acknowledged, except routine ones. All labels of a review begin with `review: `."
    )
    gates: dict[str, list[Category]] = Field(
        description="The categories that block the change, by environment."
    )
    base: SideDocument
    head: SideDocument
    findings: list[FindingDocument]
    unused_acknowledgements: list[str] = Field(
        description="Acknowledged IDs of findings that this change does not have."
    )
    outdated_acknowledgements: list[OutdatedAcknowledgementDocument]


def as_json(review: Review) -> str:
    """Return a review as JSON."""
    document = ReviewDocument(
        version=1,
        result=_result(review),
        verdict=review.summary(),
        comment_needed=not review.changes_nothing,
        labels=_labels(review),
        gates={name: list(gate) for name, gate in review.gates.items()},
        base=SideDocument.model_validate(review.base),
        head=SideDocument.model_validate(review.head),
        findings=[_finding(one) for one in review.judgements],
        unused_acknowledgements=[one.finding for one in review.verdict.unused],
        outdated_acknowledgements=[
            OutdatedAcknowledgementDocument.model_validate(one) for one in review.verdict.outdated
        ],
    )
    # ASCII alone: an escaped character can neither be hidden nor be half of one.
    return json.dumps(document.model_dump(mode="json"), indent=2)


def schema() -> str:
    """Return the JSON Schema of the document."""
    document = ReviewDocument.model_json_schema()
    return json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, indent=2
    )


def _result(review: Review) -> Result:
    if review.changes_nothing:
        return "unchanged"
    return "blocked" if review.blocking else "passed"


def _labels(review: Review) -> list[str]:
    found = {one.finding.category for one in review.judgements if one.acknowledgement is None}
    return [f"{LABEL_PREFIX}{one}" for one in CATEGORIES if one in found - {Category.ROUTINE}]


def _finding(judgement: Judgement) -> FindingDocument:
    finding, accepted = judgement.finding, judgement.acknowledgement
    return FindingDocument(
        id=finding.id,
        rule=finding.rule,
        category=finding.category,
        environment=finding.environment,
        stack=finding.stack,
        subject=finding.subject,
        message=finding.message,
        undecided=finding.is_undecided,
        blocks=judgement.blocks,
        acknowledgement=AcknowledgementDocument(
            reason=accepted.reason, until=accepted.until.isoformat()
        )
        if accepted
        else None,
        moves=[ImageMoveDocument.model_validate(one) for one in finding.moves],
    )


if __name__ == "__main__":
    SCHEMA.write_text(schema() + "\n", encoding="utf-8")
