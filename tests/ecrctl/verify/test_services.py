"""A service compared with AWS: its cluster, its revision and its properties."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.verify.ecs import check_service
from environments.loading import load_environment
from environments.settings import EnvironmentSettings

CLUSTER = "local-EcsWorkloads-Cluster"
# As many as ECS describes in one call.
PAGE = 10


@pytest.fixture
def settings(environments: Path) -> EnvironmentSettings:
    """Return the settings of ``local``."""
    return load_environment("local", environments)


@pytest.fixture
def definition(aws: Aws) -> Iterator[str]:
    """Return the newest revision of the service's family."""
    arn = aws.ecs.register_task_definition(
        family="sample-app-on-fargate",
        containerDefinitions=[{"name": "sample-app-on-fargate", "image": "x", "memory": 200}],
    )["taskDefinition"]["taskDefinitionArn"]
    yield arn
    aws.ecs.deregister_task_definition(taskDefinition=arn)


@contextmanager
def cluster(aws: Aws, name: str) -> Iterator[str]:
    """Create a cluster, and remove the cluster and its services."""
    aws.ecs.create_cluster(clusterName=name)
    yield name
    for page in aws.ecs.get_paginator("list_services").paginate(cluster=name):
        for service in page["serviceArns"]:
            aws.ecs.delete_service(cluster=name, service=service, force=True)
    aws.ecs.delete_cluster(cluster=name)


def create_service(aws: Aws, where: str, definition: str, name: str = "by-hand") -> None:
    """Create a service that differs from the declared one."""
    network: Any = {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}
    aws.ecs.create_service(
        cluster=where,
        serviceName=name,
        taskDefinition=definition,
        launchType="FARGATE",
        desiredCount=0,
        networkConfiguration={"awsvpcConfiguration": network},
    )


def differences(settings: EnvironmentSettings, aws: Aws) -> list[str]:
    """Return the properties that differ at the environment's one service."""
    (service,) = settings.ecs_services
    return [check.what for check in check_service(service, settings, aws) if not check.matches]


CHANGED = ["tasks", "public address", "circuit breaker"]


def test_a_service_that_does_not_exist_is_named(aws: Aws, settings: EnvironmentSettings) -> None:
    assert differences(settings, aws) == ["exists"]


def test_a_service_changed_by_hand_is_named(
    aws: Aws, settings: EnvironmentSettings, definition: str
) -> None:
    with cluster(aws, CLUSTER):
        create_service(aws, CLUSTER, definition)
        assert differences(settings, aws) == CHANGED


@pytest.mark.parametrize("name", ["other", f"my-{CLUSTER}", "local-EcsWorkloadsOfOthers"])
def test_a_service_of_another_cluster_is_not_the_environments(
    aws: Aws, settings: EnvironmentSettings, definition: str, name: str
) -> None:
    with cluster(aws, name):
        create_service(aws, name, definition)
        assert differences(settings, aws) == ["exists"]


def test_a_service_behind_a_page_of_others_is_found(
    aws: Aws, settings: EnvironmentSettings, definition: str
) -> None:
    other = aws.ecs.register_task_definition(
        family="other", containerDefinitions=[{"name": "other", "image": "x", "memory": 200}]
    )["taskDefinition"]["taskDefinitionArn"]
    with cluster(aws, CLUSTER):
        for number in range(PAGE):
            create_service(aws, CLUSTER, other, f"a-{number}")
        create_service(aws, CLUSTER, definition, "z")
        assert differences(settings, aws) == CHANGED
