"""Every row of a container and its logs, with scripted answers of AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING, NOT_RETURNED
from environments.settings import EnvironmentSettings
from tests.ecrctl.verify.loading import differing, load
from tests.ecrctl.verify.tasks import (
    CONTAINER,
    EXPECTED,
    HEALTH,
    IMAGES_OWN,
    SECRET,
    TASK,
    definition_of,
    task_rows,
)


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with one task that has every property."""
    return load(tmp_path, TASK)


def linux(**parameters: Any) -> dict[str, Any]:
    """Return a container whose Linux parameters have changed."""
    return {"linuxParameters": {**CONTAINER["linuxParameters"], **parameters}}


def logging(**options: str) -> dict[str, Any]:
    """Return a container whose log configuration has changed."""
    configuration = CONTAINER["logConfiguration"]
    named = {f"awslogs-{name.replace('_', '-')}": value for name, value in options.items()}
    return {"logConfiguration": {**configuration, "options": {**configuration["options"], **named}}}


def health(**changes: Any) -> dict[str, Any]:
    """Return a container whose health check has changed."""
    return {"healthCheck": {**CONTAINER["healthCheck"], **changes}}


PRELOAD = {"name": "A", "value": "LD_PRELOAD"}
MOUNT = {"sourceVolume": "tmp", "containerPath": "/etc"}
READ_ONLY = {"sourceVolume": "cache", "containerPath": "/var/cache", "readOnly": True}
MINE = {"name": "TOKEN", "valueFrom": "mine"}


@pytest.mark.parametrize("is_emulated", [True, False])
@pytest.mark.parametrize(
    ("container", "what", "found"),
    [
        ({"image": "evil"}, "image", "evil"),
        ({"image": None}, "image", MISSING),
        ({"cpu": None}, "cpu", "0 units"),
        ({"memory": 999}, "memory", "999 MiB"),
        ({"memory": None}, "memory", "none"),
        ({"essential": False}, "essential", "off"),
        ({"command": ["sh"]}, "command", "sh"),
        ({"command": None}, "command", IMAGES_OWN),
        ({"entryPoint": ["/bin/sh", "-c"]}, "entry point", "/bin/sh -c"),
        ({"entryPoint": None}, "entry point", IMAGES_OWN),
        ({"portMappings": [{"containerPort": 22}]}, "ports", "22"),
        (
            {"portMappings": [{"containerPort": port, "protocol": "udp"} for port in (8080, 9090)]},
            *("ports", "8080/udp, 9090/udp"),
        ),
        ({"portMappings": None}, "ports", "none"),
        ({"readonlyRootFilesystem": None}, "read-only root file system", "off"),
        ({"user": "0:0"}, "user", "0:0"),
        ({"user": None}, "user", IMAGES_OWN),
        ({"privileged": True}, "privileged", "on"),
        (
            {"environment": [PRELOAD, *CONTAINER["environment"]]},
            *("environment", "A=LD_PRELOAD\nA=b\nMODE=fast"),
        ),
        ({"environment": None}, "environment", "none"),
        (
            {"mountPoints": [MOUNT, *CONTAINER["mountPoints"]]},
            *("writable volumes", "cache=/var/cache\ntmp=/etc\ntmp=/tmp"),
        ),
        (
            {"mountPoints": [CONTAINER["mountPoints"][0], READ_ONLY]},
            *("writable volumes", "cache=/var/cache, read only\ntmp=/tmp"),
        ),
        ({"mountPoints": None}, "writable volumes", "none"),
        (
            {"secrets": [MINE, *CONTAINER["secrets"]]},
            *("secrets", f"TOKEN={SECRET}\nTOKEN=mine"),
        ),
        ({"secrets": None}, "secrets", "none"),
        (health(command=["CMD", "/true"]), "health check", HEALTH.replace("healthy", "true")),
        (health(interval=30), "health check", HEALTH.replace("10 s", "30 s")),
        (health(timeout=4), "health check", HEALTH.replace("most 3", "most 4")),
        (health(retries=9), "health check", HEALTH.replace("2 retries", "9 retries")),
        (health(startPeriod=6), "health check", HEALTH.replace("after 5", "after 6")),
        (
            {"healthCheck": {"command": ["CMD", "/healthy"]}},
            *("health check", "CMD /healthy, every 30 s, at most 5 s, 3 retries, after 0 s"),
        ),
        ({"healthCheck": None}, "health check", "none"),
        (
            {"dependsOn": [{"containerName": "x", "condition": "START"}]},
            *("depends on", "x=START"),
        ),
        (linux(capabilities={"drop": ["B", "A"]}), "capabilities dropped", "A, B"),
        (linux(capabilities={}), "capabilities dropped", "none"),
        (
            linux(capabilities={"drop": ["ALL"], "add": ["D", "C"]}),
            *("capabilities added", "C, D"),
        ),
        (linux(initProcessEnabled=False), "init process", "off"),
        (logging(group="elsewhere"), "log group", "elsewhere"),
        (logging(region="us-east-1"), "log region", "us-east-1"),
        (logging(stream_prefix="x"), "log stream prefix", "x"),
    ],
)
def test_a_changed_property_of_a_container_has_both_values_in_its_row(
    settings: EnvironmentSettings, container: Any, what: str, found: str, *, is_emulated: bool
) -> None:
    changed = differing(task_rows(settings, definition_of(container), is_emulated=is_emulated))
    if what == "log group":
        # What another group keeps is not known.
        assert changed.pop("logs are kept") == ("365 days", MISSING)
    assert changed == {what: (EXPECTED[what], found)}


@pytest.mark.parametrize(
    ("retention", "groups", "found"),
    [
        (7, ("dev-logs",), "7 days"),
        (None, ("dev-logs",), "without end"),
        (365, ("dev-logs-of-others",), MISSING),
        (365, (), MISSING),
    ],
)
def test_logs_that_are_not_kept_as_declared_are_named(
    settings: EnvironmentSettings, retention: int | None, groups: tuple[str, ...], found: str
) -> None:
    shown = task_rows(settings, definition_of(), retention=retention, groups=groups)
    assert differing(shown) == {"logs are kept": ("365 days", found)}


LOG_ROWS = ("log driver", "log group", "log region", "log stream prefix", "logs are kept")


def test_a_container_without_logs_differs_in_all_of_their_rows(
    settings: EnvironmentSettings,
) -> None:
    found = task_rows(settings, definition_of({"logConfiguration": None}))
    assert differing(found) == {
        what: (EXPECTED[what], MISSING if what == "logs are kept" else "none") for what in LOG_ROWS
    }


NESTED = {
    "linuxParameters": ("capabilities dropped", "capabilities added", "init process"),
    "secrets": ("secrets",),
    "healthCheck": ("health check",),
    "dependsOn": ("depends on",),
}


@pytest.mark.parametrize("key", NESTED)
def test_what_the_embedded_aws_returns_empty_is_not_compared(
    settings: EnvironmentSettings, key: str
) -> None:
    blank: Any = [{}] if key in {"secrets", "dependsOn"} else {}
    found = task_rows(settings, definition_of({key: blank}), is_emulated=True)
    unknown = [what for what, declared, _ in found if declared == NOT_RETURNED]
    assert tuple(unknown) == NESTED[key]
    assert differing(found) == {}


def test_volumes_that_the_embedded_aws_returns_empty_are_not_compared(
    settings: EnvironmentSettings,
) -> None:
    found = task_rows(settings, definition_of(volumes=[{}, {}]), is_emulated=True)
    assert found[-1] == ("volumes", NOT_RETURNED, NOT_RETURNED)
