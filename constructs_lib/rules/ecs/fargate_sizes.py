"""The sizes of tasks on Fargate, and the smallest one that is large enough for a task.

Source: Amazon ECS developer guide, "Amazon ECS task definition parameters for Fargate", task CPU
and memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from constructs_lib.rules.faults import Fault, RuleError, raise_if_any
from constructs_lib.rules.types import checked_types

_GIB = 1024

MEMORY_MIB_BY_CPU: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {
        256: (512, 1 * _GIB, 2 * _GIB),
        512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
        1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
        2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
        4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
        8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
        16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
    }
)
"""All sizes: by CPU units, the amounts of memory in MiB."""


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class FargateSize:
    """The size of a task on Fargate.

    :param cpu: CPU units of the whole task, 256 to 16384, 1024 being one vCPU.
    :param memory_mib: memory of the whole task in MiB, one of the amounts that Fargate has for
        ``cpu``.
    :raises RuleError: when Fargate has no such size, with the smallest one that is large enough.

    >>> FargateSize(cpu=256, memory_mib=512).memory_mib
    512
    """

    cpu: int
    memory_mib: int

    def __post_init__(self) -> None:
        raise_if_any("FargateSize", fargate_size_faults(self.cpu, self.memory_mib))

    @staticmethod
    def at_least(*, cpu: int, memory_mib: int) -> FargateSize:
        """Return the smallest size with at least this CPU and memory.

        Of two such sizes, the one with less CPU is the smaller.

        :raises RuleError: when no size is large enough.

        >>> FargateSize.at_least(cpu=300, memory_mib=600)
        FargateSize(cpu=512, memory_mib=1024)
        """
        found = smallest_size(cpu, memory_mib)
        if found is None:
            raise RuleError("FargateSize", [_too_large(cpu, memory_mib)])
        return FargateSize(cpu=found[0], memory_mib=found[1])


def smallest_size(cpu: int, memory_mib: int) -> tuple[int, int] | None:
    """Return the CPU and memory of the smallest size, ``None`` if no size is large enough."""
    sizes = (
        (units, memory)
        for units, choices in MEMORY_MIB_BY_CPU.items()
        for memory in choices
        if units >= cpu and memory >= memory_mib
    )
    return min(sizes, default=None)


def fargate_size_faults(cpu: int, memory_mib: int) -> list[Fault]:
    """Check that Fargate has a size of this CPU and memory."""
    if memory_mib in MEMORY_MIB_BY_CPU.get(cpu, ()):
        return []
    found = smallest_size(cpu, memory_mib)
    if found is None:
        return [_too_large(cpu, memory_mib)]
    message = (
        f"Fargate has no size of {cpu} CPU units and {memory_mib} MiB. "
        f"Write cpu {found[0]} and memory_mib {found[1]}, the smallest that is large enough."
    )
    return [Fault("", message)]


def _too_large(cpu: int, memory_mib: int) -> Fault:
    largest = max(MEMORY_MIB_BY_CPU)
    return Fault(
        "",
        f"Fargate's largest size has {largest} CPU units and {MEMORY_MIB_BY_CPU[largest][-1]} "
        f"MiB, got {cpu} and {memory_mib}. Request less, or run the task on EC2.",
    )
