"""The restrictions of a pod, and whether a manifest has them.

Source: Kubernetes documentation, "Pod Security Standards", the restricted one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.faults import Fault, faults_unless, under
from constructs_lib.rules.types import checked_types

NON_ROOT_USER = 65_532


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class PodHardening:
    """The restrictions of a pod; the defaults exceed the restricted Pod Security Standard.

    :param user: the numeric user and group of the container, above 0; 65532 by default. ``None``
        keeps the image's user, which may be root.
    :param read_only_root_filesystem: the container cannot write to the image's files; ``True`` by
        default.
    :param drop_capabilities: the container has no Linux capabilities; ``True`` by default.
    :param forbid_privilege_escalation: no process can gain more rights than its parent; ``True``
        by default.
    :param seccomp: the container runtime's default profile filters system calls; ``True`` by
        default.
    :param withhold_token: the service account's Kubernetes API token is not mounted; ``True`` by
        default. AWS credentials of a pod (EKS Pod Identity, IRSA) work without that token.

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
        """Return no restrictions: the image and the cluster decide."""
        return PodHardening(
            user=None,
            read_only_root_filesystem=False,
            drop_capabilities=False,
            forbid_privilege_escalation=False,
            seccomp=False,
            withhold_token=False,
        )


def hardening_faults(hardening: PodHardening) -> list[Fault]:
    """Check the user, the only setting that is not a switch."""
    return faults_unless(
        hardening.user is None or hardening.user > 0,
        f"a container's user must be a number of at least 1, as 0 is root, got {hardening.user}. "
        "Write the image's user, such as 1000, or null to keep the image's own.",
        path="hardening.user",
    )


def pod_security_context(hardening: PodHardening) -> dict[str, Any]:
    """Return the pod's security context."""
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
    """Return the container's security context."""
    context: dict[str, Any] = {}
    if hardening.forbid_privilege_escalation:
        context["allowPrivilegeEscalation"] = False
    if hardening.drop_capabilities:
        context["capabilities"] = {"drop": ["ALL"]}
    if hardening.read_only_root_filesystem:
        context["readOnlyRootFilesystem"] = True
    return context


def restricted_faults(pod: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the restrictions of the hardened default that a pod's spec does not have.

    :param pod: the ``spec`` of a pod template, as a manifest has it.
    """
    if pod.get("automountServiceAccountToken") is not False:
        yield Fault("automountServiceAccountToken", "the API token is mounted.")
    context = pod.get("securityContext", {})
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(pod.get(kind, [])):
            yield from under(f"{kind}[{index}]", _container_faults(container, context))


def _container_faults(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[Fault]:
    own = container.get("securityContext", {})
    context = {**pod, **own}
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield Fault("securityContext.runAsUser", "it can run as root.")
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
        yield Fault("resources.limits.memory", "its memory has no limit.")
