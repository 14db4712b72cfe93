"""The sizes that Fargate has, and the smallest one that holds what a task needs.

Source: Amazon ECS developer guide, "Amazon ECS task definition parameters for Fargate", task CPU
and memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from constructs_lib.rules.faults import Fault, raise_if_any

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
"""All sizes: for each number of CPU units, the memory that goes with it, in MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FargateSize:
    """Define the size of a task on Fargate, one of those that Fargate has.

    :param cpu: CPU units of the whole task, 1024 being one vCPU.
    :param memory_mib: memory of the whole task, in MiB.
    :raises RuleError: when Fargate has no such size; the smallest one that holds it is named.

    >>> FargateSize(cpu=256, memory_mib=512).memory_mib
    512
    """

    cpu: int
    memory_mib: int

    def __post_init__(self) -> None:
        raise_if_any("FargateSize", fargate_size_faults(self.cpu, self.memory_mib))

    @staticmethod
    def at_least(*, cpu: int, memory_mib: int) -> FargateSize:
        """Give the smallest size that holds so much; less CPU goes before less memory.

        :raises RuleError: when no size is large enough.

        >>> FargateSize.at_least(cpu=300, memory_mib=600)
        FargateSize(cpu=512, memory_mib=1024)
        """
        found = smallest_size(cpu, memory_mib)
        if found is None:
            raise_if_any("FargateSize", [_too_large(cpu, memory_mib)])
        chosen_cpu, chosen_memory = found or (0, 0)
        return FargateSize(cpu=chosen_cpu, memory_mib=chosen_memory)


def smallest_size(cpu: int, memory_mib: int) -> tuple[int, int] | None:
    """Give the smallest CPU and memory that hold so much, or ``None`` when nothing does."""
    sizes = (
        (units, memory)
        for units, choices in MEMORY_MIB_BY_CPU.items()
        for memory in choices
        if units >= cpu and memory >= memory_mib
    )
    return min(sizes, default=None)


def fargate_size_faults(cpu: int, memory_mib: int) -> list[Fault]:
    """Check that Fargate has a size."""
    if memory_mib in MEMORY_MIB_BY_CPU.get(cpu, ()):
        return []
    found = smallest_size(cpu, memory_mib)
    if found is None:
        return [_too_large(cpu, memory_mib)]
    return [
        Fault(
            "",
            f"Fargate has no size of {cpu} CPU units and {memory_mib} MiB. The smallest that "
            f"holds it has {found[0]} and {found[1]}.",
        )
    ]


def _too_large(cpu: int, memory_mib: int) -> Fault:
    largest = max(MEMORY_MIB_BY_CPU)
    return Fault(
        "",
        f"Fargate's largest size has {largest} CPU units and {MEMORY_MIB_BY_CPU[largest][-1]} "
        f"MiB, got {cpu} and {memory_mib}. Ask for less, or run the task on EC2.",
    )
