"""The results of scans, in ECR's and in Inspector's form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.scanning.findings import Finding, PlatformScan, Severity, Stage
from ecrctl.images.scanning.platforms import Platform
from ecrctl.images.scanning.results import read_scan
from tests.ecrctl.aws.stubs import StubClient, stub_aws

from .accounts import ACCOUNT, REPOSITORY, answer, basic, enhanced, image, put_manifest, put_scan

PLATFORM = Platform("linux/amd64", "sha256:" + "a" * 64)
PACKAGE = {"name": "openssl", "version": "3.0.1"}


def scan_of(*pages: dict[str, Any]) -> PlatformScan:
    """Return the scan that these pages are read as."""
    aws = stub_aws(ecr=StubClient(describe_image_scan_findings=lambda **_: pages))
    return read_scan(aws, ACCOUNT, REPOSITORY, PLATFORM)


def test_a_basic_finding_has_its_package_and_no_fixed_version(moto_aws: Aws) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    put_scan(moto_aws, digest, answer([basic("CVE-2026-1", "HIGH")]))
    scan = read_scan(moto_aws, ACCOUNT, REPOSITORY, Platform("", digest))
    assert scan == PlatformScan(
        platform="",
        digest=digest,
        stage=Stage.DONE,
        source="basic",
        scanned_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        findings=(
            Finding(
                id="CVE-2026-1",
                severity=Severity.HIGH,
                package="openssl",
                installed="3.0.1",
                fixed="",
                title="CVE-2026-1 in openssl",
                url="https://security.example/CVE-2026-1",
                score=9.1,
            ),
        ),
    )


def test_an_enhanced_finding_is_one_for_each_package_with_its_fixed_version(moto_aws: Aws) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    first = {**PACKAGE, "epoch": 1, "release": "4.el9", "fixedInVersion": "3.0.2"}
    second = {**PACKAGE, "name": "libssl", "fixedInVersion": "NotAvailable"}
    found = [enhanced("CVE-2026-1", "CRITICAL", first, second)]
    put_scan(moto_aws, digest, answer(found, kind="enhancedFindings", status="ACTIVE"))
    scan = read_scan(moto_aws, ACCOUNT, REPOSITORY, Platform("", digest))
    shown = [(one.package, one.installed, one.fixed) for one in scan.findings]
    assert shown == [("libssl", "3.0.1", ""), ("openssl", "1:3.0.1-4.el9", "3.0.2")]
    assert (scan.source, scan.stage) == ("enhanced", Stage.DONE)
    assert {one.score for one in scan.findings} == {7.5}


def test_the_findings_of_every_page_are_read_the_worst_first() -> None:
    later = {"imageScanFindings": {"findings": [basic("CVE-2", "CRITICAL")]}}
    scan = scan_of(answer([basic("CVE-1", "LOW")]), later)
    assert [one.id for one in scan.findings] == ["CVE-2", "CVE-1"]
    assert scan.is_scanned


def test_the_pages_have_as_many_findings_as_ecr_allows() -> None:
    ecr = StubClient(describe_image_scan_findings=lambda **_: [answer()])
    read_scan(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, PLATFORM)
    ((_, request),) = ecr.requests
    assert request["PaginationConfig"] == {"PageSize": 1000}
    assert (request["registryId"], request["imageId"]) == (
        ACCOUNT,
        {"imageDigest": PLATFORM.digest},
    )


@pytest.mark.parametrize(
    ("status", "stage", "reason"),
    [
        ("IN_PROGRESS", Stage.RUNNING, "the scan has not ended"),
        ("PENDING", Stage.RUNNING, "the scan has not ended"),
        ("FAILED", Stage.IMPOSSIBLE, "the scan failed: It is FAILED"),
        (
            "UNSUPPORTED_IMAGE",
            Stage.IMPOSSIBLE,
            "the operating system or the kind of image is not supported: It is UNSUPPORTED_IMAGE",
        ),
        (
            "NEW_WORD",
            Stage.IMPOSSIBLE,
            "the scan has the status NEW_WORD, which is not known: It is NEW_WORD",
        ),
    ],
)
def test_a_scan_without_results_has_the_reason(status: str, stage: Stage, reason: str) -> None:
    scan = scan_of(answer(status=status))
    assert (scan.stage, scan.reason, scan.is_scanned) == (stage, reason, False)


@pytest.mark.parametrize(
    "status",
    ["SCAN_ELIGIBILITY_EXPIRED", "FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED", "IMAGE_ARCHIVED"],
)
def test_no_other_status_is_a_complete_scan(status: str) -> None:
    scan = scan_of(answer(status=status))
    assert scan.stage is Stage.IMPOSSIBLE
    assert status not in scan.reason.partition(":")[0]


@pytest.mark.parametrize("status", ["COMPLETE", "ACTIVE"])
def test_a_finished_scan_without_any_sign_of_results_is_not_complete(status: str) -> None:
    scan = scan_of(answer(status=status, imageScanCompletedAt=None))
    assert (scan.stage, scan.reason) == (
        Stage.RUNNING,
        "ECR reports a finished scan and returns no results yet",
    )


def test_a_finished_scan_that_counts_more_than_it_returns_is_not_complete() -> None:
    counts = {"HIGH": 1, "CRITICAL": 1}
    scan = scan_of(answer([basic("CVE-1", "HIGH")], findingSeverityCounts=counts))
    assert scan.stage is Stage.RUNNING
    assert scan.reason == "ECR counts more CRITICAL findings than it returned"
    assert [one.id for one in scan.findings] == ["CVE-1"]


def test_a_finished_scan_that_returns_what_it_counts_is_complete() -> None:
    assert scan_of(answer([basic("C", "HIGH")], findingSeverityCounts={"HIGH": 1})).is_scanned


def test_a_closed_finding_is_left_out_and_a_suppressed_one_is_marked() -> None:
    found = [
        enhanced("CVE-1", "HIGH", PACKAGE, status="CLOSED"),
        enhanced("CVE-2", "HIGH", PACKAGE, status="SUPPRESSED"),
    ]
    scan = scan_of(answer(found, kind="enhancedFindings"))
    assert [(one.id, one.suppressed) for one in scan.findings] == [("CVE-2", True)]


@pytest.mark.parametrize("severity", ["UNTRIAGED", "UNDEFINED", "SEVERE", None])
def test_a_severity_that_is_no_known_one_is_unknown(severity: str | None) -> None:
    finding = basic("CVE-1", "HIGH") | {"severity": severity}
    assert scan_of(answer([finding])).findings[0].severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("code", "stage", "reason"),
    [
        ("ScanNotFoundException", Stage.MISSING, "there is no scan of it"),
        (
            "ImageNotFoundException",
            Stage.IMPOSSIBLE,
            "the repository has no image with this digest, which the index lists",
        ),
    ],
)
def test_a_scan_that_does_not_exist_is_no_error(code: str, stage: Stage, reason: str) -> None:
    scan = _failing(code)
    assert (scan.stage, scan.reason) == (stage, reason)


def test_a_denied_reading_is_an_error() -> None:
    with pytest.raises(UserError, match=r"^Reading the scan of 'team/api@sha256:a+' failed"):
        _failing("AccessDeniedException")


def test_a_platform_with_an_obstacle_is_not_asked_about() -> None:
    scan = read_scan(stub_aws(), ACCOUNT, REPOSITORY, Platform("", "sha256:b", "archived"))
    assert (scan.stage, scan.reason) == (Stage.IMPOSSIBLE, "archived")


def _failing(code: str) -> PlatformScan:
    def fail(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "DescribeImageScanFindings")

    aws = stub_aws(ecr=StubClient(describe_image_scan_findings=fail))
    return read_scan(aws, ACCOUNT, REPOSITORY, PLATFORM)
