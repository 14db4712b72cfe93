"""ECS task definitions: what their containers are to each other and to the task.

Sources: Amazon ECS developer guide, "Amazon ECS task definition parameters" and "Amazon ECS task
networking options".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from constructs_lib.rules.faults import Fault, raise_if_any, reported_by

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
    """A task definition, without its images and its role.

    :param family: 1 to 255 letters, digits, ``-`` and ``_``.
    :param container: the main container; named like the family by default.
    :param sidecars: the containers beside it, each with a name.
    :param pulled_by: ``execution-role`` by default; ``container-instance`` pulls with the role of
        the EC2 instance.
    :param fargate: the task's size on Fargate, or ``smallest`` for the smallest size that is
        large enough; on EC2 by default.
    :param network_mode: on EC2 ``bridge`` by default; on Fargate always ``awsvpc``.
    :param architecture: on Fargate, the images' architecture; ``X86_64`` by default.
    :raises RuleError: with every rule that is broken. A fault of a sidecar has the sidecar's path.
    """

    family: str
    container: ContainerSpec
    sidecars: tuple[ContainerSpec, ...] = ()
    pulled_by: PulledBy = "execution-role"
    fargate: FargateSize | Literal["smallest"] | None = None
    network_mode: NetworkMode | None = None
    architecture: Architecture | None = None

    def __post_init__(self) -> None:
        if self.fargate == "smallest":
            with reported_by(f"Task '{self.family}'"):
                object.__setattr__(self, "fargate", self._smallest_size())
        raise_if_any(f"Task '{self.family}'", task_faults(self))

    def _smallest_size(self) -> FargateSize:
        return FargateSize.at_least(cpu=self.requested_cpu, memory_mib=self.requested_memory_mib)

    @property
    def size(self) -> FargateSize | None:
        """The task's size on Fargate, ``None`` on EC2."""
        return None if isinstance(self.fargate, str) else self.fargate

    @property
    def containers(self) -> dict[str, ContainerSpec]:
        """The containers by the path under which faults name them; the main one's is empty."""
        beside = {f"sidecars[{index}]": one for index, one in enumerate(self.sidecars)}
        return {"": self.container, **beside}

    @property
    def requested_cpu(self) -> int:
        """The CPU units that all containers request together."""
        return sum(container.cpu or 0 for container in self.containers.values())

    @property
    def requested_memory_mib(self) -> int:
        """The memory limits of all containers together, in MiB."""
        return sum(container.memory_mib for container in self.containers.values())

    @property
    def shares_ports(self) -> bool:
        """Whether all containers of the task have one network, and so one set of ports."""
        return self.fargate is not None or self.network_mode in ("awsvpc", "host")

    def name_of(self, container: ContainerSpec) -> str:
        """Return a container's name."""
        return container.name or self.family


def task_faults(task: TaskSpec) -> list[Fault]:
    """Return what ECS would refuse in a task definition, and what would never start."""
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
            faults.append(Fault(name, f"{name} must be one of {choices}, got '{given}'."))
    return [
        *faults,
        *_architecture_faults(task),
        *_name_faults(task),
        *_essential_faults(task),
        *_port_faults(task),
        *_variable_faults(task),
        *_dependency_faults(task),
        *(fargate_faults(task, task.size) if task.size else ()),
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
    for path, container in task.containers.items():
        name = task.name_of(container)
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
    taken: dict[int, ContainerSpec] = {}
    for path, container in task.containers.items():
        where = f"{path}.ports" if path else "ports"
        if container.ports and task.network_mode == "none":
            yield Fault(where, "network_mode none has no ports. Leave them out.")
        for port in container.ports:
            if task.shares_ports and taken.get(port, container) is not container:
                yield Fault(
                    where,
                    f"the port {port} is taken by the container '{task.name_of(taken[port])}', as "
                    "all containers of a task have one network. Choose another port.",
                )
            taken.setdefault(port, container)


def _variable_faults(task: TaskSpec) -> Iterator[Fault]:
    for path, container in task.containers.items():
        for name in sorted(set(container.secrets) & set(container.environment)):
            yield Fault(
                f"{path}.secrets.{name}" if path else f"secrets.{name}",
                f"'{name}' is in environment as well. Remove one of them.",
            )
    if task.pulled_by == "container-instance" and any(
        container.secrets for container in task.containers.values()
    ):
        yield Fault(
            "pulled_by",
            "secrets require an execution role, which pulled_by container-instance does without. "
            "Remove pulled_by, or the secrets.",
        )


def _dependency_faults(task: TaskSpec) -> Iterator[Fault]:
    by_name = {task.name_of(spec): spec for spec in task.containers.values()}
    for path, container in task.containers.items():
        for other, condition in container.depends_on.items():
            where = f"{path}.depends_on.{other}" if path else f"depends_on.{other}"
            yield from (
                fault.under(where) for fault in _condition_faults(by_name.get(other), condition)
            )
    yield from _cycle_faults({name: tuple(spec.depends_on) for name, spec in by_name.items()})


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


def _cycle_faults(dependencies: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    try:
        TopologicalSorter(dependencies).prepare()
    except CycleError as error:
        # From a container to the one it waits for; graphlib lists them the other way round.
        cycle = " -> ".join(reversed(error.args[1]))
        yield Fault(
            "",
            f"containers cannot wait for each other in a cycle, got {cycle}. Remove one of these "
            "dependencies.",
        )


def fargate_faults(task: TaskSpec, size: FargateSize) -> Iterator[Fault]:
    """Check what containers ask for together against the size of their task on Fargate."""
    memory, cpu = task.requested_memory_mib, task.requested_cpu
    if memory > size.memory_mib or cpu > size.cpu:
        yield Fault(
            "fargate",
            f"the task's containers request {cpu} CPU units and {memory} MiB, and its size has "
            f"{size.cpu} and {size.memory_mib}. Choose a larger size, or request less.",
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
