"""Rules about containers that leave their confinement: privileges, profiles, the host's files.

Sources: ECS developer guide, "Task definition parameters", which Batch has in common; Kubernetes
documentation, "Pod Security Standards", the baseline one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ecrctl.policies.wording import listed
from ecrctl.review.diff.resources import is_true, mappings
from ecrctl.review.diff.workloads import Workload, WorkloadChange, pod_of
from ecrctl.review.findings import Category
from ecrctl.review.rules.workloads import workload_rule

_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_UNCONFINED = "Unconfined"


@workload_rule(Category.PROTECTION_LOST)
def confinement_lost(one: WorkloadChange) -> Iterator[str]:
    """A container becomes privileged, gets Linux capabilities, or runs without a profile."""
    before = set(_freedoms(one.base)) if one.base else set()
    gained = sorted(set(_freedoms(one.head)) - before) if one.head else []
    if gained:
        yield f"is confined less: {listed(gained)}"


def _freedoms(workload: Workload) -> Iterator[str]:
    if workload.kind.startswith("AWS::"):
        for name, container in _containers(workload.document, "container"):
            for freedom in _of_container(container):
                yield f"container {name} {freedom}"
    pod = _pod(workload)
    yield from _of_pod(pod, workload.document)
    for name in ("initContainers", "containers", "ephemeralContainers"):
        for one in mappings(pod.get(name)):
            for freedom in _of_context(_mapping(one.get("securityContext"))):
                yield f"{_named(one)} {freedom}"
            for port in mappings(one.get("ports")):
                if port.get("hostPort"):
                    yield f"{_named(one)} uses the host's port {port['hostPort']}"


def _pod(workload: Workload) -> Mapping[str, Any]:
    """Return the pod of a Kubernetes object, or of a job that Batch runs in a cluster."""
    if not workload.kind.startswith("AWS::"):
        return pod_of(workload.document)
    given = _mapping(workload.document.get("EksProperties")).get("PodProperties")
    return _mapping(_lower_names(given))


def _lower_names(value: Any) -> Any:
    """Return a value with the names that Kubernetes has: Batch begins them with a capital."""
    if isinstance(value, list):
        return [_lower_names(one) for one in value]
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _lower_names(one) for name, one in value.items()}
    return value


def _named(container: Mapping[str, Any]) -> str:
    name = container.get("name")
    return f"container {name}" if name else "a container"


def _containers(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each definition of a container in the properties of a type, with its name."""
    if isinstance(value, list):
        for one in value:
            yield from _containers(one, place)
    elif isinstance(value, Mapping):
        if "Image" in value:
            yield str(value.get("Name", place)), value
        for name, one in value.items():
            yield from _containers(one, name)


def _of_container(container: Mapping[str, Any]) -> Iterator[str]:
    if is_true(container.get("Privileged")):
        yield "is privileged"
    added = _mapping(_mapping(container.get("LinuxParameters")).get("Capabilities")).get("Add")
    for name in added if isinstance(added, list) else []:
        yield f"gets the Linux capability `{name}`"
    devices = _mapping(container.get("LinuxParameters")).get("Devices")
    for one in mappings(devices):
        yield f"uses the host's device `{one.get('HostPath')}`"
    options = container.get("DockerSecurityOptions")
    for option in options if isinstance(options, list) else []:
        if str(option).endswith(":unconfined") or option == "label:disable":
            yield f"runs with `{option}`"


def _of_pod(pod: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    for freedom in _of_context(_mapping(pod.get("securityContext"))):
        yield f"the pod {freedom}"
    for one in mappings(pod.get("volumes")):
        path = _mapping(one.get("hostPath")).get("path")
        if path:
            yield f"the pod mounts the host's `{path}`"
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if is_true(pod.get(name)):
            yield f"the pod has `{name}`"
    spec = _mapping(document.get("spec"))
    template = _mapping(
        _mapping(_mapping(spec.get("jobTemplate", document)).get("spec")).get("template")
    )
    for source in (document, template):
        annotations = _mapping(_mapping(source.get("metadata")).get("annotations"))
        for name, value in annotations.items():
            if str(name).startswith(_APPARMOR) and value == "unconfined":
                yield f"container {str(name).removeprefix(_APPARMOR)} has no AppArmor profile"


def _of_context(context: Mapping[str, Any]) -> Iterator[str]:
    if is_true(context.get("privileged")):
        yield "is privileged"
    if context.get("runAsUser") == 0:
        yield "runs as root"
    for one in mappings(context.get("sysctls")):
        yield f"sets the kernel parameter `{one.get('name')}`"
    added = _mapping(context.get("capabilities")).get("add")
    for name in added if isinstance(added, list) else []:
        yield f"gets the Linux capability `{name}`"
    for field, word in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        if _mapping(context.get(field)).get("type") == _UNCONFINED:
            yield f"has no {word} profile"
    if context.get("procMount") == "Unmasked":
        yield "sees all of `/proc`"
    if is_true(_mapping(context.get("windowsOptions")).get("hostProcess")):
        yield "runs as a process of the host"


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
