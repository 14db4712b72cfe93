"""Event patterns, matched by an event engine against events as AWS sends them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services.eventbridge import _matches_pattern

from constructs_lib.rules.ecr.image_events import ImageEvents, Pattern
from constructs_lib.rules.faults import RuleError

HOST = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
ALL = ImageEvents(pushes=True)
TEAM = ImageEvents(pushes=True, repositories=("team/*", "web"))
CRITICAL = ImageEvents(scan_severity="CRITICAL")


def push(name: str = "team/api", action: str = "PUSH", result: str = "SUCCESS") -> dict[str, Any]:
    """Return the event of a push."""
    return {
        "source": "aws.ecr",
        "detail-type": "ECR Image Action",
        "detail": {
            "result": result,
            "repository-name": name,
            "image-digest": "sha256:7f5b2640",
            "action-type": action,
            "image-tag": "latest",
        },
    }


def scan(name: str = "team/api", status: str = "COMPLETE", **counts: int) -> dict[str, Any]:
    """Return the event of a basic scan."""
    return {
        "source": "aws.ecr",
        "detail-type": "ECR Image Scan",
        "detail": {
            "scan-status": status,
            "repository-name": name,
            "finding-severity-counts": counts,
            "image-digest": "sha256:7f5b2640",
            "image-tags": [],
        },
    }


def finding(
    severity: str = "HIGH",
    name: str = "team/api",
    status: str = "ACTIVE",
    kind: str = "AWS_ECR_CONTAINER_IMAGE",
) -> dict[str, Any]:
    """Return the event of a finding of Amazon Inspector."""
    image = {"repositoryName": name, "imageTags": ["v1"], "registry": "111111111111"}
    return {
        "source": "aws.inspector2",
        "detail-type": "Inspector2 Finding",
        "detail": {
            "severity": severity,
            "status": status,
            "title": "CVE-2026-0001 - openssl",
            "resources": [{"type": kind, "details": {"awsEcrContainerImage": image}}],
        },
    }


def pull_through(name: str = "docker-hub/library/ubuntu", status: str = "FAILED") -> dict[str, Any]:
    """Return the event of a pull-through cache."""
    return {
        "source": "aws.ecr",
        "detail-type": "ECR Pull Through Cache Action",
        "detail": {
            "rule-version": "1",
            "sync-status": status,
            "ecr-repository-prefix": "docker-hub",
            "repository-name": name,
            "failure-code": "UPSTREAM_LAYER_TOO_LARGE",
        },
    }


def stopped(
    image: str = f"{HOST}/team/api:v1",
    reason: str = "",
    of_container: str = "",
    last: str = "STOPPED",
) -> dict[str, Any]:
    """Return the event of an ECS task that stopped."""
    container = {"name": "api", "image": image, "lastStatus": last}
    return {
        "source": "aws.ecs",
        "detail-type": "ECS Task State Change",
        "detail": {
            "lastStatus": last,
            "stopCode": "TaskFailedToStart",
            "stoppedReason": reason,
            "containers": [container | ({"reason": of_container} if of_container else {})],
        },
    }


CANNOT = "CannotPullContainerError: pull image manifest has been retried 1 time(s)"


@pytest.mark.parametrize(
    ("events", "name", "event", "is_matched"),
    [
        (ALL, "Pushes", push(), True),
        (ALL, "Pushes", push(action="DELETE"), False),
        (ALL, "Pushes", push(result="FAILURE"), False),
        (TEAM, "Pushes", push("team/web"), True),
        (TEAM, "Pushes", push("web"), True),
        (TEAM, "Pushes", push("webs"), False),
        (ALL, "BasicScans", scan(HIGH=1), True),
        (ALL, "BasicScans", scan(CRITICAL=2, LOW=4), True),
        (ALL, "BasicScans", scan(HIGH=0), False),
        (ALL, "BasicScans", scan(MEDIUM=9, UNDEFINED=1), False),
        (ALL, "BasicScans", scan(status="FAILED", HIGH=1), False),
        (CRITICAL, "BasicScans", scan(HIGH=1), False),
        (CRITICAL, "BasicScans", scan(CRITICAL=1), True),
        (TEAM, "BasicScans", scan("other/api", HIGH=1), False),
        (ALL, "InspectorFindings", finding(), True),
        (ALL, "InspectorFindings", finding("MEDIUM"), False),
        (ALL, "InspectorFindings", finding() | {"detail-type": "Inspector2 Scan"}, False),
        (ALL, "InspectorFindings", finding(status="CLOSED"), False),
        (ALL, "InspectorFindings", finding(kind="AWS_LAMBDA_FUNCTION"), False),
        (TEAM, "InspectorFindings", finding(name="team/api"), True),
        (TEAM, "InspectorFindings", finding(name="other/api"), False),
        (ALL, "PullThroughFailures", pull_through(), True),
        (ALL, "PullThroughFailures", pull_through(status="SUCCEEDED"), False),
        (TEAM, "PullThroughFailures", pull_through(), False),
        (ALL, "FailedPulls", stopped(reason=CANNOT), True),
        (ALL, "FailedPulls", stopped(reason="Task failed to start", of_container=CANNOT), True),
        (ALL, "FailedPulls", stopped(reason="Essential container in task exited"), False),
        (ALL, "FailedPulls", stopped(reason=CANNOT, last="RUNNING"), False),
        (ALL, "FailedPulls", stopped("public.ecr.aws/nginx/nginx:1", CANNOT), False),
        (TEAM, "FailedPulls", stopped(f"{HOST}/team/x@sha256:7f5b2640", CANNOT), True),
        (TEAM, "FailedPulls", stopped(f"{HOST}/web@sha256:7f5b2640", CANNOT), True),
        (TEAM, "FailedPulls", stopped(f"{HOST}/webs:v1", CANNOT), False),
    ],
)
def test_an_event_is_matched_or_not(
    events: ImageEvents, name: str, event: dict[str, Any], is_matched: bool
) -> None:
    assert matching(events.patterns(HOST), event) == ([name] if is_matched else [])


def matching(patterns: dict[str, Pattern], event: dict[str, Any]) -> list[str]:
    """Return the names of the patterns that match an event."""
    whole = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
    }
    return [name for name, item in patterns.items() if _matches_pattern(json.dumps(item), whole)]


@pytest.mark.parametrize(
    "event", [push(), scan(HIGH=1), finding(), pull_through(), stopped(reason=CANNOT)]
)
def test_an_event_of_another_source_or_kind_is_not_matched(event: dict[str, Any]) -> None:
    patterns = ALL.patterns(HOST)
    assert len(matching(patterns, event)) == 1
    assert matching(patterns, event | {"source": "aws.ec2"}) == []
    assert matching(patterns, event | {"detail-type": "Other"}) == []


def test_failures_are_matched_by_default_and_pushes_are_not() -> None:
    assert list(ImageEvents().patterns(HOST)) == [
        "BasicScans",
        "InspectorFindings",
        "PullThroughFailures",
        "FailedPulls",
    ]


NOTHING: dict[str, Any] = {
    "scan_severity": None,
    "pull_through_failures": False,
    "failed_pulls": False,
}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"scan_severity": "high"},
            "ImageEvents: scan_severity: scan_severity must be one of CRITICAL, HIGH, MEDIUM, LOW, "
            "INFORMATIONAL, got 'high'. Write None for no findings.",
        ),
        (
            {"repositories": ("*/api",)},
            "ImageEvents: repositories[0]: a repository's name can have one '*', at its end, such "
            "as 'team/*', got '*/api'. Remove repositories to match all of them.",
        ),
        (
            {"repositories": ("Team",)},
            "ImageEvents: repositories[0]: a repository's name must consist of lower-case letters "
            "and digits, joined by single '/', '-', '_' or '.', got 'Team'. Write it like "
            "'team/api'.",
        ),
        (
            {"repositories": tuple(f"team/app-{number}" for number in range(200))},
            "ImageEvents: repositories: an event pattern can have at most 2,048 characters, got "
            "35,207. Write a common prefix such as 'team/*', or remove repositories.",
        ),
        (
            NOTHING,
            "ImageEvents: notifications require at least one kind of event, got none. "
            "Set scan_severity to HIGH, or remove the notifications.",
        ),
    ],
)
def test_events_that_cannot_be_matched_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        ImageEvents(**fields)
    assert str(refusal.value) == sentence
