"""Waiting for scans: what is started, and when the wait ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.scanning.findings import PlatformScan, Stage
from ecrctl.images.scanning.platforms import Platform
from ecrctl.images.scanning.waiting import Patience, wait_for_scans
from tests.ecrctl.aws.stubs import StubClient, stub_aws

from .accounts import ACCOUNT, REPOSITORY, answer, basic, image, put_manifest

PLATFORM = Platform("linux/amd64", "sha256:" + "a" * 64)


class Time:
    """A clock that only pauses move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.patience = Patience(1, self.pause, lambda: self.now)

    def pause(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds


def refused(code: str, operation: str = "StartImageScan") -> ClientError:
    """Return an error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": ""}}, operation)


def ecr(*answers: dict[str, Any] | str, start: str | None = None) -> StubClient:
    """Return an ECR with these answers, the last of them from then on; a text is an error's code.

    :param start: the code of the error with which a start is refused.
    """
    rest: Iterator[Any] = iter((*answers, *[answers[-1]] * 50))

    def describe(**_: Any) -> Any:
        found = next(rest)
        if isinstance(found, str):
            raise refused(found, "DescribeImageScanFindings")
        return [found]

    def begin(**_: Any) -> Any:
        if start:
            raise refused(start)

    return StubClient(describe_image_scan_findings=describe, start_image_scan=begin)


def waited(client: StubClient, time: Time | None = None) -> PlatformScan:
    """Return the scan for which a command waits a minute."""
    patience = (time or Time()).patience
    (scan,) = wait_for_scans(stub_aws(ecr=client), ACCOUNT, REPOSITORY, [PLATFORM], patience)
    return scan


def calls(client: StubClient, operation: str) -> int:
    """Return how often an operation was called."""
    return [name for name, _ in client.requests].count(operation)


def test_a_finished_scan_is_neither_started_nor_waited_for() -> None:
    client, time = ecr(answer([basic("CVE-1", "LOW")])), Time()
    assert waited(client, time).is_scanned
    assert (calls(client, "start_image_scan"), time.now) == (0, 0)


def test_a_missing_scan_is_started_once_and_waited_for(moto_aws: Aws) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    platform = Platform("", digest)
    (scan,) = wait_for_scans(moto_aws, ACCOUNT, REPOSITORY, [platform], Time().patience)
    assert scan.is_scanned
    assert [one.id for one in scan.findings] == ["CVE-9999-9999"]


def test_a_scan_that_runs_is_waited_for() -> None:
    running = answer(status="IN_PROGRESS")
    client, time = ecr("ScanNotFoundException", running, running, answer()), Time()
    assert waited(client, time).is_scanned
    assert (calls(client, "start_image_scan"), time.now) == (1, 15)


def test_the_wait_has_a_limit() -> None:
    client, time = ecr(answer(status="PENDING")), Time()
    scan = waited(client, time)
    assert (scan.stage, scan.reason) == (Stage.RUNNING, "the scan has not ended (waited 1 min)")
    assert time.now == 60


@pytest.mark.parametrize(
    "code", ["LimitExceededException", "ValidationException", "InvalidParameterException"]
)
def test_a_scan_that_inspector_or_an_earlier_start_makes_is_waited_for(code: str) -> None:
    client = ecr("ScanNotFoundException", "ScanNotFoundException", answer(), start=code)
    assert waited(client).is_scanned


@pytest.mark.parametrize("code", ["UnsupportedImageTypeException", "ImageArchivedException"])
def test_an_image_that_ecr_does_not_scan_is_not_waited_for(code: str) -> None:
    time = Time()
    scan = waited(ecr("ScanNotFoundException", start=code), time)
    assert (scan.stage, scan.reason) == (Stage.IMPOSSIBLE, "ECR does not scan this kind of image")
    assert time.now == 0


def test_a_start_that_is_denied_is_an_error() -> None:
    with pytest.raises(UserError, match=r"^Starting the scan of 'team/api@sha256:a+' failed"):
        waited(ecr("ScanNotFoundException", start="AccessDeniedException"))
