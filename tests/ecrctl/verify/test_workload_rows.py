"""Every row of a task and of a service, with scripted answers of AWS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING, NOT_RETURNED, Check
from ecrctl.verify.ecs import check_service, check_task
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import IMAGE, load, missing

SECRET = "arn:aws:ssm:us-west-2:111111111111:parameter/token"
ROLES = "arn:aws:iam::111111111111:role/dev-EcsWorkloads-"
OF_STACK = "created by dev-EcsWorkloads"
NO_TASK = missing(
    "DescribeTaskDefinition", "ClientException", "Unable to describe task definition."
)


def task_rows(settings: EnvironmentSettings, found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the rows of the environment's one task."""
    ecs = StubClient(describe_task_definition=lambda **_: {"taskDefinition": found})
    (task,) = settings.ecs_tasks
    checks = list(check_task(task, settings, stub_aws(ecs=ecs)))
    assert {check.subject for check in checks} == {f"task definition {task.spec.family}"}
    assert ecs.requests == [("describe_task_definition", {"taskDefinition": task.spec.family})]
    return [(check.what, check.declared, check.found) for check in checks]


TASK = f"""
ecs_tasks:
  - name: api
    family: web-api
    image: api
    memory_mib: 200
    cpu: 10
    environment: {{MODE: fast, A: b}}
    writable_volumes: {{tmp: /tmp, cache: /var/cache}}
    secrets: {{TOKEN: {{parameter: "{SECRET}", key: aws-managed}}}}
"""


def test_a_task_as_declared_has_every_row(tmp_path: Path) -> None:
    container = {
        "name": "api",
        "image": IMAGE,
        "cpu": 10,
        "memory": 200,
        "readonlyRootFilesystem": True,
        "user": "65532:65532",
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
        "environment": [{"name": "MODE", "value": "fast"}, {"name": "A", "value": "b"}],
        "secrets": [{"name": "TOKEN", "valueFrom": SECRET}],
        "mountPoints": [
            {"sourceVolume": "tmp", "containerPath": "/tmp"},
            {"sourceVolume": "cache", "containerPath": "/var/cache"},
        ],
        "logConfiguration": {"logDriver": "awslogs"},
    }
    found = {
        "containerDefinitions": [container],
        "taskRoleArn": f"{ROLES}Task",
        "executionRoleArn": f"{ROLES}Execution",
    }
    assert task_rows(load(tmp_path, TASK), found) == [
        (what, value, value)
        for what, value in (
            ("containers", "api"),
            ("image", IMAGE),
            ("cpu", "10 units"),
            ("memory", "200 MiB"),
            ("read-only root file system", "on"),
            ("user", "65532:65532"),
            ("privileged", "off"),
            ("capabilities dropped", "ALL"),
            ("capabilities added", "none"),
            ("environment", "A=b\nMODE=fast"),
            ("secrets", f"TOKEN={SECRET}"),
            ("writable volumes", "cache=/var/cache\ntmp=/tmp"),
            ("log driver", "awslogs"),
            ("runs on", "EC2"),
            ("task role", OF_STACK),
            ("execution role", OF_STACK),
        )
    ]


def test_a_changed_task_has_both_values_in_every_row(tmp_path: Path) -> None:
    container = {
        "name": "api",
        "linuxParameters": {"capabilities": {"drop": ["A", "B"], "add": ["C", "D"]}},
        "privileged": True,
    }
    found = {
        "containerDefinitions": [container, {"name": "evil"}],
        "requiresCompatibilities": ["EC2", "FARGATE"],
        "cpu": "256",
        "memory": "512",
        "taskRoleArn": "arn:aws:iam::111111111111:role/admin",
    }
    assert task_rows(load(tmp_path, TASK), found) == [
        ("containers", "api", "api, evil"),
        ("image", IMAGE, MISSING),
        ("cpu", "10 units", "0 units"),
        ("memory", "200 MiB", "none"),
        ("read-only root file system", "on", "off"),
        ("user", "65532:65532", "the image's"),
        ("privileged", "off", "on"),
        ("capabilities dropped", "ALL", "A, B"),
        ("capabilities added", "none", "C, D"),
        ("environment", "A=b\nMODE=fast", "none"),
        ("secrets", f"TOKEN={SECRET}", "none"),
        ("writable volumes", "cache=/var/cache\ntmp=/tmp", "none"),
        ("log driver", "awslogs", "none"),
        ("runs on", "EC2", "EC2, FARGATE, 256 units, 512 MiB"),
        ("task role", OF_STACK, "arn:aws:iam::111111111111:role/admin"),
        ("execution role", OF_STACK, MISSING),
    ]


def test_a_task_of_several_containers_names_each(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
ecs_tasks:
  - name: api
    image: api
    memory_mib: 200
    fargate: smallest
    logs: false
    pulled_by: execution-role
    task_role_arn: arn:aws:iam::111111111111:role/app
    sidecars:
      - {name: proxy, image: api, memory_mib: 100, hardening: none}
      - {name: gone, image: api, memory_mib: 100}
""",
    )
    containers = [{"name": "proxy", "image": IMAGE, "linuxParameters": {}}, {"name": "api"}]
    found = {
        "containerDefinitions": containers,
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    }
    rows = task_rows(settings, found)
    assert rows[0] == ("containers", "api, gone, proxy", "api, proxy")
    hardened = [
        ("image", IMAGE, MISSING),
        ("cpu", "0 units", "0 units"),
        ("memory", "200 MiB", "none"),
        ("read-only root file system", "on", "off"),
        ("user", "65532:65532", "the image's"),
        ("privileged", "off", "off"),
        ("capabilities dropped", "ALL", "none"),
        *((what, "none", "none") for what in ("capabilities added", "environment", "secrets")),
        *((what, "none", "none") for what in ("writable volumes", "log driver")),
    ]
    assert rows[1:13] == [(f"api: {what}", *values) for what, *values in hardened]
    changed = {
        "image": (IMAGE, IMAGE),
        "memory": ("100 MiB", "none"),
        "read-only root file system": ("off", "off"),
        "user": ("the image's", "the image's"),
        "capabilities dropped": ("none", "none"),
    }
    assert rows[13:25] == [
        (f"proxy: {what}", *changed.get(what, values)) for what, *values in hardened
    ]
    assert rows[25:] == [
        ("runs on", "FARGATE, 256 units, 512 MiB", "FARGATE, 256 units, 512 MiB"),
        ("task role", "arn:aws:iam::111111111111:role/app", MISSING),
        ("execution role", OF_STACK, MISSING),
    ]


@pytest.mark.parametrize(
    ("linux", "declared", "found"),
    [
        # The embedded AWS alone returns an empty mapping.
        ({}, NOT_RETURNED, NOT_RETURNED),
        ({"initProcessEnabled": True}, "ALL", "none"),
        ({"capabilities": {"drop": ["ALL"]}}, "ALL", "ALL"),
    ],
)
def test_capabilities_that_the_embedded_aws_does_not_return_are_unknown(
    tmp_path: Path, linux: dict[str, Any], declared: str, found: str
) -> None:
    settings = load(tmp_path, TASK)
    definition = {"containerDefinitions": [{"name": "api", "linuxParameters": linux}]}
    ecs = StubClient(describe_task_definition=lambda **_: {"taskDefinition": definition})
    aws = replace(stub_aws(ecs=ecs), endpoint_url="http://localhost:1")
    rows = {check.what: check for check in check_task(settings.ecs_tasks[0], settings, aws)}
    row = rows["capabilities dropped"]
    assert (row.declared, row.found) == (declared, found)
    assert row.is_unknown is (found == NOT_RETURNED)


def test_a_task_that_its_container_instance_pulls_for_has_no_execution_role(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
ecs_tasks:
  - {name: api, image: api, memory_mib: 200, logs: false, pulled_by: container-instance}
""",
    )
    definition = {"containerDefinitions": [], "executionRoleArn": f"{ROLES}Execution"}
    assert task_rows(settings, definition)[-1] == ("execution role", MISSING, OF_STACK)


def test_a_missing_task_has_one_row(tmp_path: Path) -> None:
    settings = load(tmp_path, TASK)
    ecs = StubClient(describe_task_definition=NO_TASK)
    assert list(check_task(settings.ecs_tasks[0], settings, stub_aws(ecs=ecs))) == [
        Check("task definition web-api", "exists", "yes", MISSING)
    ]


SERVICE = """
ecs_tasks:
  - {name: other, image: api, memory_mib: 200, fargate: smallest}
  - {name: api, image: api, memory_mib: 200, fargate: smallest}
ecs_services: [{name: web, task: api, desired_count: 2}]
network: {cidr: 10.20.0.0/24, availability_zones: [us-west-2a, us-west-2b]}
"""
CLUSTER = "arn:aws:ecs:us-west-2:111111111111:cluster/dev-EcsWorkloads-Cluster"


def service_rows(settings: EnvironmentSettings, *services: dict[str, Any]) -> list[Check]:
    """Return the rows of the environment's one service, found on the second page."""
    families = {"api": "arn:api:2", "other": "arn:other:1"}
    ecs = StubClient(
        describe_task_definition=lambda taskDefinition: {  # noqa: N803 - AWS spells it so
            "taskDefinition": {"taskDefinitionArn": families[taskDefinition]}
        },
        list_clusters=lambda: [
            {"clusterArns": ["arn:x:cluster/other"]},
            {"clusterArns": [CLUSTER]},
        ],
        list_services=lambda **_: [{"serviceArns": []}, {"serviceArns": ["a", "b"]}],
        describe_services=lambda **_: {"services": list(services)},
    )
    (service,) = settings.ecs_services
    checks = list(check_service(service, settings, stub_aws(ecs=ecs)))
    assert ecs.requests[2:] == [
        ("list_services", {"cluster": CLUSTER}),
        ("describe_services", {"cluster": CLUSTER, "services": ["a", "b"]}),
    ]
    assert {check.subject for check in checks} == {"service web"}
    return checks


def test_a_service_as_declared_has_every_row(tmp_path: Path) -> None:
    service = {
        "taskDefinition": "arn:api:2",
        "status": "ACTIVE",
        "launchType": "FARGATE",
        "runningCount": 2,
        "desiredCount": 2,
        "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "DISABLED"}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    }
    rows = service_rows(load(tmp_path, SERVICE), {"taskDefinition": "arn:api:1"}, service)
    assert [(check.what, check.declared, check.found) for check in rows] == [
        (what, value, value)
        for what, value in (
            ("status", "ACTIVE"),
            ("runs on", "FARGATE"),
            ("tasks", "2 of 2"),
            ("public address", "DISABLED"),
            ("circuit breaker", "on, with rollback"),
        )
    ]


def test_a_changed_service_has_both_values_in_every_row(tmp_path: Path) -> None:
    service = {
        "taskDefinition": "arn:api:2",
        "runningCount": 1,
        "desiredCount": 3,
        "networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True}},
    }
    rows = service_rows(load(tmp_path, SERVICE), service)
    assert [(check.what, check.declared, check.found) for check in rows] == [
        ("status", "ACTIVE", MISSING),
        ("runs on", "FARGATE", MISSING),
        ("tasks", "2 of 2", "1 of 3"),
        ("public address", "DISABLED", "ENABLED"),
        ("circuit breaker", "on, with rollback", "on"),
    ]


def test_a_service_that_runs_an_older_revision_does_not_exist(tmp_path: Path) -> None:
    rows = service_rows(load(tmp_path, SERVICE), {"taskDefinition": "arn:api:1"})
    assert rows == [Check("service web", "exists", "yes", MISSING)]


def test_a_service_whose_task_does_not_exist_does_not_exist(tmp_path: Path) -> None:
    settings = load(tmp_path, SERVICE)
    ecs = StubClient(describe_task_definition=NO_TASK, list_clusters=lambda: [{"clusterArns": []}])
    assert list(check_service(settings.ecs_services[0], settings, stub_aws(ecs=ecs))) == [
        Check("service web", "exists", "yes", MISSING)
    ]
