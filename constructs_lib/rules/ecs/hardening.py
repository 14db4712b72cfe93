"""The restrictions of an ECS container, and whether a definition has them.

Source: Amazon ECS developer guide, "Task and container security best practices".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.faults import Fault, faults_unless
from constructs_lib.rules.kubernetes.hardening import NON_ROOT_USER
from constructs_lib.rules.types import checked_types

USER = re.compile(r"[1-9]\d{0,9}(:[1-9]\d{0,9})?")


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHardening:
    """The restrictions of an ECS container; all apply by default.

    :param read_only_root_filesystem: the container cannot write to the image's files; ``True`` by
        default.
    :param user: the numeric user, or user and group, of the container, such as ``1000:1000``;
        65532 for both by default. ``None`` keeps the image's user, which may be root.
    :param drop_capabilities: the container has no Linux capabilities; ``True`` by default.
    :param init_process: an init process forwards signals and reaps zombie processes; ``True`` by
        default.
    """

    read_only_root_filesystem: bool = True
    user: str | None = f"{NON_ROOT_USER}:{NON_ROOT_USER}"
    drop_capabilities: bool = True
    init_process: bool = True

    @staticmethod
    def none() -> ContainerHardening:
        """Return no restrictions: the image and the host decide."""
        return ContainerHardening(
            read_only_root_filesystem=False, user=None, drop_capabilities=False, init_process=False
        )


def hardening_faults(hardening: ContainerHardening) -> list[Fault]:
    """Check the user, the only setting that is not a switch."""
    return faults_unless(
        hardening.user is None or USER.fullmatch(hardening.user),
        "a container's user must be a number of at least 1, as 0 is root, or two joined by ':', "
        f"got '{hardening.user!s:.40}'. Write it like '1000:1000', or null to keep the image's "
        "own.",
        path="hardening.user",
    )


def hardened_faults(container: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the restrictions of the hardened default that a template's container does not have."""
    parameters = _mapping(container.get("LinuxParameters"))
    dropped = _mapping(parameters.get("Capabilities")).get("Drop")
    if container.get("ReadonlyRootFilesystem") is not True:
        yield Fault("ReadonlyRootFilesystem", "it can write to the image's files.")
    if not USER.fullmatch(str(container.get("User", ""))):
        yield Fault("User", "it can run as root.")
    if not isinstance(dropped, list) or "ALL" not in dropped:
        yield Fault("LinuxParameters.Capabilities", "it keeps Linux capabilities.")
    if parameters.get("InitProcessEnabled") is not True:
        yield Fault("LinuxParameters.InitProcessEnabled", "no init process reaps zombie processes.")
    if container.get("Privileged"):
        yield Fault("Privileged", "it is privileged.")
    if not container.get("Memory"):
        yield Fault("Memory", "its memory has no limit.")
    if not container.get("LogConfiguration"):
        yield Fault("LogConfiguration", "its logs are not collected.")


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
