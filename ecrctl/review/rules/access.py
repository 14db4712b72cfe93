"""Rules about access that a change grants or removes."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import listed
from ecrctl.review.access.changes import AccessChange, access_changes
from ecrctl.review.access.sentences import Direction
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import Resource, mappings, value_at
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.texts import Values
from ecrctl.review.type_names import (
    CDK_OIDC_PROVIDER,
    OIDC_PROVIDER,
    PUBLIC_REPOSITORY,
    REPLICATION,
)

from .rule import Message, about, resource_rule, rule, undecided

_Replicated = dict[tuple[str, str], frozenset[str]]
_GAINED = Category.ACCESS_GAINED
_CLUSTER_ISSUER = "AWS::EKS::IdentityProviderConfig"
# The types that name who vouches for identities, with the properties that do.
_ISSUERS = {
    _CLUSTER_ISSUER: ("Oidc",),
    OIDC_PROVIDER: ("ThumbprintList", "Url"),
    "AWS::IAM::SAMLProvider": ("AddPrivateKey", "SamlMetadataDocument"),
    "AWS::RolesAnywhere::TrustAnchor": ("Source",),
    CDK_OIDC_PROVIDER: ("ThumbprintList", "Url"),
}


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
        before, after = replicated(change)
        for (account, region), prefixes in sorted(after.items()):
            known = before.get((account, region), frozenset())
            added = sorted(one for one in prefixes if not any(one.startswith(old) for old in known))
            if added and account != change.pair.stack.account:
                place = f"account {account} in {region}"
                which = "" if "" in added else f" of {listed([f'`{one}*`' for one in added])}"
                message = (
                    f"replicates images{which} to {place}, which has full control of its copies"
                )
                yield about(change, message, detail=[account, region, added])


def replicated(change: ResourceChange) -> tuple[_Replicated, _Replicated]:
    """Return what a registry replicates before and after: prefixes by account and region."""
    return (
        _replicated(change.base, change.pair.base),
        _replicated(change.head, change.pair.head),
    )


def _replicated(resource: Resource | None, stack: Stack | None) -> _Replicated:
    found: _Replicated = {}
    if stack is None:
        return found
    text = Values(stack=stack).text
    for entry in mappings(value_at(resource, "ReplicationConfiguration", "Rules")):
        filters = mappings(entry.get("RepositoryFilters")) or [{"Filter": ""}]
        prefixes = frozenset(text(one.get("Filter")) for one in filters)
        for one in mappings(entry.get("Destinations")):
            place = (text(one.get("RegistryId")), text(one.get("Region")))
            found[place] = found.get(place, frozenset()) | prefixes
    return found


@resource_rule(_GAINED, PUBLIC_REPOSITORY)
def public_repository(change: ResourceChange) -> Iterator[str]:
    """A public repository is added: everyone may pull its images."""
    if change.base is None:
        yield "is new: everyone may pull its images"


@resource_rule(_GAINED, OIDC_PROVIDER, CDK_OIDC_PROVIDER)
def more_audiences(change: ResourceChange) -> Iterator[str]:
    """An OIDC provider accepts tokens for more audiences."""
    before, after = change.both(_audiences)
    added = [f"`{one}`" for one in after if one not in before]
    if change.is_update and added:
        yield f"accepts tokens for the additional audience {listed(added)}"


def _audiences(resource: Resource | None) -> list[Any]:
    found = value_at(resource, "ClientIdList") or value_at(resource, "ClientIDList")
    return found if isinstance(found, list) else []


@resource_rule(_GAINED, *_ISSUERS)
def token_issuer_changed(change: ResourceChange) -> Iterator[Message]:
    """Another issuer or certificate vouches for the identities that may assume roles."""
    changed = [name for name in change.changed if name in _ISSUERS[change.type]]
    if change.is_update and changed:
        names = listed([f"`{one}`" for one in changed])
        yield undecided(f"changes {names}: others may vouch for the identities that it trusts")
    elif change.base is None and change.type == _CLUSTER_ISSUER:
        yield undecided("is new: identities of this issuer can log in to the cluster")


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
