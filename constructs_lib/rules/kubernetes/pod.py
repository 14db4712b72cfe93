"""The pod of a Job: its one container, its volumes and its tolerations.

Sources: Kubernetes API reference, "Pod v1 core"; Kubernetes documentation, "Resource Management
for Pods and Containers" and "Taints and Tolerations".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from constructs_lib.rules.faults import Fault, faults_unless, taken_faults, under, word_faults
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

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
RESTART_POLICIES: tuple[RestartPolicy, ...] = get_args(RestartPolicy)
VolumeSource = Literal["empty", "config_map", "secret"]
VOLUME_SOURCES: tuple[VolumeSource, ...] = get_args(VolumeSource)
TOLERATION_OPERATORS = ("Exists", "Equal")
TOLERATION_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
SECRET_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}")


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The resources that a container requests, and their limits, as Kubernetes quantities.

    :param requests: the amounts that the scheduler reserves, such as ``{"cpu": "100m"}``; by
        default 100m of CPU and 256Mi of memory.
    :param limits: the most that the container can use: above the memory limit it is killed, above
        the CPU limit throttled. By default 256Mi of memory.
    """

    requests: Mapping[str, str] = field(default_factory=lambda: {"cpu": "100m", "memory": "256Mi"})
    limits: Mapping[str, str] = field(default_factory=lambda: {"memory": "256Mi"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A reference to one value of a Kubernetes Secret.

    :param secret: the name of the Secret, which must be in the Job's namespace.
    :param key: the key of the value in the Secret.
    """

    secret: str
    key: str


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume, and the directory of the container at which it is mounted.

    :param name: the volume's name, an RFC 1123 label.
    :param path: the absolute path of the directory in the container, such as ``/tmp``.
    :param source: ``empty`` (the default) is writable and deleted with the pod; ``config_map`` and
        ``secret`` are read-only.
    :param source_name: the name of the ConfigMap or Secret; only for those two sources.
    :param size_limit: the size of an empty volume, such as ``1Gi``; a pod that writes more is
        evicted. No limit by default.
    """

    name: str
    path: str
    source: VolumeSource = "empty"
    source_name: str | None = None
    size_limit: str | None = None


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """A toleration: the taints of nodes on which the pod may still run.

    :param key: the taint's key; by default, with ``Exists``, every taint.
    :param operator: ``Exists`` (the default), or ``Equal`` to a ``value``.
    :param value: the taint's value, required by ``Equal`` and refused by ``Exists``.
    :param effect: ``NoSchedule``, ``PreferNoSchedule`` or ``NoExecute``; all three by default.
    """

    key: str | None = None
    operator: str = "Exists"
    value: str | None = None
    effect: str | None = None


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class JobPod:
    """The pod of a Job, and its one container.

    :param args: the container's arguments; by default the image's.
    :param command: the container's entry point; by default the image's.
    :param container_name: the container's name; by default the Job's.
    :param labels: the pod's labels; by default ``app: <name>``.
    :param environment: environment variables; do not put secrets here.
    :param secrets: environment variables whose values are in Kubernetes Secrets.
    :param volumes: volumes to mount, such as one that is writable; by default none.
    :param resources: requests and limits; by default 100m of CPU and 256Mi of memory, and a limit
        of 256Mi of memory. ``None`` applies the cluster's defaults.
    :param node_selector: labels that the node must have; by default none.
    :param tolerations: taints that the node may have; by default none.
    :param restart_policy: ``Never`` (the default) or ``OnFailure``, the two that a Job can have.
    :param hardening: the restrictions of the pod; by default all of ``PodHardening``.
    """

    args: ListOf[str] = ()
    command: ListOf[str] = ()
    container_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretKey] = field(default_factory=dict)
    volumes: ListOf[Volume] = ()
    resources: Resources | None = field(default_factory=Resources)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: ListOf[Toleration] = ()
    restart_policy: RestartPolicy = "Never"
    hardening: PodHardening = field(default_factory=PodHardening)


def pod_faults(pod: JobPod) -> Iterator[Fault]:
    """Yield the faults for which the API server, or the kubelet, would refuse a pod."""
    yield from hardening_faults(pod.hardening)
    if pod.container_name is not None:
        yield from under("container_name", dns_label_faults(pod.container_name))
    yield from word_faults(
        "restart_policy",
        pod.restart_policy,
        RESTART_POLICIES,
        cure="A Job that always restarts would never finish.",
    )
    for part in ("labels", "node_selector"):
        for key, value in getattr(pod, part).items():
            yield from under(f"{part}.{key}", label_faults(key, value))
    yield from _variable_faults(pod)
    yield from under("resources", _resource_faults(pod.resources) if pod.resources else ())
    yield from _volume_faults(pod.volumes)
    for index, toleration in enumerate(pod.tolerations):
        yield from under(f"tolerations[{index}]", _toleration_faults(toleration))


def _variable_faults(pod: JobPod) -> Iterator[Fault]:
    for part in ("environment", "secrets"):
        for name in getattr(pod, part):
            yield from faults_unless(
                VARIABLE.fullmatch(name),
                "an environment variable's name must have letters, digits, '_', '.' and '-' and "
                f"cannot begin with a digit, got '{name[:80]}'. Write it like 'DB_HOST'.",
                path=f"{part}.{name}",
            )
    for name in sorted(set(pod.environment) & set(pod.secrets)):
        yield Fault(f"secrets.{name}", f"'{name}' is in environment as well. Remove one of them.")
    for name, reference in pod.secrets.items():
        path = f"secrets.{name}"
        name_faults = dns_subdomain_faults("a Secret's name", reference.secret)
        yield from under(f"{path}.secret", name_faults)
        yield from faults_unless(
            SECRET_KEY.fullmatch(reference.key),
            "a key of a Secret must have up to 253 letters, digits, '-', '_' and '.', "
            f"got '{reference.key[:80]}'. Write the key that the Secret has.",
            path=f"{path}.key",
        )


def _resource_faults(resources: Resources) -> Iterator[Fault]:
    for part in ("requests", "limits"):
        for resource, text in getattr(resources, part).items():
            yield from under(f"{part}.{resource}", resource_faults(resource, text))
    for resource, text in resources.requests.items():
        if is_extended_resource(resource):
            yield from faults_unless(
                resources.limits.get(resource) == text,
                f"the request for the extended resource {resource} must equal its limit, got "
                f"request {text}, {_limit_text(resources, resource)}. Write the limit alone.",
                path=f"requests.{resource}",
            )
            continue
        most, asked = quantity_of(resources.limits.get(resource, text)), quantity_of(text)
        yield from faults_unless(
            most is None or asked is None or asked <= most,
            f"the request for {resource} cannot exceed its limit, got request {text}, "
            f"{_limit_text(resources, resource)}. Raise the limit, or request less.",
            path=f"requests.{resource}",
        )


def _limit_text(resources: Resources, resource: str) -> str:
    limit = resources.limits.get(resource)
    return f"limit {limit}" if limit else "no limit"


def _volume_faults(volumes: Sequence[Volume]) -> Iterator[Fault]:
    places = {f"volumes[{index}]": volume for index, volume in enumerate(volumes)}
    for setting in ("name", "path"):
        yield from taken_faults(
            setting, ((place, getattr(volume, setting)) for place, volume in places.items())
        )
    for place, volume in places.items():
        yield from under(f"{place}.name", dns_label_faults(volume.name))
        yield from faults_unless(
            volume.path.startswith("/") and ":" not in volume.path,
            f"a volume's path must be absolute and have no ':', got '{volume.path[:80]}'. "
            "Write it like '/tmp'.",
            path=f"{place}.path",
        )
        yield from under(place, _source_faults(volume))


def _source_faults(volume: Volume) -> Iterator[Fault]:
    name = volume.source_name
    if volume.source not in VOLUME_SOURCES:
        yield from word_faults("source", volume.source, VOLUME_SOURCES)
    elif volume.source == "empty" and name is not None:
        yield Fault(
            "source_name",
            f"source_name is only for config_map and secret volumes, got '{name[:80]}'. "
            "Remove source_name, or set source to config_map or secret.",
        )
    elif volume.source != "empty":
        what = "Secret's" if volume.source == "secret" else "ConfigMap's"
        if name is None:
            yield Fault("source_name", f"source_name is required, got none. Add the {what} name.")
        else:
            yield from under("source_name", dns_subdomain_faults(f"a {what} name", name))
        if volume.size_limit is not None:
            yield Fault("size_limit", "only an empty volume can have a size_limit. Remove it.")
    if volume.size_limit is not None:
        yield from under("size_limit", quantity_faults("storage", volume.size_limit))


def _toleration_faults(toleration: Toleration) -> Iterator[Fault]:
    yield from word_faults("operator", toleration.operator, TOLERATION_OPERATORS)
    yield from word_faults("effect", toleration.effect, TOLERATION_EFFECTS, optional=True)
    if toleration.operator == "Exists" and toleration.value is not None:
        yield Fault(
            "value",
            f"the operator Exists takes no value, got '{toleration.value[:40]}'. Set the operator "
            "to Equal, or remove the value.",
        )
    if toleration.operator == "Equal" and toleration.key is None:
        yield Fault("key", "the operator Equal requires the taint's key, got none. Add it.")
    if toleration.key is not None:
        yield from under("key", label_faults(toleration.key, toleration.value or ""))
