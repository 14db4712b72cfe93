"""The size of images and the sum of their scans."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.aws.image_records import StoredImage
from ecrctl.images.report.cost import monthly_usd, size_of
from ecrctl.images.report.document import SizeDocument
from ecrctl.images.report.scans import scan_document
from ecrctl.images.scanning.findings import Finding, PlatformScan, Severity, Stage

RECORD = ImageRecord(digest="sha256:1", pushed_at=datetime(2026, 11, 26, tzinfo=UTC))
FINDING = Finding(
    id="CVE-2026-1",
    severity=Severity.HIGH,
    package="openssl",
    installed="3.0.1",
    fixed="",
    title="",
    url="",
    score=None,
)


def scan(digest: str, *findings: Finding, stage: Stage = Stage.DONE) -> PlatformScan:
    """Return the scan of a platform."""
    return PlatformScan(platform="linux/arm64", digest=digest, stage=stage, findings=findings)


def counts(*scans: PlatformScan) -> dict[str, int]:
    """Return the severities that occur in the scan of one image."""
    return {name: count for name, count in scan_document([scans]).severities.items() if count}


def test_sizes_are_by_storage_class_and_an_index_has_none() -> None:
    images = [
        StoredImage(RECORD, 5_000, is_index=False),
        StoredImage(RECORD, 5_000, is_index=True),
        StoredImage(replace(RECORD, storage_class="archive"), 7_000, is_index=False),
    ]
    assert size_of(images) == SizeDocument(standard=5_000, archive=7_000)


def test_a_month_of_ten_gigabytes_is_one_dollar() -> None:
    assert monthly_usd(SizeDocument(standard=10_000_000_000, archive=0)) == 1.0
    assert monthly_usd(SizeDocument(standard=0, archive=10_000_000_000)) == 1.0


def test_a_vulnerability_of_a_package_counts_once_with_its_worst_severity() -> None:
    low = replace(FINDING, severity=Severity.LOW)
    other = replace(FINDING, package="zlib")
    assert counts(scan("a", low), scan("b", FINDING, other)) == {"high": 2}
    assert counts(scan("a", FINDING), scan("b", low)) == {"high": 1}


def test_a_suppressed_finding_does_not_count() -> None:
    assert counts(scan("a", replace(FINDING, suppressed=True))) == {}


def test_an_incomplete_scan_is_unscannable_and_its_findings_count() -> None:
    found = scan_document([(scan("a", FINDING, stage=Stage.RUNNING), scan("b"))])
    assert (found.images, found.scanned) == (1, 1)
    assert [one.digest for one in found.unscanned] == ["a"]
    assert found.severities[Severity.HIGH] == 1


def test_a_platform_of_two_images_counts_once() -> None:
    found = scan_document([(scan("a"),), (scan("a"),)])
    assert (found.images, found.scanned) == (2, 1)
