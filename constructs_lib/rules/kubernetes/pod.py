"""The pod of a Job: what its one container is given, and the rules of that.

Sources: Kubernetes API reference, "Pod v1 core"; Kubernetes documentation, "Resource Management
for Pods and Containers" and "Taints and Tolerations".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from constructs_lib.rules.faults import Fault

from .hardening import PodHardening, hardening_faults
from .names import (
    dns_label_faults,
    dns_subdomain_faults,
    is_extended_resource,
    label_faults,
    quantity_faults,
    quantity_of,
    resource_faults,
)

RestartPolicy = Literal["Never", "OnFailure"]
RESTART_POLICIES: tuple[RestartPolicy, ...] = ("Never", "OnFailure")
VolumeSource = Literal["empty", "config_map", "secret"]
VOLUME_SOURCES: tuple[VolumeSource, ...] = ("empty", "config_map", "secret")
TOLERATION_OPERATORS = ("Exists", "Equal")
TOLERATION_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Define what a container is promised and what it may take, as Kubernetes quantities.

    :param requests: what the scheduler keeps free for it, such as ``{"cpu": "100m"}``.
    :param limits: what it is held to: beyond its memory it is killed, beyond its CPU slowed.
    """

    requests: Mapping[str, str] = field(default_factory=lambda: {"cpu": "100m", "memory": "256Mi"})
    limits: Mapping[str, str] = field(default_factory=lambda: {"memory": "256Mi"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """Define one value of a Kubernetes Secret, referred to and never written down.

    :param secret: the Secret's name, in the Job's namespace.
    :param key: which of its values.
    """

    secret: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Define a directory of the container besides the image's own files.

    :param name: the volume's name, an RFC 1123 label.
    :param path: where the container finds it.
    :param source: ``empty`` is writable and gone with the pod; ``config_map`` and ``secret`` are
        read only.
    :param source_name: the name of the ConfigMap or Secret.
    :param size_limit: of an empty one: the pod is stopped when more is written, such as ``1Gi``.
    """

    name: str
    path: str
    source: VolumeSource = "empty"
    source_name: str | None = None
    size_limit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """Define a taint of nodes that the pod puts up with.

    :param key: the taint's key; without one, and with ``Exists``, every taint.
    :param operator: ``Exists``, or ``Equal`` with a ``value``.
    :param effect: ``NoSchedule``, ``PreferNoSchedule`` or ``NoExecute``; all by default.
    """

    key: str | None = None
    operator: str = "Exists"
    value: str | None = None
    effect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPod:
    """Define what the one container of a Job is given and kept from.

    :param args: the container's arguments; the image's own when left out.
    :param command: the container's entry point; the image's own when left out.
    :param container_name: the container's name; the Job's when left out.
    :param labels: the pod's labels; ``app: <name>`` when left out.
    :param environment: environment variables; never secrets.
    :param secrets: environment variables whose values stand in Kubernetes Secrets.
    :param volumes: directories besides the image's own files, such as one to write to.
    :param resources: 100m of CPU and 256Mi of memory by default, the memory as its limit too;
        ``None`` leaves the cluster's defaults.
    :param node_selector: labels that the node must have.
    :param tolerations: taints that the node may have.
    :param restart_policy: ``Never`` or ``OnFailure``; a Job knows no other.
    :param hardening: what the pod is kept from doing; see ``PodHardening``.
    """

    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    container_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    resources: Resources | None = field(default_factory=Resources)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    restart_policy: RestartPolicy = "Never"
    hardening: PodHardening = field(default_factory=PodHardening)


def pod_faults(pod: JobPod) -> list[Fault]:
    """Check a pod for what the API server, or the kubelet, would refuse."""
    faults = hardening_faults(pod.hardening)
    if pod.container_name is not None:
        faults += [f.under("container_name") for f in dns_label_faults(pod.container_name)]
    if pod.restart_policy not in RESTART_POLICIES:
        faults.append(
            Fault(
                "restart_policy",
                f"a Job's restart_policy is Never or OnFailure, got '{pod.restart_policy}'. "
                "A Job that always restarts would never finish.",
            )
        )
    for key, value in pod.labels.items():
        faults += [fault.under(f"labels.{key}") for fault in label_faults(key, value)]
    for key, value in pod.node_selector.items():
        faults += [fault.under(f"node_selector.{key}") for fault in label_faults(key, value)]
    return [
        *faults,
        *_variable_faults(pod),
        *_resource_faults(pod.resources),
        *_volume_faults(pod.volumes),
        *_toleration_faults(pod.tolerations),
    ]


def _variable_faults(pod: JobPod) -> Iterator[Fault]:
    for where, names in (("environment", pod.environment), ("secrets", pod.secrets)):
        for name in names:
            if not _VARIABLE.fullmatch(name):
                yield Fault(
                    f"{where}.{name}",
                    "an environment variable's name has letters, digits, '_', '.' and '-' and "
                    f"begins with no digit, got '{name[:80]}'. Write it such as 'DB_HOST'.",
                )
    for name in sorted(set(pod.environment) & set(pod.secrets)):
        yield Fault(f"secrets.{name}", f"'{name}' is given in environment as well. Leave one out.")
    for name, reference in pod.secrets.items():
        for fault in dns_subdomain_faults("a Secret's name", reference.secret):
            yield fault.under(f"secrets.{name}.secret")
        if not _KEY.fullmatch(reference.key):
            yield Fault(
                f"secrets.{name}.key",
                "a key of a Secret has up to 253 letters, digits, '-', '_' and '.', "
                f"got '{reference.key[:80]}'. Give the key that it has there.",
            )


def _resource_faults(resources: Resources | None) -> Iterator[Fault]:
    if resources is None:
        return
    for part in ("requests", "limits"):
        for resource, text in getattr(resources, part).items():
            for fault in resource_faults(resource, text):
                yield fault.under(f"resources.{part}.{resource}")
    for resource, text in resources.requests.items():
        if is_extended_resource(resource) and resources.limits.get(resource) != text:
            yield Fault(
                f"resources.requests.{resource}",
                f"as much {resource} is asked for as it is limited to, got {text} with "
                f"{resources.limits.get(resource, 'no limit')}. Say it as the limit alone.",
            )
    for resource, limit in resources.limits.items():
        if is_extended_resource(resource):
            continue
        most, asked = quantity_of(limit), quantity_of(resources.requests.get(resource, "0"))
        if most is not None and asked is not None and asked > most:
            yield Fault(
                f"resources.requests.{resource}",
                f"a container asks for no more {resource} than its limit, got "
                f"{resources.requests[resource]} with a limit of {limit}. "
                "Raise the limit, or ask for less.",
            )


def _volume_faults(volumes: tuple[Volume, ...]) -> Iterator[Fault]:
    names: dict[str, int] = {}
    paths: dict[str, int] = {}
    for index, volume in enumerate(volumes):
        here = f"volumes[{index}]"
        for fault in dns_label_faults(volume.name):
            yield fault.under(f"{here}.name")
        if not volume.path.startswith("/") or ":" in volume.path:
            yield Fault(
                f"{here}.path",
                f"a volume's path is absolute and has no ':', got '{volume.path[:80]}'. "
                "Write it such as '/tmp'.",
            )
        for what, value, taken in (("name", volume.name, names), ("path", volume.path, paths)):
            if value in taken:
                yield Fault(
                    f"{here}.{what}",
                    f"the {what} '{value[:80]}' is taken by volumes[{taken[value]}]. "
                    "Choose another one.",
                )
            taken.setdefault(value, index)
        for fault in _source_faults(volume):
            yield fault.under(here)


def _source_faults(volume: Volume) -> Iterator[Fault]:
    if volume.source not in VOLUME_SOURCES:
        yield Fault(
            "source", f"a volume is {', '.join(VOLUME_SOURCES)}, got '{volume.source[:40]}'."
        )
    elif volume.source == "empty" and volume.source_name is not None:
        yield Fault(
            "source_name",
            f"an empty volume comes from nothing, got '{volume.source_name[:80]}'. "
            "Leave it out, or say source config_map or secret.",
        )
    elif volume.source != "empty":
        if volume.source_name is None:
            yield Fault("source_name", f"which {volume.source} is missing. Give its name.")
        else:
            what = f"the name of a {volume.source}"
            for fault in dns_subdomain_faults(what, volume.source_name):
                yield fault.under("source_name")
        if volume.size_limit is not None:
            yield Fault("size_limit", "only an empty volume has a size_limit. Leave it out.")
    if volume.size_limit is not None:
        for fault in quantity_faults("storage", volume.size_limit):
            yield fault.under("size_limit")


def _toleration_faults(tolerations: tuple[Toleration, ...]) -> Iterator[Fault]:
    for index, toleration in enumerate(tolerations):
        here = f"tolerations[{index}]"
        if toleration.operator not in TOLERATION_OPERATORS:
            yield Fault(
                f"{here}.operator",
                f"a toleration's operator is Exists or Equal, got '{toleration.operator[:40]}'.",
            )
        if toleration.effect is not None and toleration.effect not in TOLERATION_EFFECTS:
            yield Fault(
                f"{here}.effect",
                f"a taint's effect is {', '.join(TOLERATION_EFFECTS)}, "
                f"got '{toleration.effect[:40]}'.",
            )
        if toleration.operator == "Exists" and toleration.value is not None:
            yield Fault(
                f"{here}.value",
                "with the operator Exists any value will do, got one. Say operator Equal, or "
                "leave the value out.",
            )
        if toleration.operator == "Equal" and toleration.key is None:
            yield Fault(f"{here}.key", "the operator Equal needs the taint's key. Give it.")
        if toleration.key is not None:
            for fault in label_faults(toleration.key, toleration.value or ""):
                yield fault.under(f"{here}.key")
