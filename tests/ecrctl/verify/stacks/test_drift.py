"""CloudFormation's own drift detection, with scripted answers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.stacks import drift
from tests.ecrctl.aws.stubs import StubClient

from .scripted import NAME, aws_with, cloudformation_with, deployed, stack_with

PROPERTY = "the drift of every property"
TYPES = {"Key": "AWS::KMS::Key", "Topic": "AWS::SNS::Topic", "Job": "Custom::Job"}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the clock by one that only the waits move, and return these."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(found))
    return found


def status(name: str, **more: str) -> dict[str, str]:
    """Return the status of a detection."""
    return {"DetectionStatus": f"DETECTION_{name}", **more}


def drift_of(logical_id: str, name: str, *differences: tuple[str, ...]) -> dict[str, Any]:
    """Return the drift of a resource."""
    keys = ("PropertyPath", "ExpectedValue", "ActualValue")
    return {
        "LogicalResourceId": logical_id,
        "StackResourceDriftStatus": name,
        **(
            {"PropertyDifferences": [dict(zip(keys, one, strict=False)) for one in differences]}
            if differences
            else {}
        ),
    }


IN_SYNC = [drift_of("Key", "IN_SYNC"), drift_of("Topic", "IN_SYNC"), drift_of("Job", "IN_SYNC")]


def checks_of(
    *pages: list[dict[str, Any]], statuses: tuple[dict[str, str], ...] = (status("COMPLETE"),)
) -> tuple[list[Check], StubClient]:
    """Return the checks of a stack with three resources, of which two are deployed."""
    asked = iter(statuses)
    last = statuses[-1]

    def drifts(StackName: str, NextToken: str = "0") -> Any:  # noqa: N803 - AWS spells it so
        assert StackName == NAME
        number = int(NextToken)
        more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
        return {"StackResourceDrifts": pages[number], **more}

    client = cloudformation_with(
        {"Key": "1-2", "Topic": "arn", "Job": "job"},
        operations={
            "detect_stack_drift": lambda StackName: {"StackDriftDetectionId": f"of {StackName}"},  # noqa: N803
            "describe_stack_drift_detection_status": lambda **_: next(asked, last),
            "describe_stack_resource_drifts": drifts,
        },
    )
    resources = {name: {"Type": kind} for name, kind in {**TYPES, "New": "AWS::X::Y"}.items()}
    with deployed(aws_with(cloudformation=client), stack_with(resources)) as stack:
        return list(drift.check_drift(stack)), client


def test_the_detection_is_awaited_and_every_page_is_read(waits: list[float]) -> None:
    progress = status("IN_PROGRESS")
    found, client = checks_of(
        *([one] for one in IN_SYNC), statuses=(progress, progress, status("COMPLETE"))
    )
    assert found == [Check(f"{NAME}: {name}", PROPERTY, "IN_SYNC", "IN_SYNC") for name in TYPES]
    assert waits == [2, 2]
    detections = [
        request
        for name, request in client.requests
        if name == "describe_stack_drift_detection_status"
    ]
    assert detections == [{"StackDriftDetectionId": f"of {NAME}"}] * 3


def test_a_modified_resource_has_a_row_for_each_property() -> None:
    modified = drift_of(
        *("Key", "MODIFIED"),
        ("/EnableKeyRotation", "true", "false"),
        ("/Tags/0/Value", "a"),
    )
    found, _ = checks_of([modified, *IN_SYNC[1:]])
    assert [check for check in found if check.differs] == [
        Check(f"{NAME}: Key", "EnableKeyRotation", "true", "false"),
        Check(f"{NAME}: Key", "Tags.0.Value", "a", MISSING),
    ]


def test_a_modified_resource_without_properties_differs() -> None:
    found, _ = checks_of([drift_of("Key", "MODIFIED"), *IN_SYNC[1:]])
    assert [check for check in found if check.differs] == [
        Check(f"{NAME}: Key", PROPERTY, "IN_SYNC", "MODIFIED")
    ]


def test_a_deleted_resource_is_missing() -> None:
    found, _ = checks_of([drift_of("Key", "DELETED"), *IN_SYNC[1:]])
    assert [check for check in found if check.differs] == [
        Check(f"{NAME}: Key", "exists", "yes", MISSING)
    ]


@pytest.mark.parametrize("name", ["NOT_CHECKED", "UNKNOWN", "UNSUPPORTED"])
def test_an_undecided_resource_is_not_compared(name: str) -> None:
    found, _ = checks_of([drift_of("Key", name), *IN_SYNC[1:]])
    assert [check for check in found if check.reason] == [
        Check.not_compared(f"{NAME}: Key", PROPERTY, f"drift detection returned {name}")
    ]


def test_a_resource_that_the_detection_does_not_cover_is_not_compared() -> None:
    found, _ = checks_of(IN_SYNC[:1])
    # The resource that is not deployed has another row: it is missing.
    assert [check for check in found if check.reason] == [
        Check.not_compared(
            f"{NAME}: {name}", PROPERTY, f"drift detection does not cover {TYPES[name]}"
        )
        for name in ("Topic", "Job")
    ]


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (status("FAILED", DetectionStatusReason="no access"), "no access"),
        (status("FAILED"), "DETECTION_FAILED"),
    ],
)
def test_a_detection_that_failed_is_one_row(last: dict[str, str], reason: str) -> None:
    found, client = checks_of(IN_SYNC, statuses=(last,))
    assert found == [
        Check.not_compared(f"stack {NAME}", PROPERTY, f"drift detection did not end: {reason}")
    ]
    assert "describe_stack_resource_drifts" not in dict(client.requests)


def test_a_detection_that_does_not_end_is_one_row(waits: list[float]) -> None:
    found, _ = checks_of(IN_SYNC, statuses=(status("IN_PROGRESS"),))
    assert [check.reason for check in found] == [
        "drift detection did not end: DETECTION_IN_PROGRESS"
    ]
    assert 900 < sum(waits) <= 902
