"""What a container of ECS is kept from doing, and whether a definition keeps it from that.

Source: Amazon ECS developer guide, "Task and container security best practices".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.faults import Fault
from constructs_lib.rules.kubernetes.hardening import NON_ROOT_USER

_USER = re.compile(r"[1-9]\d{0,9}(:[1-9]\d{0,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHardening:
    """Define what a container is kept from doing; by default all that most never need.

    :param read_only_root_filesystem: the image's files cannot be written to.
    :param user: the numeric user and group the container runs as; ``None`` leaves the image's.
    :param drop_capabilities: no Linux capability is left.
    :param init_process: a first process forwards signals and reaps what is left over.
    """

    read_only_root_filesystem: bool = True
    user: str | None = f"{NON_ROOT_USER}:{NON_ROOT_USER}"
    drop_capabilities: bool = True
    init_process: bool = True

    @staticmethod
    def none() -> ContainerHardening:
        """Give no hardening at all: whatever the image and the host say."""
        return ContainerHardening(
            read_only_root_filesystem=False,
            user=None,
            drop_capabilities=False,
            init_process=False,
        )


def hardening_faults(hardening: ContainerHardening) -> list[Fault]:
    """Check the user; the other choices are switches."""
    if hardening.user is None or _USER.fullmatch(hardening.user):
        return []
    return [
        Fault(
            "hardening.user",
            "a container runs as a numeric user, or user and group, above 0, which is root, got "
            f"'{hardening.user[:40]}'. Write it such as '1000:1000', or leave it to the image.",
        )
    ]


def hardened_faults(container: Mapping[str, Any]) -> Iterator[Fault]:
    """Check a container, as a template has it, for what the hardened default has."""
    parameters = _mapping(container.get("LinuxParameters"))
    dropped = _mapping(parameters.get("Capabilities")).get("Drop")
    if container.get("ReadonlyRootFilesystem") is not True:
        yield Fault("ReadonlyRootFilesystem", "it can write to the image's files.")
    if not _USER.fullmatch(str(container.get("User", ""))):
        yield Fault("User", "nothing keeps it from running as root.")
    if not isinstance(dropped, list) or "ALL" not in dropped:
        yield Fault("LinuxParameters.Capabilities", "it keeps Linux capabilities.")
    if parameters.get("InitProcessEnabled") is not True:
        yield Fault("LinuxParameters.InitProcessEnabled", "nothing reaps what it leaves behind.")
    if container.get("Privileged"):
        yield Fault("Privileged", "it is privileged.")
    if not container.get("Memory"):
        yield Fault("Memory", "nothing limits its memory.")
    if not container.get("LogConfiguration"):
        yield Fault("LogConfiguration", "nothing keeps what it says.")


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
