"""What runs images: task definitions, and whatever of Kubernetes has a pod, in one form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from constructs_lib.rules.ecs.hardening import hardened_faults
from constructs_lib.rules.kubernetes.hardening import restricted_faults
from constructs_lib.rules.kubernetes.manifest import VERSION_ANNOTATION, VERSION_LABEL
from ecrctl.review.resource_types import TASK_DEFINITION

from .comparison import Comparison, Resource, ResourceChange, mappings, properties
from .intrinsics import Values

APPLIED = "Custom::AWSCDK-EKS-KubernetesResource"
PARAMETER = "AWS::SSM::Parameter"
WORKLOAD_TYPES = (TASK_DEFINITION, APPLIED, PARAMETER)
VERSION_DOCKER_LABEL = "org.opencontainers.image.version"

_HASH_SUFFIX = re.compile(r"-[0-9a-f]{10}$")
_REFERENCE = re.compile(
    r"(?P<host>(?:[^/]*\.[^/]*|localhost)(?::\d+)?/)?(?P<repository>[^@:]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_PODS = {"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """Define an image as a workload refers to it.

    :param version: the tag it has, or the label that says what tag its digest had.
    """

    uri: str
    version: str | None

    @property
    def repository(self) -> str:
        """Give the registry and repository, without tag and digest."""
        found = _REFERENCE.fullmatch(self.uri)
        return f"{found['host'] or ''}{found['repository']}" if found else self.uri

    @property
    def digest(self) -> str | None:
        """Give the digest, where the workload names one."""
        found = _REFERENCE.fullmatch(self.uri)
        return found["digest"] if found else None

    @property
    def tag(self) -> str | None:
        """Give the tag, or the one that a label keeps beside the digest."""
        found = _REFERENCE.fullmatch(self.uri)
        return (found["tag"] if found else None) or self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Define something that runs images.

    :param kind: ``task definition``, or Kubernetes' own word for it.
    :param name: its name, without the hash that a Job's carries.
    :param full_name: its name as it is.
    :param images: what each container runs.
    :param faults: what it is not kept from, each with the path to it.
    :param identities: what it acts as, by what that is called.
    """

    kind: str
    name: str
    full_name: str
    images: Mapping[str, ImageReference]
    faults: frozenset[str]
    identities: Mapping[str, str]
    document: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """Give what tells it from others of the same resource."""
        metadata = self.document.get("metadata")
        space = metadata.get("namespace") if isinstance(metadata, Mapping) else None
        return self.kind, f"{space or ''}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadChange:
    """Define one workload on both sides."""

    change: ResourceChange
    base: Workload | None
    head: Workload | None

    @property
    def workload(self) -> Workload:
        """Give the workload as it will be, or else as it was."""
        workload = self.head or self.base
        assert workload is not None  # noqa: S101 - a change of nothing is never made
        return workload

    @property
    def subject(self) -> str:
        """Give what a person calls it."""
        return f"{self.workload.kind} {self.workload.name}"


def workload_changes(comparison: Comparison) -> Iterator[WorkloadChange]:
    """Give every workload of every resource that differs."""
    for change in comparison.of_type(*WORKLOAD_TYPES):
        before, after = (
            {one.key: one for one in workloads_of(values, resource)}
            for values, resource in both_sides(comparison, change)
        )
        for key in {**before, **after}:
            yield WorkloadChange(change=change, base=before.get(key), head=after.get(key))


def both_sides(
    comparison: Comparison, change: ResourceChange
) -> list[tuple[Values | None, Resource | None]]:
    """Give a resource on both sides, each with how its values are read."""
    pair = change.pair
    return [
        (Values(stack=pair.base, side=comparison.base) if pair.base else None, change.base),
        (Values(stack=pair.head, side=comparison.head) if pair.head else None, change.head),
    ]


def workloads_of(values: Values | None, resource: Resource | None) -> Iterator[Workload]:
    """Give what a resource runs."""
    if values is None or resource is None:
        return
    given = properties(resource)
    if resource.get("Type") == TASK_DEFINITION:
        yield _task(values, given)
        return
    for document in documents_of(values, resource):
        if document.get("kind") in _PODS:
            yield _pod(document)


def documents_of(values: Values, resource: Resource) -> Sequence[Mapping[str, Any]]:
    """Give the objects of Kubernetes that a resource holds."""
    name = "Value" if resource.get("Type") == PARAMETER else "Manifest"
    return _documents(values.text(properties(resource).get(name, "")))


def _task(values: Values, given: Mapping[str, Any]) -> Workload:
    containers = mappings(given.get("ContainerDefinitions"))
    family = values.text(given.get("Family", "task"))
    return Workload(
        kind="task definition",
        name=family,
        full_name=family,
        images={
            str(one.get("Name")): ImageReference(
                uri=values.text(one.get("Image", "")),
                version=_label(one.get("DockerLabels")),
            )
            for one in containers
        },
        faults=frozenset(
            f"container {one.get('Name')}: {fault.message.rstrip('.')}"
            for one in containers
            for fault in hardened_faults(one)
        ),
        identities={
            name: values.text(given[key])
            for name, key in (("task role", "TaskRoleArn"), ("execution role", "ExecutionRoleArn"))
            if key in given
        },
        document=given,
    )


def _label(labels: Any) -> str | None:
    given = labels.get(VERSION_DOCKER_LABEL) if isinstance(labels, Mapping) else None
    return given if isinstance(given, str) else None


def _pod(document: Mapping[str, Any]) -> Workload:
    pod, metadata = pod_of(document), document.get("metadata", {})
    version = metadata.get("labels", {}).get(VERSION_LABEL)
    version = version or metadata.get("annotations", {}).get(VERSION_ANNOTATION)
    containers = [*pod.get("initContainers", []), *pod.get("containers", [])]
    name = str(metadata.get("name"))
    shared = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    return Workload(
        kind=str(document["kind"]),
        name=_HASH_SUFFIX.sub("", name) if document["kind"] == "Job" else name,
        full_name=name,
        images={
            str(one.get("name")): ImageReference(uri=str(one.get("image")), version=version)
            for one in containers
        },
        faults=frozenset(
            [
                *(_pod_fault(fault.path, fault.message, pod) for fault in restricted_faults(pod)),
                *(f"it shares the node's {key.removeprefix('host')}" for key in shared),
            ]
        ),
        identities={"service account": str(pod.get("serviceAccountName", "default"))},
        document=document,
    )


def _pod_fault(path: str, message: str, pod: Mapping[str, Any]) -> str:
    found = re.match(r"containers\[(\d+)\]", path)
    if found is None:
        return message.rstrip(".")
    return f"container {pod['containers'][int(found[1])].get('name')}: {message.rstrip('.')}"


def pod_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the spec of the pods that an object of Kubernetes makes, or is."""
    spec = document.get("spec", {})
    if document.get("kind") == "CronJob":
        spec = spec.get("jobTemplate", {}).get("spec", {})
    pod: Mapping[str, Any] = (
        spec if document.get("kind") == "Pod" else spec.get("template", {}).get("spec", {})
    )
    return pod


@cache
def _documents(text: str) -> tuple[Mapping[str, Any], ...]:
    """Read what is applied to a cluster: a list of JSON, or YAML of one or more documents."""
    if "kind" not in text:
        return ()
    try:
        given = json.loads(text) if text.startswith("[") else list(yaml.safe_load_all(text))
    except (ValueError, yaml.YAMLError):
        return ()
    objects = [one for one in given if isinstance(one, Mapping)]
    listed = [
        one for each in objects if each.get("kind") == "List" for one in each.get("items", [])
    ]
    return tuple(one for one in (*objects, *listed) if isinstance(one, Mapping))
