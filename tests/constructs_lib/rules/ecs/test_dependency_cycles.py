"""Containers of a task that wait for each other."""

from __future__ import annotations

import pytest

from constructs_lib.rules.ecs.container import ContainerSpec
from constructs_lib.rules.ecs.task_definition import TaskSpec
from constructs_lib.rules.faults import RuleError


def faults_of(**waits_for: str) -> list[str]:
    """Return the faults of a task whose containers a, b, c and d wait for these containers."""
    main, *sidecars = (
        ContainerSpec(
            name=name,
            memory_mib=64,
            depends_on=dict.fromkeys(waits_for.get(name, ""), "START"),
        )
        for name in "abcd"
    )
    try:
        TaskSpec(family="api", container=main, sidecars=tuple(sidecars))
    except RuleError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "waits_for",
    [
        {},
        {"a": "b", "b": "c", "c": "d"},
        {"a": "bc", "b": "d", "c": "d"},
        {"d": "abc", "c": "ab", "b": "a"},
    ],
)
def test_containers_can_wait_for_each_other_in_one_direction(waits_for: dict[str, str]) -> None:
    assert faults_of(**waits_for) == []


@pytest.mark.parametrize(
    ("waits_for", "cycles"),
    [
        ({"b": "b"}, ["b -> b"]),
        ({"a": "b", "b": "a"}, ["a -> b -> a", "b -> a -> b"]),
        (
            {"a": "b", "b": "c", "c": "a", "d": "a"},
            ["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"],
        ),
    ],
)
def test_a_cycle_is_refused_with_its_containers_in_the_order_in_which_they_wait(
    waits_for: dict[str, str], cycles: list[str]
) -> None:
    (fault,) = faults_of(**waits_for)
    assert fault in {
        f"containers cannot wait for each other in a cycle, got {cycle}. Remove one of these "
        "dependencies."
        for cycle in cycles
    }


def test_a_container_that_the_task_does_not_have_is_not_part_of_a_cycle() -> None:
    assert faults_of(a="x") == [
        "depends_on.x: the task has no such container. Write one of b, c, d."
    ]
