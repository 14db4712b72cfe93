"""ECS task definitions: the rules between their containers, and those of the whole task.

Sources: Amazon ECS developer guide, "Amazon ECS task definition parameters" and "Amazon ECS task
networking options".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal, get_args

from constructs_lib.rules.aws.tokens import is_number_token
from constructs_lib.rules.faults import (
    Fault,
    raise_if_any,
    repeated,
    reported_by,
    under,
    word_faults,
)
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

from .container import DEPENDENCY_CONDITIONS, ContainerSpec, container_faults, family_faults
from .fargate_sizes import FargateSize

PulledBy = Literal["execution-role", "container-instance"]
PULLED_BY: tuple[PulledBy, ...] = get_args(PulledBy)
NetworkMode = Literal["awsvpc", "bridge", "host", "none"]
NETWORK_MODES: tuple[NetworkMode, ...] = get_args(NetworkMode)
Architecture = Literal["X86_64", "ARM64"]
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A task definition, without its images and its role.

    :param family: 1 to 255 letters, digits, ``-`` and ``_``.
    :param container: the main container; named like the family by default.
    :param sidecars: more containers of the task, each with a name.
    :param pulled_by: the role that pulls: ``execution-role`` (the default), or
        ``container-instance``, the role of the EC2 instance.
    :param fargate: the task's size on Fargate, or ``smallest`` for the smallest size that is
        large enough; by default the task runs on EC2.
    :param network_mode: on EC2 ``bridge`` by default; on Fargate always ``awsvpc``.
    :param architecture: on Fargate, the images' architecture; ``X86_64`` by default.
    :raises RuleError: with every rule that is broken. A fault of a sidecar has the sidecar's path.
    """

    family: str
    container: ContainerSpec
    sidecars: ListOf[ContainerSpec] = ()
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
        amounts = [(one.cpu, one.memory_mib) for one in self.containers.values()]
        if any(is_number_token(amount) for pair in amounts for amount in pair):
            message = (
                "the smallest size follows from the memory and CPU of the containers, and one of "
                "them is known only at deployment. Choose a size, such as FargateSize(cpu=256, "
                "memory_mib=512)."
            )
            raise_if_any("", [Fault("fargate", message)])
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
        """The CPU units that all containers request together, as far as they are known."""
        return sum(_known(container.cpu) for container in self.containers.values())

    @property
    def requested_memory_mib(self) -> int:
        """The memory limits of all containers together, in MiB, as far as they are known."""
        return sum(_known(container.memory_mib) for container in self.containers.values())

    @property
    def shares_ports(self) -> bool:
        """Whether all containers of the task have one network, and so one set of ports."""
        return self.fargate is not None or self.network_mode in ("awsvpc", "host")

    def name_of(self, container: ContainerSpec) -> str:
        """Return a container's name."""
        return container.name or self.family


def _known(amount: int | None) -> int:
    return 0 if amount is None or is_number_token(amount) else amount


def task_faults(task: TaskSpec) -> Iterator[Fault]:
    """Yield the faults for which ECS would refuse a task definition, or never start a task."""
    yield from under("family", family_faults(task.family))
    yield from word_faults("pulled_by", task.pulled_by, PULLED_BY)
    yield from word_faults("network_mode", task.network_mode, NETWORK_MODES, optional=True)
    yield from word_faults("architecture", task.architecture, ARCHITECTURES, optional=True)
    by_name = {task.name_of(spec): spec for spec in task.containers.values()}
    for path, container in task.containers.items():
        yield from under(path, container_faults(container))
        yield from under(path, _variable_faults(container))
        yield from under(path, _dependency_faults(container, by_name))
    names = {path: task.name_of(container) for path, container in task.containers.items()}
    for path, name, first in repeated(names.items()):
        taken = f"the name '{name}' is taken by {first or 'the main container'}"
        yield Fault("name", f"{taken}. Choose another one.").under(path)
    yield from _port_faults(task)
    yield from _cycle_faults({name: tuple(spec.depends_on) for name, spec in by_name.items()})
    yield from _whole_faults(task)
    yield from fargate_faults(task, task.size) if task.size else ()


def _variable_faults(container: ContainerSpec) -> Iterator[Fault]:
    for name in sorted(set(container.secrets) & set(container.environment)):
        yield Fault(f"secrets.{name}", f"'{name}' is in environment as well. Remove one of them.")


def _dependency_faults(
    container: ContainerSpec, by_name: Mapping[str, ContainerSpec]
) -> Iterator[Fault]:
    for other, condition in container.depends_on.items():
        names = [name for name in by_name if name != container.name]
        found = _condition_faults(by_name.get(other), condition, names)
        yield from under(f"depends_on.{other}", found)


def _condition_faults(
    other: ContainerSpec | None, condition: str, names: Sequence[str]
) -> Iterator[Fault]:
    if other is None:
        known = f"Write one of {', '.join(names)}" if names else "Remove depends_on"
        yield Fault("", f"the task has no such container. {known}.")
    elif condition not in DEPENDENCY_CONDITIONS:
        yield from word_faults("", condition, DEPENDENCY_CONDITIONS, subject="a condition")
    elif condition == "HEALTHY" and other.health_check is None:
        yield Fault(
            "",
            "HEALTHY requires a health check of that container, got none. Add one, or write START.",
        )
    elif condition in ("COMPLETE", "SUCCESS") and other.essential:
        yield Fault(
            "",
            f"{condition} requires a container that is not essential, because a task ends with an "
            "essential one. Write 'essential: false' in that container.",
        )


def _port_faults(task: TaskSpec) -> Iterator[Fault]:
    containers = task.containers
    ports = [(path, port) for path, one in containers.items() for port in sorted(set(one.ports))]
    for path, port, owner in repeated(ports) if task.shares_ports else ():
        message = (
            f"the port {port} is taken by the container '{task.name_of(containers[owner])}', "
            "because all containers of the task share one network. Choose another port."
        )
        yield Fault("ports", message).under(path)
    if task.network_mode == "none":
        for path in dict.fromkeys(path for path, _ in ports):
            message = "a container cannot have ports with network_mode none. Remove ports."
            yield Fault("ports", message).under(path)


def _whole_faults(task: TaskSpec) -> Iterator[Fault]:
    containers = task.containers.values()
    if task.architecture in ARCHITECTURES and task.fargate is None:
        yield Fault(
            "architecture",
            "only a task on Fargate can have an architecture, because on EC2 the instance decides, "
            f"got '{task.architecture}'. Remove architecture, or write 'fargate: smallest'.",
        )
    if not any(container.essential for container in containers):
        yield Fault(
            "",
            "a task must have at least one essential container, got none. Write 'essential: true' "
            "in one.",
        )
    if task.pulled_by == "container-instance" and any(one.secrets for one in containers):
        yield Fault(
            "pulled_by",
            "secrets require an execution role, which pulled_by container-instance does without. "
            "Remove pulled_by, or the secrets.",
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
    """Yield the faults of a task that Fargate cannot run in its size."""
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
            "Remove pulled_by: the execution role pulls by default.",
        )
    if task.network_mode not in (None, "awsvpc"):
        yield Fault(
            "network_mode",
            f"Fargate requires network_mode awsvpc, got '{task.network_mode}'. Remove the setting.",
        )
