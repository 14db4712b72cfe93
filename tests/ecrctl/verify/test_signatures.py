"""Signatures of images, waited for by ``ecrctl verify --images``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.verify.check import Check
from ecrctl.verify.signatures import check_signatures
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import EMULATOR, missing

PLACE = {"registryId": "111111111111", "repositoryName": "team/api", "imageId": {"imageTag": "v1"}}
PROFILE = "arn:aws:signer:us-west-2:111111111111:/signing-profiles/images"
SUBJECT = "image team/api"


def status(word: str, **more: str) -> dict[str, Any]:
    """Return the status of one signature."""
    return {"signingProfileArn": PROFILE, "status": word, **more}


def found(*answers: Any, tries: int = 5) -> tuple[list[Check], int]:
    """Return the checks, and how often the command waited."""
    left, pauses = list(answers), list[float]()

    def describe(**request: Any) -> Any:
        assert request == PLACE
        return {"signingStatuses": left.pop(0)}

    aws = stub_aws(ecr=StubClient(describe_image_signing_status=describe))
    checks = list(check_signatures(SUBJECT, aws, PLACE, tries=tries, pause=pauses.append))
    assert left == []
    return checks, len(pauses)


def test_an_image_that_ecr_does_not_sign_has_no_row() -> None:
    assert found([]) == ([], 0)


def test_a_complete_signature_is_a_match() -> None:
    checks, pauses = found([status("COMPLETE")])
    assert checks == [Check(SUBJECT, "signature by images", "COMPLETE", "COMPLETE")]
    assert pauses == 0


def test_a_signature_in_progress_is_waited_for() -> None:
    progress = [status("IN_PROGRESS"), status("COMPLETE")]
    checks, pauses = found(progress, progress, [status("COMPLETE"), status("COMPLETE")])
    assert [one.found for one in checks] == ["COMPLETE", "COMPLETE"]
    assert pauses == 2


def test_a_signature_that_stays_in_progress_is_a_difference() -> None:
    checks, pauses = found(*[[status("IN_PROGRESS")]] * 3, tries=3)
    assert [(one.found, one.differs) for one in checks] == [("IN_PROGRESS", True)]
    assert pauses == 2


def test_a_failure_has_its_reason() -> None:
    checks, pauses = found(
        [status("FAILED", failureCode="AccessDenied", failureReason="signer:SignPayload")]
    )
    assert [one.found for one in checks] == ["FAILED: AccessDenied: signer:SignPayload"]
    assert pauses == 0


def test_a_status_that_may_not_be_read_is_undecided() -> None:
    ecr = StubClient(describe_image_signing_status=missing("Describe", "AccessDeniedException"))
    assert list(check_signatures(SUBJECT, stub_aws(ecr=ecr), PLACE)) == [
        Check.not_compared(
            SUBJECT, "signature", "the credentials may not read the status of signatures"
        )
    ]


def test_an_image_that_is_missing_has_no_signature() -> None:
    ecr = StubClient(describe_image_signing_status=missing("Describe", "ImageNotFoundException"))
    assert list(check_signatures(SUBJECT, stub_aws(ecr=ecr), PLACE)) == []


def test_an_emulator_without_signing_has_no_signature() -> None:
    ecr = StubClient(describe_image_signing_status=missing("Describe", "InvalidAction"))
    aws = stub_aws(ecr=ecr)
    assert list(check_signatures(SUBJECT, replace(aws, endpoint_url=EMULATOR), PLACE)) == []
    with pytest.raises(ClientError):
        list(check_signatures(SUBJECT, aws, PLACE))
