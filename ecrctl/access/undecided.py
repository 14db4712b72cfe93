"""The policies whose grants cannot be decided from the templates, each in a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ecrctl.policies.principals import AWS
from ecrctl.policies.wording import listed
from ecrctl.review.access.policy_sets import Holder, PolicySet

from .repositories import has_principals, refused_principals

_ATTACHED = ("managed policy", "group")


def undecided_policies(found: Mapping[Holder, PolicySet]) -> list[str]:
    """Return a sentence about each policy that cannot be decided."""
    return sorted(
        f"{holder.environment}: {holder.subject.text} {sentence}"
        for holder, policies in found.items()
        for sentence in _sentences(holder, policies, found)
    )


def _sentences(
    holder: Holder, policies: PolicySet, found: Mapping[Holder, PolicySet]
) -> Iterator[str]:
    if holder.kind == "identity" or has_principals(holder):
        yield from _unread(policies)
    if holder.kind == "identity":
        boundary = found.get(replace(holder, kind="boundary"))
        yield from _of_identity(policies, boundary)
    elif has_principals(holder):
        yield from _of_repository(policies)


def _unread(policies: PolicySet) -> Iterator[str]:
    if policies.unreadable:
        yield (
            "has a policy that depends on values known only at deployment: its grants are not "
            "listed."
        )


def _of_identity(policies: PolicySet, boundary: PolicySet | None) -> Iterator[str]:
    attached = sorted(one.name for one in policies.attached if one.kind in _ATTACHED)
    if attached:
        yield (
            f"has policies that are not in the templates ({listed(attached)}): their grants are "
            "not listed."
        )
    if policies.boundary and (boundary is None or boundary.unreadable):
        yield (
            f"has a permissions boundary that cannot be read from the templates "
            f"({policies.boundary}): whether it limits grants to the identity is undecided."
        )
    elif boundary and any(one.conditions for one in boundary.permissions):
        yield (
            "has a permissions boundary with conditions: whether it limits grants to everyone, or "
            "to the account, is undecided for the identity."
        )


def _of_repository(policies: PolicySet) -> Iterator[str]:
    if refused := refused_principals(policies.permissions):
        yield (
            f"names principals with a wildcard, which AWS refuses ({listed(refused)}): their "
            "grants are not listed."
        )
    if exempt := _exempt_without_account(policies):
        yield (
            f"exempts {listed(exempt)} from a Deny with NotPrincipal, but not the account: whether "
            "AWS denies these principals is undecided. Exempt the account too."
        )


def _exempt_without_account(policies: PolicySet) -> list[str]:
    """Return the principals that a Deny excludes without their account.

    Source: IAM user guide, "AWS JSON policy elements: NotPrincipal".
    """
    return sorted(
        one.name
        for permission in policies.permissions
        if permission.is_deny and permission.principal.negated
        for one in permission.principal.principals
        if one.kind == AWS
        and one.account not in {other.name for other in permission.principal.principals}
    )
