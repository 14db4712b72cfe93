"""Rules about access that a change grants or removes."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from ecrctl.policies.wording import listed
from ecrctl.review.access.changes import AccessChange, access_changes
from ecrctl.review.access.sentences import Direction
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import Resource, replication_destinations, value_at
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resource_types import OIDC_PROVIDER, REPLICATION

from .rule import about, resource_rule, rule

_GAINED = Category.ACCESS_GAINED


@rule(_GAINED)
def access_gained(comparison: Comparison) -> Iterator[Finding]:
    """A principal gets more permissions, or fewer conditions; a Deny is narrower or removed."""
    return _in_direction(comparison, "gained")


@rule(_GAINED)
def access_undecided(comparison: Comparison) -> Iterator[Finding]:
    """A policy changes, and the effect cannot be determined before deployment."""
    return _in_direction(comparison, "undecided")


@rule(_GAINED)
def replicated_to_another_account(comparison: Comparison) -> Iterator[Finding]:
    """Another account gets copies of images."""
    for change in comparison.of_type(REPLICATION):
        before, after = change.both(replication_destinations)
        for account, region in sorted(after - before):
            if account != change.pair.stack.account:
                place = f"account {account} in {region}"
                message = f"replicates images to {place}, which has full control of its copies"
                yield about(change, message, detail=[account, region])


@resource_rule(_GAINED, OIDC_PROVIDER)
def more_audiences(change: ResourceChange) -> Iterator[str]:
    """An OIDC provider accepts tokens for more audiences."""
    before, after = change.both(_audiences)
    added = [f"`{one}`" for one in after if one not in before]
    if change.is_update and added:
        yield f"accepts tokens for the additional audience {listed(added)}"


def _audiences(resource: Resource | None) -> list[Any]:
    audiences = value_at(resource, "ClientIdList")
    return audiences if isinstance(audiences, list) else []


@rule(Category.ACCESS_LOST)
def access_lost(comparison: Comparison) -> Iterator[Finding]:
    """A principal gets fewer permissions, or more conditions; a Deny is added or wider."""
    return _in_direction(comparison, "lost")


def _in_direction(comparison: Comparison, direction: Direction) -> Iterator[Finding]:
    return (one.finding for one in _access_changes(comparison) if one.direction == direction)


@cache
def _access_changes(comparison: Comparison) -> list[AccessChange]:
    """Compare the policies of both sides once for all rules."""
    return access_changes(comparison)
