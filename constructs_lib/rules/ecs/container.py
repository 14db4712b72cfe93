"""A container of an ECS task, described without the CDK.

Source: Amazon ECS developer guide, "Amazon ECS task definition parameters".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from constructs_lib.rules.faults import Fault

from .hardening import ContainerHardening, hardening_faults

DependencyCondition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]
DEPENDENCY_CONDITIONS: tuple[DependencyCondition, ...] = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
MINIMUM_MEMORY_MIB = 6
LARGEST_PORT = 65_535

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def family_faults(name: str) -> list[Fault]:
    """Check the name of a family, a container or a volume."""
    if _NAME.fullmatch(name):
        return []
    return [
        Fault(
            "",
            "a family's or container's name has 1 to 255 letters, digits, '-' and '_', "
            f"got '{name[:80]}'. Choose another name.",
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """Define how ECS asks a container whether it is well.

    :param command: ``("CMD", "program", "argument")``, or ``("CMD-SHELL", "a line of shell")``
        where the image has a shell; exit code 0 means that all is well.
    :param interval_seconds: how often it is asked, 5 to 300.
    :param timeout_seconds: how long it may take, 2 to 120.
    :param retries: how many failures in a row make it unhealthy, 1 to 10.
    :param start_period_seconds: failures do not count for so long at first, 0 to 300.

    >>> HealthCheck(command=("CMD", "/healthy")).interval_seconds
    30
    """

    command: tuple[str, ...]
    interval_seconds: int = 30
    timeout_seconds: int = 5
    retries: int = 3
    start_period_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """A container of a task, without its image.

    :param name: 1 to 255 letters, digits, ``-`` and ``_``; by default the task's family.
    :param memory_mib: the container's hard memory limit in MiB, at least 6.
    :param cpu: CPU units reserved, 1024 being one vCPU; none by default.
    :param essential: the task stops when this container does. ``True`` by default.
    :param command: what the container runs; the image's own by default.
    :param entry_point: what it runs that with; the image's own by default.
    :param environment: environment variables; never secrets.
    :param secrets: environment variables that ECS fetches when the task starts.
    :param ports: TCP ports the container listens on.
    :param health_check: how ECS asks whether it is well; by default it does not.
    :param depends_on: the containers that must have come so far before this one starts:
        ``START``, ``COMPLETE`` (ended), ``SUCCESS`` (ended with 0) or ``HEALTHY``.
    :param writable_volumes: names and paths of directories that can be written to and are gone
        with the task; containers that give one name share one. They belong to root, unless the
        image declares the path as a ``VOLUME`` of the user.
    :param hardening: what the container is kept from doing; see ``ContainerHardening``.
    """

    name: str | None = None
    memory_mib: int
    cpu: int | None = None
    essential: bool = True
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    health_check: HealthCheck | None = None
    depends_on: Mapping[str, DependencyCondition] = field(default_factory=dict)
    writable_volumes: Mapping[str, str] = field(default_factory=dict)
    hardening: ContainerHardening = field(default_factory=ContainerHardening)


def container_faults(container: ContainerSpec) -> list[Fault]:
    """Check a container by itself."""
    faults = hardening_faults(container.hardening)
    if container.name is not None:
        faults += [fault.under("name") for fault in family_faults(container.name)]
    if container.memory_mib < MINIMUM_MEMORY_MIB:
        faults.append(
            Fault(
                "memory_mib",
                f"a container has at least {MINIMUM_MEMORY_MIB} MiB of memory, "
                f"got {container.memory_mib}. Give its hard limit in MiB.",
            )
        )
    if container.cpu is not None and container.cpu < 1:
        faults.append(
            Fault(
                "cpu",
                f"cpu is a positive number of CPU units, got {container.cpu}. "
                "1024 units are one vCPU.",
            )
        )
    return [
        *faults,
        *_port_faults(container.ports),
        *_volume_faults(container.writable_volumes),
        *(health_check_faults(container.health_check) if container.health_check else ()),
    ]


def _port_faults(ports: tuple[int, ...]) -> Iterator[Fault]:
    for index, port in enumerate(ports):
        if not 1 <= port <= LARGEST_PORT:
            yield Fault(f"ports[{index}]", f"a port is 1 to 65,535, got {port}. Change it.")
        if port in ports[:index]:
            yield Fault(f"ports[{index}]", f"the port {port} is given twice. Leave one out.")


def _volume_faults(volumes: Mapping[str, str]) -> Iterator[Fault]:
    paths: dict[str, str] = {}
    for name, path in volumes.items():
        for fault in family_faults(name):
            yield fault.under(f"writable_volumes.{name}")
        if not path.startswith("/") or path == "/":
            yield Fault(
                f"writable_volumes.{name}",
                f"a writable volume's path is absolute and not '/' itself, got '{path[:80]}'. "
                "Write it such as '/tmp'.",
            )
        if path in paths:
            yield Fault(
                f"writable_volumes.{name}",
                f"the path '{path}' is taken by the volume '{paths[path]}'. Choose another one.",
            )
        paths.setdefault(path, name)


_RANGES = {
    "interval_seconds": (5, 300),
    "timeout_seconds": (2, 120),
    "retries": (1, 10),
    "start_period_seconds": (0, 300),
}


def health_check_faults(check: HealthCheck) -> Iterator[Fault]:
    """Check how a container's health is asked for."""
    if len(check.command) < 2 or check.command[0] not in ("CMD", "CMD-SHELL"):  # noqa: PLR2004
        yield Fault(
            "health_check.command",
            "a health check's command is CMD and a program, or CMD-SHELL and a line of shell, got "
            f"{list(check.command)}. Write it such as ['CMD', '/healthy'].",
        )
    for name, (least, largest) in _RANGES.items():
        value = getattr(check, name)
        if not least <= value <= largest:
            yield Fault(
                f"health_check.{name}", f"{name} is {least} to {largest}, got {value}. Change it."
            )
