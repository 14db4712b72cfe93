"""Every row of a task definition, with scripted answers of AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING, NOT_RETURNED
from ecrctl.verify.files.ecs_tasks import check_task
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import IMAGE, always, differing, load, lookup, missing, rows
from tests.ecrctl.verify.tasks import (
    CONTAINER,
    EXPECTED,
    IMAGES_OWN,
    OF_STACK,
    ROLES,
    TASK,
    definition_of,
    task_rows,
)

ADMIN = "arn:aws:iam::111111111111:role/admin"
NO_TASK = missing(
    "DescribeTaskDefinition", "ClientException", "Unable to describe task definition."
)


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with one task that has every property."""
    return load(tmp_path, TASK)


@pytest.mark.parametrize("is_emulated", [True, False])
def test_a_task_as_declared_has_every_row(
    settings: EnvironmentSettings, *, is_emulated: bool
) -> None:
    assert task_rows(settings, definition_of(), is_emulated=is_emulated) == [
        (what, value, value) for what, value in EXPECTED.items()
    ]


@pytest.mark.parametrize(
    ("changes", "what", "found"),
    [
        (
            {"containerDefinitions": [CONTAINER, {"name": "evil"}]},
            *("containers", "api, evil"),
        ),
        ({"requiresCompatibilities": ["EC2", "FARGATE"]}, "runs on", "EC2, FARGATE"),
        ({"cpu": "256", "memory": "512"}, "runs on", "EC2, 256 units, 512 MiB"),
        ({"networkMode": "host"}, "network mode", "host"),
        ({"taskRoleArn": ADMIN}, "task role", ADMIN),
        ({"taskRoleArn": None}, "task role", MISSING),
        ({"executionRoleArn": ADMIN}, "execution role", ADMIN),
        ({"executionRoleArn": None}, "execution role", MISSING),
        ({"volumes": [{"name": "tmp"}, {"name": "host"}]}, "volumes", "host, tmp"),
        ({"volumes": []}, "volumes", "none"),
    ],
)
def test_a_changed_property_of_a_task_has_both_values_in_its_row(
    settings: EnvironmentSettings, changes: Any, what: str, found: str
) -> None:
    assert differing(task_rows(settings, definition_of(**changes))) == {
        what: (EXPECTED[what], found)
    }


def test_what_ecs_takes_for_a_missing_setting_is_as_declared(
    settings: EnvironmentSettings,
) -> None:
    container: dict[str, Any] = {"essential": None, "privileged": False, "dependsOn": []}
    definition = definition_of(container, networkMode=None, requiresCompatibilities=None)
    assert differing(task_rows(settings, definition)) == {}


FARGATE = """
ecs_tasks:
  - name: api
    image: api
    memory_mib: 200
    fargate: smallest
    architecture: ARM64
    logs: false
    pulled_by: execution-role
    task_role_arn: arn:aws:iam::111111111111:role/app
    sidecars:
      - {name: proxy, image: api, memory_mib: 100, hardening: none, essential: false,
         depends_on: {api: START}}
      - {name: gone, image: api, memory_mib: 100}
"""
SIZE = "FARGATE, 256 units, 512 MiB"
ON_FARGATE: dict[str, Any] = {
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "networkMode": "awsvpc",
}
OF_TASK = [
    ("decrypts with", "none", "none"),
    ("runs on", SIZE, SIZE),
    ("network mode", "awsvpc", "awsvpc"),
    ("task role", "arn:aws:iam::111111111111:role/app", MISSING),
    ("execution role", OF_STACK, MISSING),
    ("volumes", "none", "none"),
]


def test_a_task_of_several_containers_names_each(tmp_path: Path) -> None:
    settings = load(tmp_path, FARGATE)
    proxy = {
        "name": "proxy",
        "image": IMAGE,
        "essential": False,
        "dependsOn": [{"containerName": "api", "condition": "START"}],
    }
    found = {
        **ON_FARGATE,
        "containerDefinitions": [proxy, {"name": "api"}],
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    }
    shown = task_rows(settings, found)
    assert shown[0] == ("containers", "api, gone, proxy", "api, proxy")
    own = {"command": IMAGES_OWN, "entry point": IMAGES_OWN}
    api = {
        "image": (IMAGE, MISSING),
        "cpu": ("0 units", "0 units"),
        "memory": ("200 MiB", "none"),
        "essential": ("on", "on"),
        **{what: (value, value) for what, value in own.items()},
        "ports": ("none", "none"),
        "read-only root file system": ("on", "off"),
        "user": ("65532:65532", IMAGES_OWN),
        "privileged": ("off", "off"),
        **dict.fromkeys(
            ("environment", "writable volumes", "secrets", "health check", "depends on"),
            ("none", "none"),
        ),
        "capabilities dropped": ("ALL", "none"),
        "capabilities added": ("none", "none"),
        "init process": ("on", "off"),
        "log driver": ("none", "none"),
    }
    of_proxy = {
        **api,
        "image": (IMAGE, IMAGE),
        "memory": ("100 MiB", "none"),
        "essential": ("off", "off"),
        "read-only root file system": ("off", "off"),
        "user": (IMAGES_OWN, IMAGES_OWN),
        "depends on": ("api=START", "api=START"),
        "capabilities dropped": ("none", "none"),
        "init process": ("off", "off"),
    }
    assert shown[1:] == [
        *((f"api: {what}", *values) for what, values in api.items()),
        *((f"proxy: {what}", *values) for what, values in of_proxy.items()),
        *OF_TASK,
        ("architecture", "ARM64", "ARM64"),
    ]


@pytest.mark.parametrize(
    ("platform", "is_emulated", "found"),
    [
        ({"runtimePlatform": {"cpuArchitecture": "X86_64"}}, False, "X86_64"),
        ({"runtimePlatform": {"cpuArchitecture": "X86_64"}}, True, "X86_64"),
        ({}, False, "none"),
        ({}, True, NOT_RETURNED),
    ],
)
def test_another_architecture_is_named(
    tmp_path: Path, platform: dict[str, Any], found: str, *, is_emulated: bool
) -> None:
    settings = load(tmp_path, FARGATE)
    definition = {**ON_FARGATE, "containerDefinitions": [], **platform}
    (*_, row) = task_rows(settings, definition, is_emulated=is_emulated)
    declared = NOT_RETURNED if found == NOT_RETURNED else "ARM64"
    assert row == ("architecture", declared, found)


@pytest.mark.parametrize(("mode", "declared"), [("", "bridge"), ("network_mode: host", "host")])
def test_the_declared_network_mode_is_expected(tmp_path: Path, mode: str, declared: str) -> None:
    settings = load(tmp_path, f"ecs_tasks: [{{name: api, image: api, memory_mib: 64, {mode}}}]\n")
    found = {what: values for what, *values in task_rows(settings, {"containerDefinitions": []})}
    assert found["network mode"] == [declared, "bridge"]


def test_a_task_that_its_container_instance_pulls_for_has_no_execution_role(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
ecs_tasks:
  - {name: api, image: api, memory_mib: 200, logs: false, pulled_by: container-instance}
""",
    )
    definition = {"containerDefinitions": [], "executionRoleArn": f"{ROLES}Execution"}
    assert ("execution role", MISSING, OF_STACK) in task_rows(settings, definition)


@pytest.mark.parametrize(
    "answer",
    [NO_TASK, always({"taskDefinition": {"status": "INACTIVE", "containerDefinitions": []}})],
)
def test_a_missing_task_has_one_row(settings: EnvironmentSettings, answer: Any) -> None:
    where = lookup(settings, ecs=StubClient(describe_task_definition=answer))
    checks = rows(check_task(settings.ecs_tasks[0], where), "task definition web-api")
    assert checks == [("exists", "yes", MISSING)]
