"""Rules about Kubernetes objects that protect others: network policies, Pod Security, admission.

Sources: Kubernetes documentation, "Network Policies", "Pod Security Admission".
"""

import ipaddress
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.kubernetes_objects import name_of, object_changes, spec_of
from ecrctl.review.diff.resources import mappings
from ecrctl.review.findings import Category, Finding
from ecrctl.review.rules.rule import about, rule

_LOST = Category.PROTECTION_LOST
_POLICY = "NetworkPolicy"
_ADMISSION = (
    "AuthorizationPolicy",
    "ClusterPolicy",
    "LimitRange",
    "MutatingWebhookConfiguration",
    "PeerAuthentication",
    "RequestAuthentication",
    "ResourceQuota",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
)
_ENFORCED = "pod-security.kubernetes.io/enforce"
_LEVELS = ("privileged", "baseline", "restricted")
_DIRECTIONS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))
_Object = Mapping[str, Any]


@rule(_LOST)
def network_policy_weakened(comparison: Comparison) -> Iterator[Finding]:
    """A network policy of Kubernetes is removed, or lets more traffic through."""
    for change, before, after in _changed(comparison):
        if not str(before.get("kind")).endswith(_POLICY):
            continue
        name = name_of(before)
        if after is None:
            yield about(change, f"no longer has the network policy `{name}`", detail=before)
        elif before.get("kind") != _POLICY:
            yield about(
                change,
                f"changes the network policy `{name}`: whether it allows more is not known",
                detail=[before, after],
                is_undecided=True,
            )
        else:
            yield from _policy_findings(change, before, after)


def _policy_findings(change: ResourceChange, before: _Object, after: _Object) -> Iterator[Finding]:
    old, new = spec_of(before), spec_of(after)
    detail = [before, after]
    more = [
        direction
        for direction, field, peers in _DIRECTIONS
        if direction in _directions(old) and not _is_kept(old, new, direction, field, peers)
    ]
    where = f"the network policy `{name_of(before)}`"
    wide = [one for one in more if _is_open(new, one)]
    if wide:
        message = f"allows more in {where}: {' and '.join(wide).lower()}"
        yield about(change, message, detail=detail)
    elif more or old.get("podSelector") != new.get("podSelector"):
        message = f"changes {where}: whether it allows more is not known"
        yield about(change, message, detail=detail, is_undecided=True)


def _directions(spec: _Object) -> Sequence[str]:
    """Return the directions that a policy limits; by default inbound, and outbound with rules."""
    given = spec.get("policyTypes")
    if isinstance(given, list):
        return given
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _is_kept(old: _Object, new: _Object, direction: str, field: str, peers: str) -> bool:
    if direction not in _directions(new):
        return False
    known = [*_allowed(old, field, peers)]
    return all(any(_covers(other, one) for other in known) for one in _allowed(new, field, peers))


def _is_open(spec: _Object, direction: str) -> bool:
    """Return whether a policy allows everything, or a block of addresses, in a direction."""
    if direction not in _directions(spec):
        return True
    field, peers = next(one[1:] for one in _DIRECTIONS if one[0] == direction)
    return any(peer is None or "ipBlock" in peer for peer, _ in _allowed(spec, field, peers))


def _allowed(
    spec: _Object, field: str, peers: str
) -> Iterator[tuple[_Object | None, _Object | None]]:
    """Yield each peer with each port that a policy allows; ``None`` for all."""
    for one in mappings(spec.get(field)):
        every_peer: list[_Object | None] = [*mappings(one.get(peers))]
        every_port: list[_Object | None] = [*mappings(one.get("ports"))]
        yield from itertools.product(every_peer or [None], every_port or [None])


def _covers(
    wide: tuple[_Object | None, _Object | None], narrow: tuple[_Object | None, _Object | None]
) -> bool:
    has_port = wide[1] is None or wide[1] == narrow[1]
    is_same = wide[0] is None or wide[0] == narrow[0]
    return has_port and (is_same or _block_covers(wide[0], narrow[0]))


def _block_covers(wide: _Object | None, narrow: _Object | None) -> bool:
    try:
        outer, inner = (
            ipaddress.ip_network(one["ipBlock"]["cidr"], strict=False)  # type: ignore[index]
            for one in (wide, narrow)
        )
        excluded = set((wide or {})["ipBlock"].get("except", []))
        kept = set((narrow or {})["ipBlock"].get("except", []))
    except (KeyError, TypeError, ValueError):
        return False
    is_within = inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
    return is_within and excluded <= kept


@rule(_LOST)
def pod_security_weakened(comparison: Comparison) -> Iterator[Finding]:
    """A namespace enforces a weaker Pod Security Standard."""
    for change, before, after in _changed(comparison):
        if before.get("kind") != "Namespace" or after is None:
            continue
        old, new = _enforced(before), _enforced(after)
        if old != new and not (
            old in _LEVELS and new in _LEVELS and _LEVELS.index(old) < _LEVELS.index(new)
        ):
            yield about(
                change,
                f"enforces the Pod Security Standard `{new}` instead of `{old}` in the namespace "
                f"`{name_of(before)}`",
                detail=[old, new],
                is_undecided=new not in _LEVELS,
            )


def _enforced(namespace: _Object) -> str:
    labels = namespace.get("metadata", {}).get("labels")
    return str((labels if isinstance(labels, Mapping) else {}).get(_ENFORCED, _LEVELS[0]))


@rule(_LOST)
def admission_weakened(comparison: Comparison) -> Iterator[Finding]:
    """An object that checks what enters a cluster is removed or changed."""
    for change, before, after in _changed(comparison):
        if not _admits(before):
            continue
        what = f"{before.get('kind')} `{name_of(before)}`"
        if after is None:
            yield about(change, f"no longer has the {what}", detail=before)
        elif before != after:
            yield about(
                change,
                f"changes the {what}: whether it checks less is not known",
                detail=[before, after],
                is_undecided=True,
            )


def _admits(document: _Object) -> bool:
    is_constraint = str(document.get("apiVersion")).startswith("constraints.gatekeeper.sh/")
    return is_constraint or document.get("kind") in _ADMISSION


@rule(_LOST)
def service_exposed(comparison: Comparison) -> Iterator[Finding]:
    """A Service or an Ingress is reachable from outside of the cluster."""
    for change, before, after in _changed(comparison):
        if after is None or before.get("kind") not in ("Ingress", "Service"):
            continue
        gained = sorted(set(_exposure(after)) - set(_exposure(before)))
        if gained:
            what = f"{before.get('kind')} `{name_of(before)}`"
            yield about(change, f"exposes the {what}: {', '.join(gained)}", detail=[before, after])


def _exposure(document: _Object) -> Iterator[str]:
    kind = spec_of(document).get("type")
    if kind in ("LoadBalancer", "NodePort"):
        yield f"type `{kind}`"
    metadata = document.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    for name, value in (annotations if isinstance(annotations, Mapping) else {}).items():
        if str(name).endswith("scheme") and value == "internet-facing":
            yield f"`{name}` is `{value}`"


def _changed(comparison: Comparison) -> Iterator[tuple[ResourceChange, _Object, _Object | None]]:
    """Yield each object of the base side that changes, with the one of the head side."""
    for change, before, after in object_changes(comparison):
        if before is not None:
            yield change, before, after
