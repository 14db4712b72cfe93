"""ECS task definitions: what their containers are to each other and to the task.

Sources: Amazon ECS developer guide, "Amazon ECS task definition parameters" and "Amazon ECS task
networking options".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from constructs_lib.rules.faults import Fault

from .container import DEPENDENCY_CONDITIONS, ContainerSpec, container_faults, family_faults
from .fargate_sizes import FargateSize

PulledBy = Literal["execution-role", "container-instance"]
PULLED_BY: tuple[PulledBy, ...] = ("execution-role", "container-instance")
NetworkMode = Literal["awsvpc", "bridge", "host", "none"]
NETWORK_MODES: tuple[NetworkMode, ...] = ("awsvpc", "bridge", "host", "none")
Architecture = Literal["X86_64", "ARM64"]
ARCHITECTURES: tuple[Architecture, ...] = ("X86_64", "ARM64")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """Define a task definition, without images and secrets.

    :param containers: the containers by the path under which faults name them, such as
        ``container`` and ``sidecars[0]``.
    :param secrets: the names of the variables that are secrets, by the same paths.
    """

    family: str
    containers: Mapping[str, ContainerSpec]
    pulled_by: PulledBy = "execution-role"
    fargate: FargateSize | None = None
    network_mode: NetworkMode | None = None
    architecture: Architecture | None = None
    secrets: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def shares_ports(self) -> bool:
        """Say whether all containers of the task have one network, and so one set of ports."""
        return self.fargate is not None or self.network_mode in ("awsvpc", "host")

    def name_of(self, path: str) -> str:
        """Give a container's name."""
        return self.containers[path].name or self.family


def task_faults(task: TaskSpec) -> list[Fault]:
    """Check a task definition for what ECS would refuse, and for what would never start."""
    faults = [fault.under("family") for fault in family_faults(task.family)]
    for path, container in task.containers.items():
        faults += [fault.under(path) for fault in container_faults(container)]
    for name, given, words in (
        ("pulled_by", task.pulled_by, PULLED_BY),
        ("network_mode", task.network_mode, (None, *NETWORK_MODES)),
        ("architecture", task.architecture, (None, *ARCHITECTURES)),
    ):
        if given not in words:
            choices = ", ".join(word for word in words if word)
            faults.append(Fault(name, f"{name} is one of {choices}, got '{given}'."))
    return [
        *faults,
        *_architecture_faults(task),
        *_name_faults(task),
        *_essential_faults(task),
        *_port_faults(task),
        *_variable_faults(task),
        *_dependency_faults(task),
        *(fargate_faults(task, task.fargate) if task.fargate else ()),
    ]


def _architecture_faults(task: TaskSpec) -> Iterator[Fault]:
    if task.architecture in ARCHITECTURES and task.fargate is None:
        yield Fault(
            "architecture",
            "on EC2 the container instance's architecture is the task's, got "
            f"'{task.architecture}'. Leave it out, or give the task a size on Fargate.",
        )


def _name_faults(task: TaskSpec) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for path in task.containers:
        name = task.name_of(path)
        if name in taken:
            yield Fault(
                f"{path}.name" if path else "name",
                f"the name '{name}' is taken by {taken[name] or 'the task itself'}. "
                "Choose another one.",
            )
        taken.setdefault(name, path)


def _essential_faults(task: TaskSpec) -> Iterator[Fault]:
    if not any(container.essential for container in task.containers.values()):
        yield Fault("", "a task has at least one essential container, got none. Make one so.")


def _port_faults(task: TaskSpec) -> Iterator[Fault]:
    taken: dict[int, str] = {}
    for path, container in task.containers.items():
        where = f"{path}.ports" if path else "ports"
        if container.ports and task.network_mode == "none":
            yield Fault(where, "network_mode none has no ports. Leave them out.")
        for port in container.ports:
            if task.shares_ports and taken.get(port, path) != path:
                yield Fault(
                    where,
                    f"the port {port} is taken by the container '{task.name_of(taken[port])}', as "
                    "all containers of a task have one network. Choose another port.",
                )
            taken.setdefault(port, path)


def _variable_faults(task: TaskSpec) -> Iterator[Fault]:
    for path, names in task.secrets.items():
        for name in sorted(set(names) & set(task.containers[path].environment)):
            yield Fault(
                f"{path}.secrets.{name}" if path else f"secrets.{name}",
                f"'{name}' is given in environment as well. Leave one out.",
            )
    if any(task.secrets.values()) and task.pulled_by == "container-instance":
        yield Fault(
            "pulled_by",
            "secrets are fetched by the execution role, which pulled_by container-instance does "
            "without. Leave pulled_by out, or the secrets.",
        )


def _dependency_faults(task: TaskSpec) -> Iterator[Fault]:
    by_name = {task.name_of(path): spec for path, spec in task.containers.items()}
    for path, container in task.containers.items():
        for other, condition in container.depends_on.items():
            where = f"{path}.depends_on.{other}" if path else f"depends_on.{other}"
            yield from (
                fault.under(where) for fault in _condition_faults(by_name.get(other), condition)
            )
    circle = _circle({name: tuple(spec.depends_on) for name, spec in by_name.items()})
    if circle:
        yield Fault(
            "",
            f"containers wait for each other in a circle: {' -> '.join(circle)}. "
            "Take one dependency out.",
        )


def _condition_faults(other: ContainerSpec | None, condition: str) -> Iterator[Fault]:
    if other is None:
        yield Fault("", "the task has no container of that name. Give the name of one it has.")
    elif condition not in DEPENDENCY_CONDITIONS:
        yield Fault("", f"a dependency is {', '.join(DEPENDENCY_CONDITIONS)}, got '{condition}'.")
    elif condition == "HEALTHY" and other.health_check is None:
        yield Fault(
            "", "HEALTHY needs a health check there. Give that container one, or say START."
        )
    elif condition in ("COMPLETE", "SUCCESS") and other.essential:
        yield Fault(
            "",
            f"{condition} waits for a container to end, and the task ends with an essential one. "
            "Say essential: false there.",
        )


def _circle(edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Give the names of a circle, its first name again at the end, if there is one."""
    done: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done or name not in edges:
            return []
        for other in edges[name]:
            if found := walk(other, [*trail, name]):
                return found
        done.add(name)
        return []

    return next((found for name in edges if (found := walk(name, []))), [])


def fargate_faults(task: TaskSpec, size: FargateSize) -> Iterator[Fault]:
    """Check what containers ask for together against the size of their task on Fargate."""
    memory = sum(container.memory_mib for container in task.containers.values())
    cpu = sum(container.cpu or 0 for container in task.containers.values())
    if memory > size.memory_mib or cpu > size.cpu:
        who = "a container asks" if len(task.containers) == 1 else "containers ask"
        yield Fault(
            "fargate",
            f"{who} for {cpu} CPU units and {memory} MiB, and the task has {size.cpu} and "
            f"{size.memory_mib}. Choose a larger size, or ask for less.",
        )
    if task.pulled_by == "container-instance":
        yield Fault(
            "pulled_by",
            "Fargate has no container instance that could pull. "
            "Leave pulled_by out, and the execution role pulls.",
        )
    if task.network_mode not in (None, "awsvpc"):
        yield Fault(
            "network_mode",
            f"Fargate knows network_mode awsvpc alone, got '{task.network_mode}'. Leave it out.",
        )
