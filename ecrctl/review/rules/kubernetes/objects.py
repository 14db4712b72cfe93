"""Rules about Kubernetes objects that are removed, and about kinds that no other rule judges.

Source: Kubernetes API reference, and "Disruptions".
"""

from collections.abc import Iterator, Mapping

from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.kubernetes_objects import (
    KubernetesObject,
    name_of,
    object_changes,
    spec_of,
)
from ecrctl.review.diff.value_diff import differing_values
from ecrctl.review.diff.workloads import images_in
from ecrctl.review.findings import Category, Finding
from ecrctl.review.protective_properties import is_protective
from ecrctl.review.rules.rule import about, rule
from ecrctl.review.rules.unknown.unjudged import is_telling

from .delivery import delivers

_MOST_SHOWN = 4
_BUDGET = "PodDisruptionBudget"
_DATA: Mapping[str, str] = {
    "CustomResourceDefinition": "all objects of its kind",
    "Namespace": "everything in it",
    "PersistentVolume": "its data",
    "PersistentVolumeClaim": "its data",
    "VolumeSnapshot": "its data",
}
# What reads, reaches or starts with these no longer does.
_DEPENDED_ON = frozenset(
    {
        "APIService",
        "ConfigMap",
        "EndpointSlice",
        "Endpoints",
        "Gateway",
        "GatewayClass",
        "HTTPRoute",
        "HorizontalPodAutoscaler",
        "Ingress",
        "IngressClass",
        "PriorityClass",
        "RuntimeClass",
        "Secret",
        "Service",
        "ServiceAccount",
        "StorageClass",
    }
)
# Rules of their own judge these.
_JUDGED = frozenset(
    {
        *("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        *("LimitRange", "ResourceQuota"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("AuthorizationPolicy", "ClusterPolicy", "PeerAuthentication", "RequestAuthentication"),
        *("CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"),
        *("ReplicationController", "List", "Event", "Lease"),
    }
)
_KNOWN = {*_DATA, *_DEPENDED_ON, *_JUDGED, _BUDGET}


@rule(Category.DATA_LOSS)
def object_with_data_removed(comparison: Comparison) -> Iterator[Finding]:
    """A namespace, a volume or a custom resource definition is removed from a cluster."""
    for change, before in _removed(comparison):
        kind = str(before.get("kind"))
        if kind in _DATA:
            message = f"removes the {kind} `{name_of(before)}`, and with it {_DATA[kind]}"
            yield about(change, message, detail=before)


@rule(Category.PROTECTION_LOST)
def disruption_budget_weakened(comparison: Comparison) -> Iterator[Finding]:
    """A PodDisruptionBudget is removed, or allows the eviction of more pods."""
    for change, before, after in object_changes(comparison):
        if before is None or before.get("kind") != _BUDGET:
            continue
        name = f"the {_BUDGET} `{name_of(before)}`"
        if after is None:
            yield about(change, f"no longer has {name}", detail=before)
        elif _limits(before) != _limits(after) and not _is_stricter(before, after):
            message = f"changes {name}: whether more pods may be evicted is not known"
            yield about(change, message, detail=[before, after], is_undecided=True)


def _limits(document: KubernetesObject) -> KubernetesObject:
    names = ("maxUnavailable", "minAvailable", "selector", "unhealthyPodEvictionPolicy")
    return {name: spec_of(document).get(name) for name in names}


def _is_stricter(before: KubernetesObject, after: KubernetesObject) -> bool:
    """Return whether only the limit moves, and towards fewer evictions."""
    old, new = _limits(before), _limits(after)
    changed = [name for name in old if old[name] != new[name]]
    values = [_number(side[changed[0]]) for side in (old, new)]
    if len(changed) != 1 or None in values or _unit(old[changed[0]]) != _unit(new[changed[0]]):
        return False
    least, most = values if changed[0] == "minAvailable" else reversed(values)
    is_limit = changed[0] in ("maxUnavailable", "minAvailable")
    return is_limit and least is not None and most is not None and least < most


def _unit(value: object) -> bool:
    return str(value).endswith("%")


def _number(value: object) -> int | None:
    text = str(value).removesuffix("%")
    return int(text) if text.isascii() and text.isdigit() else None


@rule(Category.WORKLOADS)
def object_removed(comparison: Comparison) -> Iterator[Finding]:
    """An object that pods read, or that others reach them through, is removed."""
    for change, before in _removed(comparison):
        if before.get("kind") in _DEPENDED_ON:
            message = f"removes the {before.get('kind')} `{name_of(before)}`"
            yield about(change, f"{message}, which others may depend on", detail=before)


@rule(Category.NOT_JUDGED)
def object_not_judged(comparison: Comparison) -> Iterator[Finding]:
    """An object of an unknown kind is removed, or what looks like access in it changes."""
    for change, before, after in object_changes(comparison):
        document = after or before or {}
        if not _is_unknown(document):
            continue
        what = f"the {document.get('kind')} `{name_of(document)}`, which no rule of this review"
        if after is None:
            yield about(change, f"removes {what} knows", detail=before)
            continue
        paths = [
            path
            for path, *values in differing_values(before or {}, after)
            if not path.startswith(("metadata.", "status."))
            if is_protective(path) or is_telling(path, values, is_new=before is None)
        ]
        if paths:
            names = listed(first_few([f"`{one}`" for one in dict.fromkeys(paths)], _MOST_SHOWN))
            message = f"{'changes' if before else 'adds'} {what} judges: {names}"
            yield about(change, message, detail=[before, after])


def _is_unknown(document: KubernetesObject) -> bool:
    kind = str(document.get("kind"))
    is_policy = kind.endswith("NetworkPolicy")
    is_constraint = str(document.get("apiVersion")).startswith("constraints.gatekeeper.sh/")
    is_judged = kind in _KNOWN or is_policy or is_constraint
    return not (is_judged or delivers(document) or images_in(document))


def _removed(comparison: Comparison) -> Iterator[tuple[ResourceChange, KubernetesObject]]:
    for change, before, after in object_changes(comparison):
        if before is not None and after is None:
            yield change, before
