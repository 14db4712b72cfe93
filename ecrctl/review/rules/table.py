"""The table of rules, and the findings of all of them."""

from collections.abc import Iterable, Iterator
from types import ModuleType

from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.findings import DEFAULT_GATE, Category, Finding, Place, in_order

from . import (
    access,
    cost,
    custom_resources,
    data_expiry,
    data_loss,
    gate,
    lifecycle,
    programs,
    registry,
    routine,
    team,
    workloads,
)
from .deployment import failures, moved, once, overwritten, public_repositories, stack_sets
from .kubernetes import delivery, objects
from .network import cluster_endpoints, kubernetes, routes, security_groups
from .protection import confinement, replication, repositories, requests, settings, signing
from .removal import removed
from .removal import settings as deleting_settings
from .rule import Rule
from .unknown import undecided, unjudged, unseen

# The order of the guide's table: by module, then as the rules follow each other in it.
_MODULES = (
    data_loss,
    data_expiry,
    deleting_settings,
    moved,
    removed,
    custom_resources,
    failures,
    public_repositories,
    once,
    overwritten,
    gate,
    repositories,
    settings,
    requests,
    signing,
    replication,
    security_groups,
    routes,
    cluster_endpoints,
    kubernetes,
    objects,
    delivery,
    confinement,
    access,
    team,
    lifecycle,
    workloads,
    programs,
    undecided,
    registry,
    cost,
    stack_sets,
    unjudged,
    unseen,
    routine,
)


def _rules_in(module: ModuleType) -> Iterator[Rule]:
    return (value for value in vars(module).values() if isinstance(value, Rule))


RULES: tuple[Rule, ...] = tuple(one for module in _MODULES for one in _rules_in(module))


# A finding of another category is gated less than a change that no rule judges, so it hides none.
_GATED = (*DEFAULT_GATE, Category.PROTECTION_LOST, Category.ACCESS_GAINED)
# A removal may have these consequences beside the end of what depends on the resource.
_OF_REMAINING = (Category.ACCESS_LOST, Category.COST, Category.ROUTINE)


def categories() -> dict[str, Category]:
    """Return the category of every rule, by the rule's id."""
    nothing: frozenset[Place] = frozenset()
    last = (
        *removed.removals(nothing),
        unjudged.not_judged_changes(nothing),
        routine.other_changes(nothing),
    )
    return {one.id: one.category for one in (*RULES, *last)}


def findings_of(comparison: Comparison) -> list[Finding]:
    """Return every consequence of a change, the worst first."""
    found = [finding for one in RULES for finding in one.findings(comparison)]
    ended = _places(one for one in found if one.category not in _OF_REMAINING)
    for one in removed.removals(ended):
        found += one.findings(comparison)
    judged = _places(one for one in found if one.category in _GATED)
    found += unjudged.not_judged_changes(judged).findings(comparison)
    found += routine.other_changes(_places(found)).findings(comparison)
    return in_order(found)


def _places(findings: Iterable[Finding]) -> frozenset[Place]:
    return frozenset(place for finding in findings for place in finding.places)
