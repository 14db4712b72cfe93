"""Every row of a service, with scripted answers of AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.files.ecs_services import check_service
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import (
    Row,
    always,
    differing,
    load,
    lookup,
    missing,
    rows,
    stacks_with,
)

FILE = """
ecs_tasks:
  - name: api
    image: api
    memory_mib: 200
    fargate: smallest
    secrets:
      TOKEN: {parameter: "arn:aws:ssm:us-west-2:111111111111:parameter/t", key: aws-managed}
  - {name: other, image: api, memory_mib: 200, fargate: smallest}
ecs_services:
  - {name: web, task: api, desired_count: 2}
  - {name: canary, task: api}
network: {cidr: 10.20.0.0/24, availability_zones: [us-west-2a, us-west-2b]}
"""
CLUSTER = "dev-EcsWorkloads-Cluster"
FAMILY = "arn:aws:ecs:us-west-2:111111111111:task-definition"
NO_TASK = missing(
    "DescribeTaskDefinition", "ClientException", "Unable to describe task definition."
)
IDS: dict[Any, str] = {
    ("Private", "Vpc", "isolatedSubnet1", "Subnet"): "subnet-1",
    ("Private", "Vpc", "isolatedSubnet2", "Subnet"): "subnet-2",
    ("Private", "web", "Service", "SecurityGroup", "Resource"): "sg-1",
    ("Private", "Endpoints", "SecurityGroup", "Resource"): "sg-2",
}


def arn(name: str) -> str:
    """Return the ARN of a service."""
    return f"arn:aws:ecs:us-west-2:111111111111:service/{CLUSTER}/{name}"


SERVICE_IDS: dict[Any, str] = {
    ("Private", name, "Service", "Service"): arn(name) for name in ("web", "canary")
}
NETWORK = {"subnets": ["subnet-2", "subnet-1"], "securityGroups": ["sg-1"]}
SERVICE = {
    "taskDefinition": f"{FAMILY}/api:3",
    "status": "ACTIVE",
    "launchType": "FARGATE",
    "runningCount": 2,
    "desiredCount": 2,
    "networkConfiguration": {"awsvpcConfiguration": {**NETWORK, "assignPublicIp": "DISABLED"}},
    "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
}


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with two services of one task."""
    return load(tmp_path, FILE)


def service_rows(
    settings: EnvironmentSettings,
    *services: dict[str, Any],
    newest: int | None = 3,
    name: str = "web",
    stacks: StubClient | None = None,
) -> list[Row]:
    """Return the rows of a service.

    :param newest: the newest active revision of the task; ``None`` where there is none.
    """

    def describe_task_definition(taskDefinition: str, **_: Any) -> Any:  # noqa: N803 - AWS's
        if newest is None:
            return NO_TASK()
        return {"taskDefinition": {"taskDefinitionArn": f"{FAMILY}/{taskDefinition}:{newest}"}}

    ecs = StubClient(
        describe_task_definition=describe_task_definition,
        describe_services=always({"services": list(services)}),
    )
    (service,) = [one for one in settings.ecs_services if one.name == name]
    found = lookup(
        settings,
        ecs=ecs,
        cloudformation=stacks or stacks_with(EcsWorkloads={**IDS, **SERVICE_IDS}),
    )
    checks = rows(check_service(service, found), f"service {name}")
    asked = [request for operation, request in ecs.requests if operation == "describe_services"]
    assert asked in (
        [],
        [{"cluster": CLUSTER, "services": [arn(name)], "include": ["TAGS"]}],
    )
    return checks


NEWEST = "api, the newest revision"
OF_STACK = "of dev-EcsWorkloads"


def test_a_service_as_declared_has_every_row(settings: EnvironmentSettings) -> None:
    assert service_rows(settings, SERVICE) == [
        (what, value, value)
        for what, value in (
            ("status", "ACTIVE"),
            ("task definition", NEWEST),
            ("runs on", "FARGATE"),
            ("tasks", "2 of 2"),
            ("subnets", OF_STACK),
            ("security groups", OF_STACK),
            ("public address", "DISABLED"),
            ("circuit breaker", "on, with rollback"),
        )
    ]


def test_each_of_two_services_of_one_task_is_found_by_its_own_id(
    settings: EnvironmentSettings,
) -> None:
    one = {**SERVICE, "desiredCount": 1, "runningCount": 1}
    assert differing(service_rows(settings, one, name="canary")) == {}
    assert differing(service_rows(settings, one, name="web")) == {"tasks": ("2 of 2", "1 of 1")}


OTHER = f"{FAMILY}/other:7"


def network_of(**changes: Any) -> dict[str, Any]:
    """Return a service whose network has changed."""
    return {"networkConfiguration": {"awsvpcConfiguration": {**NETWORK, **changes}}}


@pytest.mark.parametrize(
    ("changes", "what", "declared", "found"),
    [
        ({"status": "DRAINING"}, "status", "ACTIVE", "DRAINING"),
        (
            {"taskDefinition": f"{FAMILY}/api:2"},
            *("task definition", f"{NEWEST}, 3", "runs revision 2; the newest is 3"),
        ),
        (
            {"taskDefinition": OTHER},
            *("task definition", f"{NEWEST}, 3", "runs other, revision 7"),
        ),
        ({"launchType": "EC2"}, "runs on", "FARGATE", "EC2"),
        ({"launchType": None}, "runs on", "FARGATE", MISSING),
        ({"runningCount": 1}, "tasks", "2 of 2", "1 of 2"),
        ({"desiredCount": 3}, "tasks", "2 of 2", "2 of 3"),
        (
            network_of(subnets=["subnet-1", "subnet-9"]),
            *("subnets", f"{OF_STACK}: subnet-1, subnet-2", "subnet-1, subnet-9"),
        ),
        (
            network_of(subnets=["subnet-1"]),
            *("subnets", f"{OF_STACK}: subnet-1, subnet-2", "subnet-1"),
        ),
        (network_of(securityGroups=["sg-9", "sg-1"]), "security groups", OF_STACK, "sg-1, sg-9"),
        (network_of(securityGroups=[]), "security groups", OF_STACK, "none"),
        (network_of(assignPublicIp="ENABLED"), "public address", "DISABLED", "ENABLED"),
        (
            {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True}}},
            *("circuit breaker", "on, with rollback", "on"),
        ),
        (
            {"deploymentConfiguration": {}},
            *("circuit breaker", "on, with rollback", "off"),
        ),
    ],
)
def test_a_changed_property_of_a_service_has_both_values_in_its_row(
    settings: EnvironmentSettings, changes: Any, what: str, declared: str, found: str
) -> None:
    service = {key: item for key, item in (SERVICE | changes).items() if item is not None}
    assert differing(service_rows(settings, service)) == {what: (declared, found)}


def test_a_service_whose_task_has_no_active_revision_is_named(
    settings: EnvironmentSettings,
) -> None:
    assert differing(service_rows(settings, SERVICE, newest=None)) == {
        "task definition": (f"{NEWEST}, missing", "runs revision 3; no revision is active")
    }


NOT_THERE = [("exists", "yes", MISSING)]


def test_a_service_that_does_not_exist_has_one_row(settings: EnvironmentSettings) -> None:
    assert service_rows(settings) == NOT_THERE
    # ECS describes a deleted service for a while.
    assert service_rows(settings, {**SERVICE, "status": "INACTIVE"}) == NOT_THERE
    assert service_rows(settings, SERVICE, stacks=stacks_with(EcsWorkloads=IDS)) == NOT_THERE
    assert service_rows(settings, SERVICE, stacks=stacks_with()) == NOT_THERE


def test_a_service_whose_cluster_was_deleted_has_one_row(settings: EnvironmentSettings) -> None:
    gone = missing("DescribeServices", "ClusterNotFoundException")
    found = lookup(
        settings,
        ecs=StubClient(describe_services=gone),
        cloudformation=stacks_with(EcsWorkloads=SERVICE_IDS),
    )
    assert list(check_service(settings.ecs_services[0], found)) == [
        Check("service web", "exists", "yes", MISSING)
    ]
