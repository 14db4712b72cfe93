"""CloudFormation's own drift detection.

Source: CloudFormation user guide, "Detect unmanaged configuration changes to stacks and resources
with drift detection".
"""

import time
from collections.abc import Iterator
from typing import Any

from ecrctl.verify.check import MISSING, Check

from .deployed import DeployedStack

_SECONDS_BETWEEN = 2
_LONGEST_SECONDS = 900
_DETECTED, _IN_PROGRESS = "DETECTION_COMPLETE", "DETECTION_IN_PROGRESS"
_PROPERTY = "the drift of every property"


def check_drift(stack: DeployedStack) -> Iterator[Check]:
    """Yield the differences that CloudFormation finds in a stack, and what it does not cover."""
    name = stack.stack.stack_name
    subject = f"stack {name}"
    client = stack.reading.aws.cloudformation
    detection = client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    status = _status(client, detection)
    if status["DetectionStatus"] != _DETECTED:
        reason = status.get("DetectionStatusReason", status["DetectionStatus"])
        yield Check.not_compared(subject, _PROPERTY, f"drift detection did not end: {reason}")
        return
    drifts = list(_drifts(client, name))
    for drift in drifts:
        yield from _checks(f"{name}: {drift['LogicalResourceId']}", drift)
    covered = {drift["LogicalResourceId"] for drift in drifts}
    for resource in stack.resources:
        if resource.logical_id not in covered and resource.physical_id:
            subject = f"{name}: {resource.logical_id}"
            reason = f"drift detection does not cover {resource.name}"
            yield Check.not_compared(subject, _PROPERTY, reason)


def _status(client: Any, detection: str) -> Any:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while True:
        status = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if status["DetectionStatus"] != _IN_PROGRESS or time.monotonic() > deadline:
            return status
        time.sleep(_SECONDS_BETWEEN)


def _drifts(client: Any, stack: str) -> Iterator[Any]:
    """Yield the drift of each covered resource; boto3 has no paginator for the call."""
    token: dict[str, str] = {}
    while True:
        answer = client.describe_stack_resource_drifts(StackName=stack, **token)
        yield from answer["StackResourceDrifts"]
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _checks(subject: str, drift: Any) -> Iterator[Check]:
    status = drift["StackResourceDriftStatus"]
    if status == "IN_SYNC":
        yield Check(subject, _PROPERTY, status, status)
    elif status == "DELETED":
        yield Check(subject, "exists", "yes", MISSING)
    elif status == "MODIFIED" and drift.get("PropertyDifferences"):
        for one in drift["PropertyDifferences"]:
            what = one["PropertyPath"].strip("/").replace("/", ".")
            yield Check(
                subject, what, one.get("ExpectedValue", MISSING), one.get("ActualValue", MISSING)
            )
    elif status == "MODIFIED":
        yield Check(subject, _PROPERTY, "IN_SYNC", status)
    else:
        yield Check.not_compared(subject, _PROPERTY, f"drift detection returned {status}")
