"""A verification as a whole: what it reads, in which order, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecrctl.errors import UserError
from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.command import Verification, verify
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import (
    ACCOUNT,
    DIGEST,
    NO_STACK,
    REGION,
    always,
    load,
    missing,
    of_files,
)
from tests.ecrctl.verify.stacks.scripted import STACK_ID, aws_with, stack_with

TOPIC_ARN = "arn:aws:sns:us-west-2:111111111111:alerts"
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alerts"}}
STACKS = [
    stack_with({"Topic": TOPIC, "Job": {"Type": "Custom::Job"}}, "dev-A"),
    stack_with({"Topic": TOPIC}, "dev-B"),
]
WORKLOADS = """\
github_provider: create
notifications: {pushes: true}
ecs_tasks: [{name: web, image: api, memory_mib: 64, fargate: smallest}]
ecs_services: [{name: web, task: web}]
network: {cidr: 10.20.0.0/24, availability_zones: [us-west-2a, us-west-2b]}
eks_jobs:
  - name: report
    image: api
    namespace: batch
    service_account: report
    identity: {cluster_name: main}
    node_role_arn: arn:aws:iam::111111111111:role/nodes
"""
HEAD = """\
account: "111111111111"
region: us-west-2
repositories:
  - {name: team/api, stack: web, push: {github: [{repository: acme/api, environment: prod}]}}
  - {name: team/base, stack: base}
"""


def described(StackName: str) -> Any:  # noqa: N803 - AWS spells it so
    """Return the description of a stack, of which only one is deployed."""
    if StackName != "dev-A":
        return NO_STACK()
    return {"Stacks": [{"StackId": STACK_ID, "StackStatus": "CREATE_COMPLETE"}]}


def summary(logical_id: str, physical_id: str) -> dict[str, str]:
    """Return a deployed resource."""
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": "AWS::SNS::Topic",
        "ResourceStatus": "CREATE_COMPLETE",
    }


def listed(StackName: str) -> Any:  # noqa: N803 - AWS spells it so
    """Return the resources of the deployed stack."""
    if StackName != "dev-A":
        return NO_STACK()
    return [{"StackResourceSummaries": [summary("Topic", TOPIC_ARN), summary("Job", "job")]}]


def clients(account: str = "111111111111", **more: Any) -> dict[str, Any]:
    """Return clients of an account in which one stack is deployed, and nothing else."""
    answers: dict[str, Callable[..., Any]] = {
        "describe_stacks": described,
        "list_stack_resources": listed,
        "get_template": always({"TemplateBody": {}}),
        "detect_stack_drift": always({"StackDriftDetectionId": "1"}),
        "describe_stack_drift_detection_status": always({"DetectionStatus": "DETECTION_COMPLETE"}),
        "describe_stack_resource_drifts": always({"StackResourceDrifts": []}),
        **more,
    }
    topic = {"Attributes": {"TopicArn": TOPIC_ARN}}
    return {
        "sts": StubClient(get_caller_identity=always({"Account": account})),
        "cloudformation": StubClient(**answers),
        "sns": StubClient(
            get_topic_attributes=always(topic), list_tags_for_resource=always({"Tags": []})
        ),
        "ecr": StubClient(
            describe_repositories=missing("DescribeRepositories", "RepositoryNotFoundException"),
            describe_images=missing("DescribeImages", "RepositoryNotFoundException"),
        ),
        "kms": StubClient(describe_key=missing("DescribeKey", "NotFoundException")),
        "iam": StubClient(
            get_role=missing("GetRole", "NoSuchEntity"),
            get_open_id_connect_provider=missing("GetOpenIDConnectProvider", "NoSuchEntity"),
        ),
        "ecs": StubClient(
            describe_task_definition=missing(
                *("DescribeTaskDefinition", "ClientException"),
                "Unable to describe task definition.",
            )
        ),
        "ssm": StubClient(get_parameter=missing("GetParameter", "ParameterNotFound")),
    }


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with everything that a file can declare."""
    return load(tmp_path, WORKLOADS, HEAD)


def test_everything_that_the_files_declare_has_a_row_in_their_order(
    settings: EnvironmentSettings,
) -> None:
    found = of_files(settings, aws_with(**clients()))
    assert found[:2] == [
        Check("environment dev", "account", "111111111111", "111111111111"),
        Check("environment dev", "region", "us-west-2", "us-east-1"),
    ]
    # Nothing is deployed, so each of the others is missing.
    rules = ("Pushes", "BasicScans", "InspectorFindings", "PullThroughFailures", "FailedPulls")
    subjects = [
        "key alias/ecr/dev",
        "repository team/base",
        "repository team/api",
        "GitHub's OIDC provider",
        "pushes by repo:acme/api:environment:prod",
        *(f"notifications, {rule}" for rule in rules),
        "task definition web",
        "network",
        "service web",
        "Job report",
        "role of the Job report",
        "role nodes",
    ]
    image = Check(f"image {ACCOUNT}/{REGION}/team/api", "in its registry", DIGEST, MISSING)
    rows = [Check(subject, "exists", "yes", MISSING) for subject in subjects]
    assert [one for one in found[2:] if not one.subject.startswith("image ")] == rows
    assert image in found


def test_the_stacks_are_compared_by_their_names(settings: EnvironmentSettings) -> None:
    found = verify(settings, STACKS, aws_with(**clients()))
    assert list(found.stacks) == ["dev-A", "dev-B"]
    assert {check.subject for check in found.stacks["dev-A"]} == {
        *("stack dev-A", "dev-A: Topic", "dev-A: Job")
    }
    # A stack that is not deployed is one row, its resources included.
    assert found.stacks["dev-B"] == [Check("stack dev-B", "exists", "yes", MISSING)]
    assert [check.subject for check in found.files][:1] == ["environment dev"]
    assert found.checks == [*found.files, *found.stacks["dev-A"], *found.stacks["dev-B"]]


def test_all_checks_of_a_verification_are_those_of_the_files_and_of_each_stack() -> None:
    one, two, three = (Check(name, "w", "a", "b") for name in "abc")
    found = Verification(files=[one], stacks={"x": [two], "y": [three]})
    assert found.checks == [one, two, three]


def test_each_question_is_asked_once_by_all_checks(settings: EnvironmentSettings) -> None:
    given = clients()
    verify(settings, STACKS, aws_with(**given))
    for name, client in given.items():
        if name != "sts":
            asked = [str(request) for request in client.requests]
            assert sorted(asked) == sorted(set(asked)), name


@pytest.mark.parametrize("drift", [True, False])
def test_drift_detection_is_started_where_it_is_asked_for(
    settings: EnvironmentSettings, *, drift: bool
) -> None:
    given = clients()
    found = verify(settings, STACKS, aws_with(**given), drift=drift)
    asked = [
        request
        for name, request in given["cloudformation"].requests
        if name == "detect_stack_drift"
    ]
    assert asked == ([{"StackName": "dev-A"}] if drift else [])
    reasons = [check.reason for check in found.stacks["dev-A"] if "drift" in check.what]
    assert reasons == (
        [f"drift detection does not cover {kind}" for kind in ("AWS::SNS::Topic", "Custom::Job")]
        if drift
        else []
    )


def test_the_progress_reaches_the_number_of_all_jobs(settings: EnvironmentSettings) -> None:
    calls: list[tuple[int, int]] = []
    verify(settings, STACKS, aws_with(**clients()), progress=lambda *call: calls.append(call))
    total = calls[0][1]
    assert calls == [(number, total) for number in range(1, total + 1)]
    # Two stacks, two resources, and what the files declare.
    assert total > 4


def test_credentials_of_another_account_are_refused_first(settings: EnvironmentSettings) -> None:
    given = clients(account="999999999999")
    with pytest.raises(UserError) as refusal:
        verify(settings, STACKS, aws_with(**given))
    assert str(refusal.value) == (
        "the environment 'dev' is in the account 111111111111, but the credentials belong to "
        "999999999999. Choose credentials of 111111111111, such as with AWS_PROFILE."
    )
    assert [client.requests for name, client in given.items() if name != "sts"] == [[]] * 7


@pytest.mark.parametrize("operation", ["describe_stacks", "list_stack_resources"])
def test_a_refusal_of_aws_is_one_sentence(settings: EnvironmentSettings, operation: str) -> None:
    refused: dict[str, Any] = {operation: missing("Op", "AccessDenied", "not authorized")}
    given = clients(**refused)
    with pytest.raises(UserError) as refusal:
        verify(settings, STACKS, aws_with(**given))
    assert str(refusal.value) == (
        "Reading back 'dev' failed at Op: AWS returned AccessDenied: not authorized"
    )


def test_a_resource_that_cannot_be_read_ends_the_verification(
    settings: EnvironmentSettings,
) -> None:
    given = clients()
    given["sns"] = StubClient(get_topic_attributes=missing("Op", "AuthorizationError", "no"))
    with pytest.raises(UserError, match="AuthorizationError: no"):
        verify(settings, STACKS, aws_with(**given))


@pytest.mark.parametrize("kept", ["", "repositories", "notifications", "ecs_tasks", "eks_jobs"])
def test_an_environment_that_declares_anything_is_not_empty(
    settings: EnvironmentSettings, kept: str
) -> None:
    cleared: dict[str, Any] = {
        "repositories": (),
        "notifications": None,
        "ecs_tasks": (),
        "eks_jobs": (),
    }
    cleared.pop(kept, None)
    assert replace(settings, **cleared).is_empty is (not kept)
