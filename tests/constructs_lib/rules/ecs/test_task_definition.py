"""ECS task definitions: their containers, and what these are to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.rules.ecs.container import ContainerSpec, HealthCheck
from constructs_lib.rules.ecs.fargate_sizes import FargateSize
from constructs_lib.rules.ecs.hardening import ContainerHardening
from constructs_lib.rules.ecs.task_definition import TaskSpec
from constructs_lib.rules.faults import Fault, RuleError

MAIN = ContainerSpec(memory_mib=200, cpu=10)
PROXY = ContainerSpec(name="proxy", memory_mib=64)
TASK = TaskSpec(family="api", container=MAIN)
SMALL = FargateSize(cpu=256, memory_mib=512)


def beside(main: ContainerSpec = MAIN, **changes: Any) -> dict[str, Any]:
    """Return the containers of a task with a proxy beside its main one."""
    return {"container": main, "sidecars": (replace(PROXY, **changes),)}


def refused(**changes: Any) -> Sequence[Fault]:
    """Return the faults that a changed task is refused with."""
    try:
        replace(TASK, **changes)
    except RuleError as error:
        return error.faults
    return ()


def faults_of(**changes: Any) -> list[str]:
    """Return the messages that a changed task is refused with, with their paths."""
    return [str(fault) for fault in refused(**changes)]


def paths_of(**changes: Any) -> list[str]:
    """Return the paths of the faults that a changed task is refused with."""
    return [fault.path for fault in refused(**changes)]


def test_the_articles_task_has_no_fault() -> None:
    assert faults_of(family="example_task_3") == []


def test_a_dependency_on_a_sidecar_has_no_fault() -> None:
    healthy = HealthCheck(command=("CMD", "/healthy"))
    main = replace(MAIN, depends_on={"proxy": "HEALTHY"}, ports=(80,))
    assert faults_of(**beside(main, health_check=healthy, ports=(81,))) == []
    main = replace(MAIN, depends_on={"proxy": "SUCCESS"})
    assert faults_of(**beside(main, essential=False)) == []


def test_two_containers_can_have_one_port_where_each_has_its_own_network() -> None:
    containers = beside(replace(MAIN, ports=(80,)), ports=(80,))
    assert faults_of(**containers) == []
    assert len(faults_of(**containers, network_mode="awsvpc")) == 1


def test_the_smallest_size_is_large_enough_for_all_containers() -> None:
    task = replace(TASK, **beside(memory_mib=400), fargate="smallest")
    assert task.size == FargateSize(cpu=256, memory_mib=1024)
    assert faults_of(**beside(memory_mib=1_000_000), fargate="smallest") != []


def test_the_numbers_of_a_container_can_be_at_their_limits() -> None:
    check = HealthCheck(
        command=("CMD-SHELL", "true"),
        interval_seconds=5,
        timeout_seconds=2,
        retries=1,
        start_period_seconds=0,
    )
    least = replace(MAIN, memory_mib=6, cpu=1, ports=(1, 65_535), health_check=check)
    assert paths_of(container=least) == []
    check = HealthCheck(
        command=("CMD", "a", "b"),
        interval_seconds=300,
        timeout_seconds=120,
        retries=10,
        start_period_seconds=300,
    )
    assert paths_of(container=replace(MAIN, name="n" * 255, health_check=check)) == []


@pytest.mark.parametrize(
    ("field", "number"),
    [
        ("interval_seconds", 4),
        ("interval_seconds", 301),
        ("timeout_seconds", 1),
        ("timeout_seconds", 121),
        ("retries", 0),
        ("retries", 11),
        ("start_period_seconds", -1),
        ("start_period_seconds", 301),
    ],
)
def test_a_number_of_a_health_check_outside_its_limits_is_refused(field: str, number: int) -> None:
    change: dict[str, Any] = {field: number}
    check = replace(HealthCheck(command=("CMD", "x")), **change)
    assert paths_of(container=replace(MAIN, health_check=check)) == [f"health_check.{field}"]


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"cpu": -1}, ["cpu"]),
        ({"ports": (65_536,)}, ["ports[0]"]),
        ({"ports": (80, 81, 80)}, ["ports[2]"]),
        ({"writable_volumes": {"a b": "/tmp"}}, ["writable_volumes.a b"]),
        ({"writable_volumes": {"tmp": "/"}}, ["writable_volumes.tmp"]),
        (
            {"writable_volumes": {"a": "/t", "b": "/t", "c": "/t"}},
            ["writable_volumes.b", "writable_volumes.c"],
        ),
        ({"health_check": HealthCheck(command=("CMD",))}, ["health_check.command"]),
        ({"health_check": HealthCheck(command=("X", "y"))}, ["health_check.command"]),
        ({"depends_on": {"api": "READY"}}, ["depends_on.api", ""]),
    ],
)
def test_a_fault_of_a_container_names_its_place(change: dict[str, Any], paths: list[str]) -> None:
    assert paths_of(container=replace(MAIN, **change)) == paths


def test_variables_that_are_secrets_as_well_are_named_in_order() -> None:
    names = "HGFEDCBA"
    both = replace(MAIN, environment=dict.fromkeys(names, "1"), secrets=dict.fromkeys(names, "s"))
    assert paths_of(container=both) == [f"secrets.{name}" for name in "ABCDEFGH"]


def test_ports_are_refused_where_there_is_no_network() -> None:
    containers = beside(replace(MAIN, ports=(80,)))
    assert paths_of(**containers, network_mode="none") == ["ports"]
    assert paths_of(**containers) == []


@pytest.mark.parametrize("mode", ["awsvpc", "host"])
def test_a_port_is_used_once_where_all_containers_have_one_network(mode: str) -> None:
    containers = {
        "container": replace(MAIN, ports=(80, 81)),
        "sidecars": (
            replace(PROXY, ports=(81,)),
            replace(PROXY, name="other", ports=(81, 82)),
        ),
    }
    assert paths_of(**containers, network_mode="bridge") == []
    assert paths_of(**containers, network_mode=mode) == ["sidecars[0].ports", "sidecars[1].ports"]


@pytest.mark.parametrize("condition", ["START", "HEALTHY", "COMPLETE", "SUCCESS"])
def test_a_container_can_depend_on_each_condition_of_another_one(condition: Any) -> None:
    healthy = HealthCheck(command=("CMD", "/healthy"))
    main = replace(MAIN, depends_on={"proxy": condition})
    assert paths_of(**beside(main, essential=False, health_check=healthy)) == []


def test_two_containers_that_depend_on_the_same_one_are_no_cycle() -> None:
    containers = {
        "container": replace(MAIN, depends_on={"b": "START", "c": "START"}),
        "sidecars": (
            replace(PROXY, name="b", depends_on={"d": "START"}),
            replace(PROXY, name="c", depends_on={"d": "START"}),
            replace(PROXY, name="d"),
        ),
    }
    assert paths_of(**containers) == []


def test_a_task_on_fargate_can_use_all_of_its_size() -> None:
    main = replace(MAIN, memory_mib=448, cpu=256)
    other: dict[str, Any] = {"fargate": SMALL, "network_mode": "awsvpc", "architecture": "ARM64"}
    assert paths_of(**beside(main), **other) == []
    for larger in (replace(main, memory_mib=449), replace(main, cpu=257)):
        assert paths_of(**beside(larger), fargate=SMALL) == ["fargate"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"name": ""},
            "name: a family's or container's name must have 1 to 255 letters, digits, '-' and "
            "'_', got ''. Choose another name.",
        ),
        (
            {"memory_mib": 5},
            "memory_mib: memory_mib must be 6 to 33,554,432, got 5. Write it in MiB, 1024 for one "
            "GiB.",
        ),
        (
            {"memory_mib": 33_554_433},
            "memory_mib: memory_mib must be 6 to 33,554,432, got 33554433. Write it in MiB, 1024 "
            "for one GiB.",
        ),
        (
            {"cpu": 262_145},
            "cpu: cpu must be 1 to 262,144, got 262145. Write 1024 for one vCPU.",
        ),
        (
            {"environment": {"A=B": "c"}},
            "environment.A=B: an environment variable's name must have at least one character, and "
            "neither '=' nor a control character, got 'A=B'. Write it like 'DB_HOST'.",
        ),
        (
            {"environment": {"": "c"}},
            "environment: an environment variable's name must have at least one character, and "
            "neither '=' nor a control character, got ''. Write it like 'DB_HOST'.",
        ),
        (
            {"cpu": 0},
            "cpu: cpu must be 1 to 262,144, got 0. Write 1024 for one vCPU.",
        ),
        ({"ports": (0,)}, "ports[0]: a port must be 1 to 65,535, got 0. Change it."),
        ({"ports": (80, 80)}, "ports[1]: a port must be unique, got 80 twice. Remove one."),
        (
            {"writable_volumes": {"tmp": "tmp"}},
            "writable_volumes.tmp: a writable volume's path must be absolute and cannot be '/', "
            "got 'tmp'. Write it like '/tmp'.",
        ),
        (
            {"writable_volumes": {"a": "/tmp", "b": "/tmp"}},
            "writable_volumes.b: the path '/tmp' is taken by the volume 'a'. Choose another one.",
        ),
        (
            {"hardening": ContainerHardening(user="0:0")},
            "hardening.user: a container's user must be a number of at least 1, as 0 is root, or "
            "two joined by ':', got '0:0'. Write it like '1000:1000', or null to keep the "
            "image's own.",
        ),
        (
            {"hardening": ContainerHardening(user="root")},
            "hardening.user: a container's user must be a number of at least 1, as 0 is root, or "
            "two joined by ':', got 'root'. Write it like '1000:1000', or null to keep the "
            "image's own.",
        ),
        (
            {"health_check": HealthCheck(command=("/healthy",))},
            "health_check.command: a health check's command must be CMD and a program, or "
            "CMD-SHELL and a line of shell, got ['/healthy']. Write it like ['CMD', "
            "'/healthy'].",
        ),
        (
            {"health_check": HealthCheck(command=("CMD", "x"), interval_seconds=1)},
            "health_check.interval_seconds: interval_seconds must be 5 to 300, got 1. Change it.",
        ),
        (
            {"essential": False},
            "a task must have at least one essential container, got none. Write 'essential: "
            "true' in one.",
        ),
        (
            {"depends_on": {"prxy": "START"}},
            "depends_on.prxy: the task has no such container. Write one of api.",
        ),
        (
            {"depends_on": {"api": "START"}},
            "containers cannot wait for each other in a cycle, got api -> api. Remove one of "
            "these dependencies.",
        ),
    ],
)
def test_a_container_that_ecs_would_refuse_is_refused(
    change: dict[str, Any], sentence: str
) -> None:
    assert faults_of(container=replace(MAIN, **change)) == [sentence]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"family": "a b"},
            "family: a family's or container's name must have 1 to 255 letters, digits, '-' and "
            "'_', got 'a b'. Choose another name.",
        ),
        (
            {"pulled_by": "instance"},
            "pulled_by: pulled_by must be one of execution-role, container-instance, got "
            "'instance'.",
        ),
        (
            {"network_mode": "nat"},
            "network_mode: network_mode must be one of awsvpc, bridge, host, none, got 'nat'.",
        ),
        (
            {"architecture": "ARM64"},
            "architecture: only a task on Fargate can have an architecture, because on EC2 the "
            "instance decides, got 'ARM64'. Remove architecture, or write 'fargate: smallest'.",
        ),
        (
            {"architecture": "arm"},
            "architecture: architecture must be one of X86_64, ARM64, got 'arm'.",
        ),
        (
            {
                "container": replace(MAIN, secrets={"TOKEN": "any"}),
                "pulled_by": "container-instance",
            },
            "pulled_by: secrets require an execution role, which pulled_by container-instance "
            "does without. Remove pulled_by, or the secrets.",
        ),
        (
            {"fargate": SMALL, "pulled_by": "container-instance"},
            "pulled_by: Fargate has no container instance that could pull. Remove pulled_by: "
            "the execution role pulls by default.",
        ),
        (
            {"fargate": SMALL, "network_mode": "bridge"},
            "network_mode: Fargate requires network_mode awsvpc, got 'bridge'. Remove the setting.",
        ),
    ],
)
def test_a_task_that_ecs_would_refuse_is_refused(change: dict[str, Any], sentence: str) -> None:
    assert faults_of(**change) == [sentence]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            beside(name="api"),
            "sidecars[0].name: the name 'api' is taken by the main container. Choose another one.",
        ),
        (
            beside(replace(MAIN, ports=(80,)), ports=(80,)) | {"fargate": SMALL},
            "sidecars[0].ports: the port 80 is taken by the container 'api', because all "
            "containers of the task share one network. Choose another port.",
        ),
        (
            beside(memory_mib=400) | {"fargate": SMALL},
            "fargate: the task's containers request 10 CPU units and 600 MiB, and its size has "
            "256 and 512. Choose a larger size, or request less.",
        ),
        (
            beside(replace(MAIN, depends_on={"proxy": "HEALTHY"})),
            "depends_on.proxy: HEALTHY requires a health check of that container, got none. Add "
            "one, or write START.",
        ),
        (
            beside(replace(MAIN, depends_on={"proxy": "SUCCESS"})),
            "depends_on.proxy: SUCCESS requires a container that is not essential, because a "
            "task ends with an essential one. Write 'essential: false' in that container.",
        ),
        (
            beside(replace(MAIN, depends_on={"proxy": "START"}), depends_on={"api": "START"}),
            "containers cannot wait for each other in a cycle, got api -> proxy -> api. Remove "
            "one of these dependencies.",
        ),
        (
            {"container": replace(MAIN, environment={"A": "1"}, secrets={"A": "any"})},
            "secrets.A: 'A' is in environment as well. Remove one of them.",
        ),
    ],
)
def test_containers_that_do_not_go_together_are_refused(
    changes: dict[str, Any], sentence: str
) -> None:
    assert faults_of(**changes) == [sentence]


def test_variables_that_are_also_secrets_are_named_in_their_order() -> None:
    both = dict.fromkeys("FBDAEC", "x")
    assert paths_of(container=replace(MAIN, environment=both, secrets=both)) == [
        f"secrets.{name}" for name in "ABCDEF"
    ]
