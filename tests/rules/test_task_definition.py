"""ECS task definitions."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.task_definition import task_faults

TASK: dict[str, Any] = {
    "family": "api",
    "container_name": "api",
    "cpu": 10,
    "memory_mib": 200,
    "pulled_by": "execution-role",
}


def test_the_articles_task_has_no_fault() -> None:
    assert task_faults(**TASK | {"family": "example_task_3"}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"family": "a b"}, "family: a family's or container's name has 1 to 255"),
        ({"container_name": ""}, "container_name: a family's or container's name"),
        ({"memory_mib": 5}, "memory_mib: a container has at least 6 MiB of memory, got 5"),
        ({"pulled_by": "container_instance"}, "pulled_by is one of execution-role, container-"),
        ({"cpu": 0}, "cpu: cpu is a positive number of CPU units, got 0"),
    ],
)
def test_what_ecs_would_refuse_is_refused(change: dict[str, Any], sentence: str) -> None:
    (fault,) = task_faults(**TASK | change)
    assert sentence in str(fault)
