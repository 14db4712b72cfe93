"""Workloads: task definitions, and the Kubernetes objects that have a pod, in one form."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from constructs_lib.rules.ecs.hardening import hardened_faults
from constructs_lib.rules.kubernetes.hardening import restricted_faults
from constructs_lib.rules.kubernetes.manifest import VERSION_ANNOTATION, VERSION_LABEL
from constructs_lib.rules.policy.lists import as_list
from ecrctl.cdk.assemblies import Stack
from ecrctl.review.resolution.canonical import function_of
from ecrctl.review.resolution.texts import Values
from ecrctl.review.resource_types import resource_type, word_of
from ecrctl.review.type_names import TASK_DEFINITION

from .comparison import Comparison, ResourceChange
from .image_properties import IMAGE_PROPERTIES, values_at
from .resources import Resource, mappings, path_of, properties
from .texts_in_templates import documents_in

APPLIED = "Custom::AWSCDK-EKS-KubernetesResource"
PARAMETER = "AWS::SSM::Parameter"
WORKLOAD_TYPES = (TASK_DEFINITION, APPLIED, PARAMETER, *IMAGE_PROPERTIES)
VERSION_DOCKER_LABEL = "org.opencontainers.image.version"
# The display words of the identities, by the name of their property.
IDENTITY_WORDS = {
    "TaskRoleArn": "task role",
    "ExecutionRoleArn": "execution role",
    "serviceAccountName": "service account",
}

_HASH_SUFFIX = re.compile(r"-[0-9a-f]{10}$")
_REFERENCE = re.compile(
    r"(?P<host>(?:[^/]*\.[^/]*|localhost)(?::\d+)?/)?(?P<repository>[^@:]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_CONTAINER = re.compile(r"(\w*[cC]ontainers)\[(\d+)\]")
_WITHOUT_IMAGES = {"ConfigMap", "CustomResourceDefinition", "List", "Secret"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReference:
    """A workload's reference to an image.

    :param version: the image's tag, or the label with the tag that its digest had.
    """

    uri: str
    version: str | None

    @property
    def repository(self) -> str:
        """Return the registry and repository, without tag and digest."""
        return f"{self.registry}/{self.name}" if self.registry else self.name

    @property
    def registry(self) -> str:
        """Return the registry's host; empty where the reference has none."""
        found = _REFERENCE.fullmatch(self.uri)
        return (found["host"] or "").removesuffix("/") if found else ""

    @property
    def name(self) -> str:
        """Return the repository's name, without the registry."""
        found = _REFERENCE.fullmatch(self.uri)
        return found["repository"] if found else self.uri

    @property
    def digest(self) -> str | None:
        """Return the digest, if the reference has one."""
        found = _REFERENCE.fullmatch(self.uri)
        return found["digest"] if found else None

    @property
    def tag(self) -> str | None:
        """Return the tag, or the version label of a reference by digest."""
        found = _REFERENCE.fullmatch(self.uri)
        return (found["tag"] if found else None) or self.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A workload.

    :param kind: the CloudFormation type of a task definition, or the Kubernetes kind.
    :param name: the name, without the hash in a Job's name.
    :param full_name: the name with that hash.
    :param images: the image of each container.
    :param faults: the missing hardening, as sentences with the container's name.
    :param identities: the roles or the service account, by the property that names them.
    :param document: the properties of a task definition, or the Kubernetes object.
    """

    kind: str
    name: str
    full_name: str
    images: Mapping[str, ImageReference]
    faults: frozenset[str]
    identities: Mapping[str, str]
    document: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """Return the display name."""
        row = IMAGE_PROPERTIES.get(self.kind)
        return f"{row.word if row else word_of(self.kind)} {self.name}"

    @property
    def key(self) -> tuple[str, str]:
        """Return the identity of the workload within its resource."""
        space = _metadata_of(self.document).get("namespace")
        return self.kind, f"{space or ''}/{self.name}"

    @property
    def evidence(self) -> object:
        """Return everything that a rule may report, with references resolved and no wording."""
        images = {name: [one.uri, one.version] for name, one in self.images.items()}
        return [self.full_name, images, self.identities, self.document]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadChange:
    """One workload on both sides; ``None`` on a side that does not have it."""

    change: ResourceChange
    base: Workload | None
    head: Workload | None

    @property
    def workload(self) -> Workload:
        """Return the workload of the head side, or of the base side if there is no other."""
        workload = self.head or self.base
        assert workload is not None  # noqa: S101 - a change of nothing is never made
        return workload

    @property
    def subject(self) -> str:
        """Return the display name."""
        return self.workload.subject

    @property
    def evidence(self) -> object:
        """Return the evidence of both sides."""
        return [
            self.base.evidence if self.base else None,
            self.head.evidence if self.head else None,
        ]


@cache
def workload_changes(comparison: Comparison) -> Sequence[WorkloadChange]:
    """Return every workload of every resource that differs."""
    found = []
    for change in comparison.of_type(*WORKLOAD_TYPES):
        pair = change.pair
        before = _workloads_by_key(pair.base, comparison.base, change.base, change.logical_id)
        after = _workloads_by_key(pair.head, comparison.head, change.head, change.logical_id)
        found += [
            WorkloadChange(change=change, base=before.get(key), head=after.get(key))
            for key in {**before, **after}
        ]
    return found


def _workloads_by_key(
    stack: Stack | None, side: Sequence[Stack], resource: Resource | None, logical_id: str
) -> dict[tuple[str, str], Workload]:
    if stack is None or resource is None:
        return {}
    values = Values(stack=stack, side=side)
    return {one.key: one for one in workloads_of(values, resource, logical_id)}


def workloads_of(values: Values, resource: Resource, logical_id: str) -> Iterator[Workload]:
    """Yield the workloads of a resource."""
    kind = str(resource.get("Type"))
    if kind == TASK_DEFINITION:
        yield _task(values, properties(resource))
    elif kind in IMAGE_PROPERTIES:
        yield _other_workload(values, kind, resource, logical_id)
    else:
        for document in documents_of(values, resource):
            if document.get("kind") not in _WITHOUT_IMAGES and images_in(document):
                yield _pod(document)


def _other_workload(values: Values, kind: str, resource: Resource, logical_id: str) -> Workload:
    given, row = properties(resource), IMAGE_PROPERTIES[kind]
    named = given.get(resource_type(kind).name_property)
    name = named if isinstance(named, str) else path_of(logical_id, resource)
    return Workload(
        kind=kind,
        name=name,
        full_name=name,
        images={
            place: ImageReference(uri=values.text(value), version=None)
            for path in row.images
            for place, value in values_at(given, path)
        },
        faults=frozenset(),
        identities={
            place: values.text(value)
            for path in row.identities
            for place, value in values_at(given, path)
        },
        document=given,
    )


def documents_of(values: Values, resource: Resource) -> Sequence[Mapping[str, Any]]:
    """Return the Kubernetes objects in a resource."""
    name = "Value" if resource.get("Type") == PARAMETER else "Manifest"
    return _documents(values.text(properties(resource).get(name, "")))


def _task(values: Values, given: Mapping[str, Any]) -> Workload:
    listed = given.get("ContainerDefinitions")
    containers = mappings(listed)
    # Only the deployment knows what a function returns in place of a container, or of all.
    unknown = [one for one in as_list(listed) if function_of(one) is not None]
    containers = [one for one in containers if function_of(one) is None]
    family = values.text(given.get("Family", "task"))
    return Workload(
        kind=TASK_DEFINITION,
        name=family,
        full_name=family,
        images={
            str(one.get("Name")): ImageReference(
                uri=values.text(one.get("Image", "")), version=_label(one.get("DockerLabels"))
            )
            for one in containers
        }
        | {
            f"container {number}": ImageReference(uri=values.text(one), version=None)
            for number, one in enumerate(unknown, start=1)
        },
        faults=frozenset(
            f"container {one.get('Name')}: {fault.message.rstrip('.')}"
            for one in containers
            for fault in hardened_faults(one)
        ),
        identities={
            name: values.text(given[name])
            for name in ("TaskRoleArn", "ExecutionRoleArn")
            if name in given
        },
        document=given,
    )


def _label(labels: Any) -> str | None:
    given = labels.get(VERSION_DOCKER_LABEL) if isinstance(labels, Mapping) else None
    return given if isinstance(given, str) else None


def _pod(document: Mapping[str, Any]) -> Workload:
    pod, metadata = pod_of(document), _metadata_of(document)
    version = metadata.get("labels", {}).get(VERSION_LABEL)
    version = version or metadata.get("annotations", {}).get(VERSION_ANNOTATION)
    name = str(metadata.get("name"))
    # An object of another kind, such as a pipeline, may run images without a pod of its own.
    faults = restricted_faults(pod) if pod else ()
    shared = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    return Workload(
        kind=str(document.get("kind")),
        name=_HASH_SUFFIX.sub("", name) if document.get("kind") == "Job" else name,
        full_name=name,
        images={
            container: ImageReference(uri=uri, version=version)
            for container, uri in images_in(document).items()
        },
        faults=frozenset(
            [
                *(_pod_fault(one.path, one.message, pod) for one in faults),
                *(f"it shares the node's {key.removeprefix('host')}" for key in shared),
            ]
        ),
        identities={"serviceAccountName": str(pod.get("serviceAccountName", "default"))},
        document=document,
    )


def _metadata_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = document.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _pod_fault(path: str, message: str, pod: Mapping[str, Any]) -> str:
    found = _CONTAINER.match(path)
    if found is None:
        return message.rstrip(".")
    container = pod[found[1]][int(found[2])]
    return f"container {container.get('name')}: {message.rstrip('.')}"


def pod_of(document: Any) -> Mapping[str, Any]:
    """Return the pod spec in a Kubernetes object of any kind; an empty one if there is none.

    Custom resources, such as those of a rollout controller, have one in a place of their own.
    """
    if isinstance(document, list):
        return next(filter(None, map(pod_of, document)), {})
    if not isinstance(document, Mapping):
        return {}
    containers = document.get("containers")
    if isinstance(containers, list) and all(isinstance(one, Mapping) for one in containers):
        return document
    return next(filter(None, map(pod_of, document.values())), {})


def images_in(document: Any, place: str = "") -> dict[str, str]:
    """Return every image in a Kubernetes object, by the name of its container or its place."""
    found: dict[str, str] = {}
    if isinstance(document, Mapping):
        image = document.get("image")
        image = image.get("reference") if isinstance(image, Mapping) else image  # of a volume
        if isinstance(image, str):
            found[str(document.get("name", place))] = image
        for name, item in document.items():
            found |= images_in(item, name)
    elif isinstance(document, list):
        for number, item in enumerate(document):
            found |= images_in(item, f"{place} {number}")
    return found


@cache
def _documents(text: str) -> tuple[Mapping[str, Any], ...]:
    """Return the objects in a manifest: a JSON list, or YAML with one or more documents."""
    if "kind" not in text:
        return ()
    try:
        given = documents_in(text)
    except ValueError:
        return ()
    objects = [one for one in given if isinstance(one, Mapping)]
    listed = [
        one for each in objects if each.get("kind") == "List" for one in mappings(each.get("items"))
    ]
    return tuple(one for one in (*objects, *listed) if isinstance(one, Mapping))
