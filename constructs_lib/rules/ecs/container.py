"""A container of an ECS task, described without the CDK.

Source: Amazon ECS developer guide, "Amazon ECS task definition parameters".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from constructs_lib.rules.aws.tokens import is_number_token, matches
from constructs_lib.rules.faults import Fault, faults_unless, range_faults, repeated, under
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

from .hardening import ContainerHardening, hardening_faults

DependencyCondition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]
DEPENDENCY_CONDITIONS: tuple[DependencyCondition, ...] = get_args(DependencyCondition)
MINIMUM_MEMORY_MIB = 6
# The memory of EC2's largest instance type, and the largest CPU share of the Linux kernel.
MAXIMUM_MEMORY_MIB = 32 * 1024 * 1024
MAXIMUM_CPU_UNITS = 262_144
LARGEST_PORT = 65_535

CONTAINER_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def family_faults(name: str) -> list[Fault]:
    """Check the name of a family, a container or a volume."""
    return faults_unless(
        matches(CONTAINER_NAME, name),
        "a family's or container's name must have 1 to 255 letters, digits, '-' and '_', "
        f"got '{name[:80]}'. Choose another name.",
    )


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A container's health check.

    :param command: ``("CMD", "program", "argument")``, or ``("CMD-SHELL", "a line of shell")``
        if the image has a shell; exit code 0 means healthy.
    :param interval_seconds: seconds between two checks, 5 to 300; 30 by default.
    :param timeout_seconds: seconds that one check may take, 2 to 120; 5 by default.
    :param retries: consecutive failures that make the container unhealthy, 1 to 10; 3 by default.
    :param start_period_seconds: seconds after the start in which failures do not count, 0 to 300;
        0 by default.

    >>> HealthCheck(command=("CMD", "/healthy")).interval_seconds
    30
    """

    command: ListOf[str]
    interval_seconds: int = 30
    timeout_seconds: int = 5
    retries: int = 3
    start_period_seconds: int = 0


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """A container of a task, without its image.

    :param name: 1 to 255 letters, digits, ``-`` and ``_``; by default the task's family.
    :param memory_mib: the container's hard memory limit in MiB, 6 to 33,554,432.
    :param cpu: CPU units that are reserved, 1 to 262,144, 1024 being one vCPU; none by default.
    :param essential: whether the task stops when this container stops; ``True`` by default.
    :param command: the container's command; by default the image's.
    :param entry_point: the container's entry point; by default the image's.
    :param environment: environment variables; do not put secrets here.
    :param secrets: environment variables that ECS fetches when the task starts.
    :param ports: TCP ports on which the container listens, 1 to 65,535; by default none.
    :param health_check: the container's health check; by default none.
    :param depends_on: by the name of another container, the condition it must reach before this
        one starts: ``START``, ``COMPLETE`` (ended), ``SUCCESS`` (ended with exit code 0) or
        ``HEALTHY``.
    :param writable_volumes: by name, absolute paths of writable directories, deleted with the
        task. Containers that use the same name share the directory. It belongs to root, unless
        the image declares the path as a ``VOLUME`` of its user.
    :param hardening: the restrictions of the container; by default all of ``ContainerHardening``.
    """

    name: str | None = None
    memory_mib: int
    cpu: int | None = None
    essential: bool = True
    command: ListOf[str] = ()
    entry_point: ListOf[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    ports: ListOf[int] = ()
    health_check: HealthCheck | None = None
    depends_on: Mapping[str, DependencyCondition] = field(default_factory=dict)
    writable_volumes: Mapping[str, str] = field(default_factory=dict)
    hardening: ContainerHardening = field(default_factory=ContainerHardening)


def container_faults(container: ContainerSpec) -> Iterator[Fault]:
    """Yield the faults that a container has by itself."""
    yield from hardening_faults(container.hardening)
    if container.name is not None:
        yield from under("name", family_faults(container.name))
    memory = container.memory_mib
    cure = "Write it in MiB, 1024 for one GiB."
    yield from range_faults("memory_mib", memory, MINIMUM_MEMORY_MIB, MAXIMUM_MEMORY_MIB, cure)
    cure = "Write 1024 for one vCPU."
    yield from range_faults("cpu", container.cpu, 1, MAXIMUM_CPU_UNITS, cure, optional=True)
    for variables in ("environment", "secrets"):
        yield from under(variables, _variable_faults(getattr(container, variables)))
    for index, port in enumerate(container.ports):
        place = f"ports[{index}]"
        yield from range_faults(place, port, 1, LARGEST_PORT, "Change it.", subject="a port")
    for index, port, _ in repeated(enumerate(container.ports)):
        yield Fault(f"ports[{index}]", f"a port must be unique, got {port} twice. Remove one.")
    yield from under("writable_volumes", _volume_faults(container.writable_volumes))
    if container.health_check:
        yield from under("health_check", health_check_faults(container.health_check))


def _variable_faults(variables: Mapping[str, Any]) -> Iterator[Fault]:
    for name in variables:
        yield from faults_unless(
            name and "=" not in name and name.isprintable(),
            "an environment variable's name must have at least one character, and neither '=' nor "
            f"a control character, got {name[:80]!r}. Write it like 'DB_HOST'.",
            path=name[:80],
        )


def _volume_faults(volumes: Mapping[str, str]) -> Iterator[Fault]:
    for name, path in volumes.items():
        yield from under(name, family_faults(name))
        yield from faults_unless(
            path.startswith("/") and path != "/",
            f"a writable volume's path must be absolute and cannot be '/', got '{path[:80]}'. "
            "Write it like '/tmp'.",
            path=name,
        )
    for name, path, first in repeated(volumes.items()):
        message = f"the path '{path}' is taken by the volume '{first}'. Choose another one."
        yield Fault(name, message)


HEALTH_CHECK_RANGES = {
    "interval_seconds": (5, 300),
    "timeout_seconds": (2, 120),
    "retries": (1, 10),
    "start_period_seconds": (0, 300),
}


def health_check_faults(check: HealthCheck) -> Iterator[Fault]:
    """Yield the faults for which ECS would refuse a health check."""
    yield from faults_unless(
        len(check.command) > 1 and check.command[0] in ("CMD", "CMD-SHELL"),
        "a health check's command must be CMD and a program, or CMD-SHELL and a line of shell, "
        f"got {list(check.command)}. Write it like ['CMD', '/healthy'].",
        path="command",
    )
    for name, (least, largest) in HEALTH_CHECK_RANGES.items():
        value = getattr(check, name)
        yield from range_faults(name, value, least, largest, "Change it.")
        yield from faults_unless(
            not is_number_token(value),
            f"{name} must be known when the app is synthesised, because the CDK compares it with "
            "ECS's limits, got a value of the deployment. Write a number.",
            path=name,
        )
