"""The handler of ``Custom::ECRBlobMounting``, which sets blob mounting for a registry.

It is deployed as the text of this file, so it imports the standard library and boto3 alone.
Sources: Amazon ECR API reference, "PutAccountSetting"; AWS CloudFormation, "Custom resources".
"""

import json
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_NAME = "BLOB_MOUNTING"
_VALUES = ("ENABLED", "DISABLED")
# Five requests of 15 s with at most 15 s between them all end before the function's two minutes.
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 5},
)


def handler(event: dict[str, Any], _context: object = None) -> None:
    """Apply a request of CloudFormation, and send it the result."""
    try:
        fault = _apply(event)
    except Exception as error:  # noqa: BLE001 - without an answer CloudFormation would wait
        fault = f"The handler of {_NAME} failed with {type(error).__name__}. Deploy again."
    print(fault or f"{event['RequestType']}: done")  # noqa: T201 - to the function's log
    answer = {
        "Status": "FAILED" if fault else "SUCCESS",
        "Reason": fault or "done",
        "PhysicalResourceId": event.get("PhysicalResourceId", _NAME),
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(  # noqa: S310 - the URL is CloudFormation's
        event["ResponseURL"],
        data=json.dumps(answer).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    # After an error Lambda repeats the same event, which sets the same value.
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


def _apply(event: dict[str, Any]) -> str:
    """Return why a request could not be applied; empty where it was."""
    if event["RequestType"] == "Delete":
        # Other stacks and people may rely on the setting, and CloudFormation knows none before it.
        return ""
    value = event["ResourceProperties"].get("Value")
    if value not in _VALUES:
        return f"{_NAME} must be {' or '.join(_VALUES)}, got '{str(value)[:80]}'."
    try:
        boto3.client("ecr", config=_CONFIG).put_account_setting(name=_NAME, value=value)
    except ClientError as error:
        found = error.response["Error"]
        reason = f"{found['Code']}: {found['Message'].rstrip('.')[:400]}"
    except BotoCoreError as error:
        reason = type(error).__name__
    else:
        return ""
    return f"ECR did not set {_NAME} to {value} ({reason}). Remove the cause and deploy again."
