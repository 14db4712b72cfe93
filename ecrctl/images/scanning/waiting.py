"""Waiting for the scans of an image: what has none is started, and the wait has a limit.

Source: Amazon ECR API reference, "StartImageScan".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws, as_user_errors

from .findings import PlatformScan, Stage
from .platforms import Platform
from .results import read_scan

_PAUSE_SECONDS = 5.0
_SECONDS_A_MINUTE = 60
# A scan of today exists or is about to; Inspector scans by itself and refuses to be asked.
_WAIT = ("LimitExceededException", "ValidationException", "InvalidParameterException")
_UNSUPPORTED = ("UnsupportedImageTypeException", "ImageArchivedException")
_CAN_END = (Stage.RUNNING, Stage.MISSING)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a command waits for scans."""

    minutes: float
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


def read_scans(
    aws: Aws, account: str, repository: str, platforms: Iterable[Platform]
) -> tuple[PlatformScan, ...]:
    """Return the scan of each platform as it is now."""
    return tuple(read_scan(aws, account, repository, one) for one in platforms)


def wait_for_scans(
    aws: Aws,
    account: str,
    repository: str,
    platforms: Iterable[Platform],
    patience: Patience,
) -> tuple[PlatformScan, ...]:
    """Return the scan of each platform when all have ended, or when the time is over."""
    deadline = patience.clock() + patience.minutes * _SECONDS_A_MINUTE
    scans = {one: read_scan(aws, account, repository, one) for one in platforms}
    for platform, scan in scans.items():
        if scan.stage is Stage.MISSING:
            scans[platform] = _started(aws, account, repository, scan)
    while unfinished := [one for one, scan in scans.items() if scan.stage in _CAN_END]:
        if patience.clock() >= deadline:
            break
        patience.pause(_PAUSE_SECONDS)
        scans |= {one: read_scan(aws, account, repository, one) for one in unfinished}
    return tuple(
        _out_of_time(scan, patience) if scan.stage in _CAN_END else scan for scan in scans.values()
    )


def _started(aws: Aws, account: str, repository: str, scan: PlatformScan) -> PlatformScan:
    with as_user_errors(f"Starting the scan of '{repository}@{scan.digest}'"):
        try:
            aws.ecr.start_image_scan(
                registryId=account,
                repositoryName=repository,
                imageId={"imageDigest": scan.digest},
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _UNSUPPORTED:
                reason = "ECR does not scan this kind of image"
                return replace(scan, stage=Stage.IMPOSSIBLE, reason=reason)
            if code not in _WAIT:
                raise
    return scan


def _out_of_time(scan: PlatformScan, patience: Patience) -> PlatformScan:
    return replace(scan, reason=f"{scan.reason} (waited {patience.minutes:g} min)")
