"""The findings of ECR's basic scan and of Amazon Inspector's enhanced scan, in one form.

Source: Amazon ECR API reference, "DescribeImageScanFindings", "ImageScanStatus" and
"EnhancedImageScanFinding".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws, as_user_errors

from .findings import Finding, PlatformScan, Severity, Source, Stage
from .platforms import Platform

_FINDINGS_A_PAGE = 1000
_DONE = ("COMPLETE", "ACTIVE")  # ACTIVE: Inspector scans the image again and again
_RUNNING = ("IN_PROGRESS", "PENDING")
_IMPOSSIBLE = {
    "FAILED": "the scan failed",
    "UNSUPPORTED_IMAGE": "the operating system or the kind of image is not supported",
    "SCAN_ELIGIBILITY_EXPIRED": "the image is older than the period in which Inspector scans it",
    "FINDINGS_UNAVAILABLE": "the findings are not available",
    "LIMIT_EXCEEDED": "a limit of the scan was exceeded",
    "IMAGE_ARCHIVED": "the image is archived",
}
_MISSING = {
    "ScanNotFoundException": Stage.MISSING,
    "ImageNotFoundException": Stage.IMPOSSIBLE,
}
_NO_SCAN = "there is no scan of it"
_NO_IMAGE = "the repository has no image with this digest, which the index lists"
_NO_RESULTS = "ECR reports a finished scan and returns no results yet"
_WORDS = {"UNTRIAGED": Severity.UNKNOWN, "UNDEFINED": Severity.UNKNOWN}
_CLOSED, _SUPPRESSED = "CLOSED", "SUPPRESSED"


def read_scan(aws: Aws, account: str, repository: str, platform: Platform) -> PlatformScan:
    """Return the scan of a platform's image."""

    def scan(stage: Stage, reason: str) -> PlatformScan:
        return PlatformScan(
            platform=platform.name, digest=platform.digest, stage=stage, reason=reason
        )

    if platform.obstacle:
        return scan(Stage.IMPOSSIBLE, platform.obstacle)
    with as_user_errors(f"Reading the scan of '{repository}@{platform.digest}'"):
        try:
            pages = list(
                aws.ecr.get_paginator("describe_image_scan_findings").paginate(
                    registryId=account,
                    repositoryName=repository,
                    imageId={"imageDigest": platform.digest},
                    PaginationConfig={"PageSize": _FINDINGS_A_PAGE},
                )
            )
        except ClientError as error:
            stage = _MISSING.get(error.response.get("Error", {}).get("Code", ""))
            if stage is None:
                raise
            return scan(stage, _NO_SCAN if stage is Stage.MISSING else _NO_IMAGE)
        return _scan(platform, pages)


def _scan(platform: Platform, pages: Sequence[Mapping[str, Any]]) -> PlatformScan:
    # Only the first page is certain to have the status.
    status = pages[0]["imageScanStatus"]["status"]
    results = [page.get("imageScanFindings") or {} for page in pages]
    basic = [one for page in results for one in page.get("findings") or ()]
    enhanced = [one for page in results for one in page.get("enhancedFindings") or ()]
    found = [_basic(one) for one in basic]
    found += [one for item in enhanced for one in _enhanced(item)]
    scanned_at = results[0].get("imageScanCompletedAt")
    stage, reason = _stage(status, pages[0]["imageScanStatus"].get("description") or "")
    if stage is Stage.DONE:
        stage, reason = _completeness(results, [*basic, *enhanced])
    return PlatformScan(
        platform=platform.name,
        digest=platform.digest,
        stage=stage,
        reason=reason,
        source=_source(results, basic, enhanced),
        scanned_at=scanned_at if isinstance(scanned_at, datetime) else None,
        findings=tuple(sorted(found, key=lambda one: one.order)),
    )


def _stage(status: str, description: str) -> tuple[Stage, str]:
    if status in _DONE:
        return Stage.DONE, ""
    if status in _RUNNING:
        return Stage.RUNNING, "the scan has not ended"
    reason = _IMPOSSIBLE.get(status, f"the scan has the status {status}, which is not known")
    return Stage.IMPOSSIBLE, f"{reason}: {description.rstrip('.')}" if description else reason


def _completeness(
    results: Sequence[Mapping[str, Any]], returned: Sequence[Mapping[str, Any]]
) -> tuple[Stage, str]:
    """Return whether a finished scan has all its results.

    ECR reports COMPLETE or ACTIVE before Inspector's findings are there (aws/aws-sdk#289). Without
    this check an image would pass because its scan has not begun.
    """
    times = ("imageScanCompletedAt", "vulnerabilitySourceUpdatedAt")
    if not returned and not any(results[0].get(name) for name in times):
        return Stage.RUNNING, _NO_RESULTS
    expected = results[0].get("findingSeverityCounts") or {}
    listed = Counter(one.get("severity") for one in returned)
    fewer = [name for name, count in expected.items() if count > listed[name]]
    if fewer:
        return Stage.RUNNING, f"ECR counts more {fewer[0]} findings than it returned"
    return Stage.DONE, ""


def _source(
    results: Sequence[Mapping[str, Any]], basic: Sequence[Any], enhanced: Sequence[Any]
) -> Source | None:
    if enhanced or any("enhancedFindings" in page for page in results):
        return "enhanced"
    return "basic" if basic or any("findings" in page for page in results) else None


def _basic(finding: Mapping[str, Any]) -> Finding:
    attributes = {one["key"]: one.get("value", "") for one in finding.get("attributes") or ()}
    scores = (attributes.get(name) for name in ("CVSS4_SCORE", "CVSS3_SCORE", "CVSS2_SCORE"))
    return Finding(
        id=finding.get("name") or "without an id",
        severity=_severity(finding.get("severity")),
        package=attributes.get("package_name", ""),
        installed=attributes.get("package_version", ""),
        fixed="",
        title=_first_line(finding.get("description")),
        url=finding.get("uri") or "",
        score=next((number for one in scores if (number := _number(one)) is not None), None),
    )


def _enhanced(finding: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding of Inspector for each of its packages."""
    if finding.get("status") == _CLOSED:
        return
    details = finding.get("packageVulnerabilityDetails") or {}
    for package in details.get("vulnerablePackages") or [{}]:
        yield Finding(
            id=details.get("vulnerabilityId") or finding.get("title") or "without an id",
            severity=_severity(finding.get("severity")),
            package=package.get("name") or "",
            installed=_version(package),
            fixed=_fixed(package.get("fixedInVersion")),
            title=_first_line(finding.get("title") or finding.get("description")),
            url=details.get("sourceUrl") or "",
            score=_number(finding.get("score")),
            suppressed=finding.get("status") == _SUPPRESSED,
        )


def _version(package: Mapping[str, Any]) -> str:
    """Return a version as rpm and dpkg write it: ``epoch:version-release``."""
    epoch, version, release = (package.get(part) for part in ("epoch", "version", "release"))
    start = f"{epoch}:" if epoch else ""
    end = f"-{release}" if release else ""
    return f"{start}{version or ''}{end}"


def _fixed(version: str | None) -> str:
    return "" if version in (None, "", "NotAvailable") else str(version)


def _severity(word: str | None) -> Severity:
    if word is None or word in _WORDS or word.lower() not in list(Severity):
        return Severity.UNKNOWN
    return Severity(word.lower())


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _first_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else ""
