"""Kubernetes objects on both sides, wherever in a cluster's manifests they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from ecrctl.review.findings import canonical_json
from ecrctl.review.resolution.texts import Values

from .comparison import Comparison, ResourceChange
from .resources import Resource, properties
from .workloads import APPLIED, PARAMETER, documents_of

KubernetesObject = Mapping[str, Any]
_Key = tuple[str, str]
_Found = dict[_Key, tuple[ResourceChange, KubernetesObject]]


def object_changes(
    comparison: Comparison,
) -> Iterator[tuple[ResourceChange, KubernetesObject | None, KubernetesObject | None]]:
    """Yield each object that differs, before and after; ``None`` where a side does not have it."""
    before: _Found = {}
    after: _Found = {}
    for change in comparison.of_type(APPLIED, PARAMETER):
        after |= _objects(change, change.head, comparison, is_head=True)
        if change.pair.head is not None and change.impact != "WILL_ORPHAN":
            before |= _objects(change, change.base, comparison, is_head=False)
    for key, (change, old) in before.items():
        _, new = after.get(key, (None, None))
        if canonical_json(old) != canonical_json(new):
            yield change, old, new
    for key, (change, new) in after.items():
        if key not in before:
            yield change, None, new


def _objects(
    change: ResourceChange, resource: Resource | None, comparison: Comparison, *, is_head: bool
) -> _Found:
    stack = change.pair.head if is_head else change.pair.base
    if stack is None or resource is None:
        return {}
    values = Values(stack=stack, side=comparison.head if is_head else comparison.base)
    cluster = values.text(properties(resource).get("ClusterName", ""))
    place = f"{change.pair.environment} {cluster}"
    return {
        (f"{place} {one.get('kind')}", name_of(one)): (change, one)
        for one in documents_of(values, resource)
    }


def spec_of(document: KubernetesObject) -> KubernetesObject:
    """Return an object's spec; an empty one if there is none."""
    found = document.get("spec")
    return found if isinstance(found, Mapping) else {}


def name_of(document: KubernetesObject) -> str:
    """Return an object's namespace and name; of a namespace, the name alone."""
    metadata = document.get("metadata")
    given = metadata if isinstance(metadata, Mapping) else {}
    name = str(given.get("name"))
    is_space = document.get("kind") == "Namespace"
    return name if is_space else f"{given.get('namespace', 'default')}/{name}"
