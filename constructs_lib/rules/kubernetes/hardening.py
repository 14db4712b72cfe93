"""What a pod is kept from doing, and whether a manifest keeps it from that.

Source: Kubernetes documentation, "Pod Security Standards", the restricted one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.faults import Fault

NON_ROOT_USER = 65_532


@dataclass(frozen=True, slots=True, kw_only=True)
class PodHardening:
    """Define what a pod is kept from doing; by default more than the restricted standard asks.

    :param user: the numeric user and group that the container runs as; ``None`` leaves the
        image's, and then nothing says that it is not root.
    :param read_only_root_filesystem: the image's files cannot be written to.
    :param drop_capabilities: no Linux capability is left.
    :param forbid_privilege_escalation: no process gains more rights than its parent has.
    :param seccomp: system calls are filtered by the container runtime's default profile.
    :param withhold_token: the Kubernetes API token of the service account is not mounted. The
        AWS credentials of a pod (EKS Pod Identity, IRSA) do not need it.

    >>> PodHardening(user=1000).read_only_root_filesystem
    True
    """

    user: int | None = NON_ROOT_USER
    read_only_root_filesystem: bool = True
    drop_capabilities: bool = True
    forbid_privilege_escalation: bool = True
    seccomp: bool = True
    withhold_token: bool = True

    @staticmethod
    def none() -> PodHardening:
        """Give no hardening at all: whatever the image and the cluster say."""
        return PodHardening(
            user=None,
            read_only_root_filesystem=False,
            drop_capabilities=False,
            forbid_privilege_escalation=False,
            seccomp=False,
            withhold_token=False,
        )


def hardening_faults(hardening: PodHardening) -> list[Fault]:
    """Check the user; the other choices are switches."""
    if hardening.user is None or hardening.user > 0:
        return []
    return [
        Fault(
            "hardening.user",
            f"a container runs as a numeric user above 0, which is root, got {hardening.user}. "
            "Give the image's user, or say that it is left to the image.",
        )
    ]


def pod_security_context(hardening: PodHardening) -> dict[str, Any]:
    """Give the pod's security context."""
    context: dict[str, Any] = {}
    if hardening.user is not None:
        context |= {
            "runAsNonRoot": True,
            "runAsUser": hardening.user,
            "runAsGroup": hardening.user,
            # Volumes belong to this group, so that the user can write to those meant for it.
            "fsGroup": hardening.user,
        }
    if hardening.seccomp:
        context["seccompProfile"] = {"type": "RuntimeDefault"}
    return context


def container_security_context(hardening: PodHardening) -> dict[str, Any]:
    """Give the container's security context."""
    context: dict[str, Any] = {}
    if hardening.forbid_privilege_escalation:
        context["allowPrivilegeEscalation"] = False
    if hardening.drop_capabilities:
        context["capabilities"] = {"drop": ["ALL"]}
    if hardening.read_only_root_filesystem:
        context["readOnlyRootFilesystem"] = True
    return context


def restricted_faults(pod: Mapping[str, Any]) -> list[Fault]:
    """Check a pod's spec, of whatever origin, for what the hardened default has.

    :param pod: the ``spec`` of a pod template, as a manifest has it.
    """
    faults: list[Fault] = []
    if pod.get("automountServiceAccountToken") is not False:
        faults.append(Fault("automountServiceAccountToken", "the API token is mounted."))
    context = pod.get("securityContext", {})
    for index, container in enumerate(pod.get("containers", [])):
        path = f"containers[{index}]"
        faults += [fault.under(path) for fault in _container_faults(container, context)]
    return faults


def _container_faults(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[Fault]:
    own = container.get("securityContext", {})
    context = {**pod, **own}
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield Fault("securityContext.runAsUser", "nothing keeps it from running as root.")
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield Fault("securityContext.seccompProfile", "system calls are not filtered.")
    if own.get("allowPrivilegeEscalation") is not False:
        yield Fault("securityContext.allowPrivilegeEscalation", "it can gain more rights.")
    if "ALL" not in own.get("capabilities", {}).get("drop", []):
        yield Fault("securityContext.capabilities", "it keeps Linux capabilities.")
    if own.get("readOnlyRootFilesystem") is not True:
        yield Fault("securityContext.readOnlyRootFilesystem", "it can write to the image's files.")
    if own.get("privileged"):
        yield Fault("securityContext.privileged", "it is privileged.")
    if not container.get("resources", {}).get("limits", {}).get("memory"):
        yield Fault("resources.limits.memory", "nothing limits its memory.")
