"""A scan as JSON, and its schema."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ecrctl.images.scanning.findings import Severity, Source
from ecrctl.images.scanning.gate import (
    FailOn,
    GateVerdict,
    JudgedFinding,
    JudgedPlatform,
    Result,
    Unscannable,
)
from ecrctl.images.scanning.ignores import Ignore

from .subject import ScannedImage

SCHEMA = Path(__file__).with_name("scan.schema.json")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class ImageDocument(_Model):
    """The image that was asked about."""

    account: str
    region: str
    repository: str
    reference: str = Field(description="The tag or digest that was asked about.")
    digest: str


class IgnoreDocument(_Model):
    """An entry of the ignore file."""

    id: str
    package: str | None
    repository: str | None
    reason: str
    until: str = Field(description="The last day on which it is valid, as YYYY-MM-DD.")


class FindingDocument(_Model):
    """A vulnerability of one package."""

    id: str
    severity: Severity
    package: str
    installed: str = Field(description="The version in the image; empty if it is not known.")
    fixed: str = Field(
        description="The version without the vulnerability; empty if none is known, as always for "
        "ECR's basic scan."
    )
    title: str
    url: str
    score: float | None = Field(description="The CVSS score, or Inspector's.")
    suppressed: bool = Field(description="Whether a rule of Amazon Inspector suppresses it.")
    ignored: IgnoreDocument | None = Field(description="The entry that accepts it.")
    blocks: bool = Field(description="Whether it fails the gate.")


class PlatformDocument(_Model):
    """The image of one platform."""

    platform: str = Field(description="Such as linux/arm64; empty for an image without an index.")
    digest: str
    scanned: bool = Field(description="Whether the results are complete.")
    reason: str = Field(description="Why they are not complete; empty if they are.")
    source: Source | None
    scanned_at: str | None
    findings: list[FindingDocument]


class ScanDocument(_Model):
    """The vulnerabilities of an image, and the gate's result."""

    version: Literal[1]
    environment: str
    image: ImageDocument
    result: Result
    verdict: str
    fail_on: FailOn
    unscannable: Unscannable
    platforms: list[PlatformDocument]
    unused_ignores: list[IgnoreDocument] = Field(
        description="Valid entries that accept nothing in this image."
    )
    expired_ignores: list[IgnoreDocument]


def as_json(image: ScannedImage, verdict: GateVerdict) -> str:
    """Return a scan as JSON."""
    document = ScanDocument(
        version=1,
        environment=image.environment,
        image=ImageDocument(
            account=image.account,
            region=image.region,
            repository=image.repository,
            reference=image.reference,
            digest=image.digest,
        ),
        result=verdict.result,
        verdict=verdict.sentence(),
        fail_on=verdict.fail_on,
        unscannable=verdict.unscannable,
        platforms=[_platform(one) for one in verdict.platforms],
        unused_ignores=[_ignore(one) for one in verdict.unused],
        expired_ignores=[_ignore(one) for one in verdict.expired],
    )
    # ASCII alone: an escaped character can neither be hidden nor be half of one.
    return json.dumps(document.model_dump(mode="json"), indent=2)


def _platform(judged: JudgedPlatform) -> PlatformDocument:
    scan = judged.scan
    return PlatformDocument(
        platform=scan.platform,
        digest=scan.digest,
        scanned=scan.is_scanned,
        reason=scan.reason,
        source=scan.source,
        scanned_at=scan.scanned_at.isoformat() if scan.scanned_at else None,
        findings=[_finding(one) for one in judged.findings],
    )


def _finding(judged: JudgedFinding) -> FindingDocument:
    found = judged.finding
    return FindingDocument(
        id=found.id,
        severity=found.severity,
        package=found.package,
        installed=found.installed,
        fixed=found.fixed,
        title=found.title,
        url=found.url,
        score=found.score,
        suppressed=found.suppressed,
        ignored=_ignore(judged.accepted) if judged.accepted else None,
        blocks=judged.blocks,
    )


def _ignore(ignore: Ignore) -> IgnoreDocument:
    return IgnoreDocument(
        id=ignore.id,
        package=ignore.package,
        repository=ignore.repository,
        reason=ignore.reason,
        until=ignore.until.isoformat(),
    )


def schema() -> str:
    """Return the JSON Schema of the document."""
    document = ScanDocument.model_json_schema()
    return json.dumps(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}, indent=2
    )


if __name__ == "__main__":
    SCHEMA.write_text(schema() + "\n", encoding="utf-8")
