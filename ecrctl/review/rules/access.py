"""Rules about access that a change grants or removes."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import listed
from ecrctl.review.access.changes import AccessChange, access_changes
from ecrctl.review.access.sentences import Direction
from ecrctl.review.access.sources import grants_something
from ecrctl.review.diff.changed_references import (
    ChangedNames,
    changed_names,
    nested_stack_parameters,
    references,
)
from ecrctl.review.diff.comparison import (
    Comparison,
    Resource,
    ResourceChange,
    StackPair,
    value_at,
)
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resource_types import OIDC_PROVIDER, REPLICATION

from .registry import replication_destinations
from .rule import about, rule

_GAINED = Category.ACCESS_GAINED


@rule(
    "access-gained",
    _GAINED,
    finds="A principal gets more permissions, or fewer conditions; a Deny is narrower or removed",
)
def access_gained(comparison: Comparison) -> Iterator[Finding]:
    """Yield the permissions that a change adds."""
    return _in_direction(comparison, "gained")


@rule(
    "access-undecided",
    _GAINED,
    finds="A policy changes, and the effect cannot be determined before deployment",
)
def access_undecided(comparison: Comparison) -> Iterator[Finding]:
    """Yield the permissions that may change in either direction."""
    return _in_direction(comparison, "undecided")


@rule("access-depends", _GAINED, finds="A policy stays the same, but refers to a changed value")
def access_depends(comparison: Comparison) -> Iterator[Finding]:
    """Yield the unchanged policies that refer to a changed parameter, mapping or condition."""
    changed = [(pair, changed_names(comparison, pair)) for pair in comparison.pairs]
    for pair, names in (*changed, *nested_stack_parameters(comparison)):
        if names:
            yield from _depending(pair, names)


def _depending(pair: StackPair, names: ChangedNames) -> Iterator[Finding]:
    for change in _unchanged_grants(pair):
        for name in sorted({*references(change.head)} & names.keys()):
            yield about(
                change,
                f"has a policy that refers to the {names[name].word} `{name}`, whose value "
                "changes: the effect cannot be determined before deployment",
                detail=[name, names[name].evidence],
                is_undecided=True,
            )


def _unchanged_grants(pair: StackPair) -> Iterator[ResourceChange]:
    if pair.base is None or pair.head is None:
        return
    deployed = _resources(pair.base)
    for logical_id, resource in _resources(pair.head).items():
        if deployed.get(logical_id) == resource and grants_something(resource):
            yield ResourceChange(
                pair=pair, logical_id=logical_id, base=resource, head=resource, impact="NO_CHANGE"
            )


def _resources(stack: Stack) -> dict[str, Any]:
    resources: dict[str, Any] = stack.template.get("Resources", {})
    return resources


@rule("replicated-to-another-account", _GAINED, finds="Another account gets copies of images")
def replicated_to_another_account(comparison: Comparison) -> Iterator[Finding]:
    """Yield the other accounts to which a registry starts to replicate."""
    for change in comparison.of_type(REPLICATION):
        before, after = change.both(replication_destinations)
        for account, region in sorted(after - before):
            if account != change.pair.stack.account:
                yield about(
                    change,
                    f"replicates images to account {account} in {region}, which has full control "
                    "of its copies",
                    detail=[account, region],
                )


@rule(
    "more-audiences",
    _GAINED,
    on=OIDC_PROVIDER,
    finds="An OIDC provider accepts tokens for more audiences",
)
def more_audiences(change: ResourceChange) -> str | None:
    """Return the added audiences of an OIDC provider."""
    if not change.is_update:
        return None
    before, after = change.both(_audiences)
    added = [f"`{one}`" for one in after if one not in before]
    return f"accepts tokens for the additional audience {listed(added)}" if added else None


def _audiences(resource: Resource | None) -> list[Any]:
    audiences = value_at(resource, "ClientIdList")
    return audiences if isinstance(audiences, list) else []


@rule(
    "access-lost",
    Category.ACCESS_LOST,
    finds="A principal gets fewer permissions, or more conditions; a Deny is added or wider",
)
def access_lost(comparison: Comparison) -> Iterator[Finding]:
    """Yield the permissions that a change removes."""
    return _in_direction(comparison, "lost")


def _in_direction(comparison: Comparison, direction: Direction) -> Iterator[Finding]:
    return (_finding(one) for one in _access_changes(comparison) if one.direction == direction)


def _finding(change: AccessChange) -> Finding:
    return Finding(
        environment=change.environment,
        stack=change.stack,
        subject=change.subject,
        message=change.sentence,
        key=change.key,
        evidence=change.evidence,
        is_undecided=change.direction == "undecided",
        places=change.places,
    )


@cache
def _access_changes(comparison: Comparison) -> list[AccessChange]:
    """Compare the policies of both sides once for all rules."""
    return access_changes(comparison)
