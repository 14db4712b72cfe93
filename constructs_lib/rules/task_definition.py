"""ECS task definitions: names and sizes that ECS accepts.

Source: Amazon ECS developer guide, "Amazon ECS task definition parameters".
"""

from __future__ import annotations

import re
from typing import Literal

from .fargate_sizes import FargateSize
from .faults import Fault

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
MINIMUM_MEMORY_MIB = 6

PulledBy = Literal["execution-role", "container-instance"]
PULLED_BY: tuple[PulledBy, ...] = ("execution-role", "container-instance")


def family_faults(name: str) -> list[Fault]:
    """Check the name of a family or of a container."""
    if _NAME.fullmatch(name):
        return []
    return [
        Fault(
            "",
            "a family's or container's name has 1 to 255 letters, digits, '-' and '_', "
            f"got '{name[:80]}'. Choose another name.",
        )
    ]


def task_faults(
    *,
    family: str,
    container_name: str,
    cpu: int | None,
    memory_mib: int,
    pulled_by: str,
    fargate: FargateSize | None = None,
) -> list[Fault]:
    """Check a task definition of one container for what ECS would refuse."""
    faults: list[Fault] = []
    for path, name in (("family", family), ("container_name", container_name)):
        faults += [fault.under(path) for fault in family_faults(name)]
    if pulled_by not in PULLED_BY:
        faults.append(
            Fault("pulled_by", f"pulled_by is one of {', '.join(PULLED_BY)}, got '{pulled_by}'.")
        )
    if memory_mib < MINIMUM_MEMORY_MIB:
        faults.append(
            Fault(
                "memory_mib",
                f"a container has at least {MINIMUM_MEMORY_MIB} MiB of memory, got {memory_mib}. "
                "Give its hard limit in MiB.",
            )
        )
    if cpu is not None and cpu < 1:
        faults.append(
            Fault(
                "cpu",
                f"cpu is a positive number of CPU units, got {cpu}. 1024 units are one vCPU.",
            )
        )
    return faults + (fargate_faults(cpu, memory_mib, pulled_by, fargate) if fargate else [])


def fargate_faults(
    cpu: int | None, memory_mib: int, pulled_by: str, size: FargateSize
) -> list[Fault]:
    """Check what a container asks for against the size of its task on Fargate."""
    faults: list[Fault] = []
    if memory_mib > size.memory_mib or (cpu or 0) > size.cpu:
        faults.append(
            Fault(
                "fargate",
                f"a container asks for {cpu or 0} CPU units and {memory_mib} MiB, and the task has "
                f"{size.cpu} and {size.memory_mib}. Choose a larger size, or ask for less.",
            )
        )
    if pulled_by == "container-instance":
        faults.append(
            Fault(
                "pulled_by",
                "Fargate has no container instance that could pull. "
                "Leave pulled_by out, and the execution role pulls.",
            )
        )
    return faults
