"""The scans of the images that matter: the newest, and those that are pinned or in use."""

from collections import Counter
from collections.abc import Iterable

from ecrctl.aws.clients import Aws
from ecrctl.images.scanning.findings import PlatformScan, Severity
from ecrctl.images.scanning.platforms import platforms_of
from ecrctl.images.scanning.waiting import read_scans

from .document import ScanDocument, UnscannedDocument


def read_image_scans(
    aws: Aws, account: str, repository: str, digest: str
) -> tuple[PlatformScan, ...]:
    """Return the scan of each platform of an image."""
    image = platforms_of(aws, account, repository, digest)
    return read_scans(aws, account, repository, image.platforms)


def scan_document(scans: Iterable[tuple[PlatformScan, ...]]) -> ScanDocument:
    """Return the sum of the scans of images.

    A vulnerability of a package counts once, however many platforms and images have it.

    :param scans: for each image, the scans of its platforms.
    """
    by_image = list(scans)
    # An image can be a platform of several indexes.
    platforms = {one.digest: one for image in by_image for one in image}
    findings = {
        (one.id, one.package): one.severity
        # The worst last, because a platform can have another severity.
        for one in sorted(
            (found for scan in platforms.values() for found in scan.findings),
            key=lambda found: found.order,
            reverse=True,
        )
        if not one.suppressed
    }
    counts = Counter(findings.values())
    return ScanDocument(
        images=len(by_image),
        scanned=sum(one.is_scanned for one in platforms.values()),
        unscanned=[
            UnscannedDocument(digest=one.digest, platform=one.platform, reason=one.reason)
            for one in platforms.values()
            if not one.is_scanned
        ],
        severities={severity: counts[severity] for severity in Severity},
    )
