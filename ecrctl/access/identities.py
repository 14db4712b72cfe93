"""The roles, users and groups of an app, with the statements that apply to each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from ecrctl.policies.patterns import EVERYTHING
from ecrctl.policies.permissions import Permission
from ecrctl.policies.principals import AWS, Principal, PrincipalSet
from ecrctl.review.access.policy_sets import Holder, PolicySet
from ecrctl.review.type_names import ROLE, USER

from .effective import Alternatives, allowed_by_both, alternatives_of, rules_of

_ARN_RESOURCES = {ROLE: "role", USER: "user"}
# A name is unique in its account, whatever the path before it.
_ARN = re.compile(r"arn:[^:]*:iam::([^:]+):(role|user)/(?:[^$]+/)?(.+)")


@dataclass(frozen=True, kw_only=True, eq=False)
class Identity:
    """An identity of the app.

    :param policies: its identity policies.
    :param boundary: the statements of its permissions boundary; ``None`` where it has none, or
        where the boundary is not in the templates.
    """

    holder: Holder
    policies: PolicySet
    boundary: PolicySet | None

    @property
    def account(self) -> str:
        """Its account."""
        (account,) = self.holder.account.principals
        return account.name

    @property
    def unknown_boundary(self) -> str | None:
        """The permissions boundary, where its statements are not known."""
        is_known = self.boundary is not None and not self.boundary.unreadable
        return None if is_known else self.policies.boundary

    @property
    def has_unknown_policies(self) -> bool:
        """Whether it has policies whose statements are not known."""
        return bool(self.policies.unreadable or self.policies.attached)

    @cached_property
    def principals(self) -> tuple[Principal, ...]:
        """The principals that name it in a policy."""
        # No policy can name a group, but its users are principals of the account.
        kind = _ARN_RESOURCES.get(self.holder.subject.type, "group")
        name = self.holder.subject.name
        reference = f"${{{name}.Arn}}"
        # Without a name of its own, an identity has its path in the app as its name.
        own_name = f"${{{name}}}" if "/" in name else name
        return (
            Principal(AWS, f"arn:aws:iam::{self.account}:{kind}/{own_name}"),
            Principal(AWS, reference),
        )

    def is_in(self, principals: PrincipalSet) -> bool:
        """Return whether a statement for some principals certainly applies to this identity."""
        if principals.negated:
            return all(
                not _is_same(one, other) and not one.within(other) and not other.within(one)
                for one in self.principals
                for other in principals.principals
            )
        return any(
            _is_same(one, wide) or one.within(wide)
            for one in self.principals
            for wide in principals.principals
        )

    def is_named_in(self, principals: PrincipalSet) -> bool:
        """Return whether a statement for some principals names this identity, or a session."""
        return any(
            _is_same(one, other) for one in self.principals for other in principals.principals
        )

    def is_denied_by(self, principals: PrincipalSet) -> bool:
        """Return whether a Deny for some principals applies to this identity.

        A Deny with NotPrincipal exempts an account's other principals only where it names them.
        """
        if not principals.negated:
            return self.is_in(principals)
        return not self.is_named_in(principals)

    def permissions_on(self, arns: Iterable[str], *, is_deny: bool) -> list[Permission]:
        """Return the statements of its policies that allow, or deny, actions on a resource.

        :param arns: the forms of the resource's ARN.
        """
        boundary = [self.boundary] if is_deny and self.boundary else []
        return [
            one
            for policies in (self.policies, *boundary)
            for one in policies.permissions
            if one.is_deny == is_deny and one.is_about(arns)
        ]

    def within_boundary(self, alternatives: Alternatives, arns: Iterable[str]) -> Alternatives:
        """Return the actions on a resource that a known permissions boundary allows as well."""
        if self.boundary is None or self.unknown_boundary:
            return alternatives
        limit = [one for one in self.boundary.permissions if not one.is_deny and one.is_about(arns)]
        return allowed_by_both(alternatives, alternatives_of(rules_of(limit)))

    def may_log_in(self, login: Sequence[str]) -> bool:
        """Return whether its policies, without a condition, allow it to log in to a registry.

        :param login: the actions of the login.
        """
        return all(self._may_on_all(action) for action in login)

    @cache  # noqa: B019 - identities live as long as the command
    def _may_on_all(self, action: str) -> bool:
        known = [self.policies, *([self.boundary] if self.boundary else [])]
        return all(_allows(one, action) and not _denies(one, action) for one in known)


class IdentityIndex:
    """Identities by the resources and the names in policies, to find those of a repository."""

    def __init__(self, found: Mapping[Holder, PolicySet]) -> None:
        """Read the identities among the holders of policies."""
        self._by_resource: dict[str, dict[Identity, None]] = {}
        self._with_patterns: dict[Identity, None] = {}
        self._by_name: dict[tuple[str, ...], Identity] = {}
        boundaries = {
            (holder.environment, holder.where, holder.subject): policies
            for holder, policies in found.items()
            if holder.kind == "boundary"
        }
        for holder, policies in found.items():
            if holder.kind == "identity":
                boundary = boundaries.get((holder.environment, holder.where, holder.subject))
                self._add(Identity(holder=holder, policies=policies, boundary=boundary))

    def with_statements_on(self, arns: Iterable[str]) -> list[Identity]:
        """Return the identities with a statement that may be about a resource with these ARNs."""
        found = dict(self._with_patterns)
        for arn in arns:
            found |= self._by_resource.get(arn, {})
        return list(found)

    def named(self, principal: Principal) -> Identity | None:
        """Return the identity that a policy names; ``None`` if it is not in the app."""
        return self._by_name.get(_key(principal)) if principal.kind == AWS else None

    def _add(self, identity: Identity) -> None:
        for principal in identity.principals:
            self._by_name[_key(principal)] = identity
        if identity.boundary is not None:
            # A boundary also limits grants by repositories that no statement of it names.
            self._with_patterns[identity] = None
        for permission in identity.policies.permissions:
            resource = permission.resource.single
            if resource is None:
                self._with_patterns[identity] = None
            else:
                self._by_resource.setdefault(resource, {})[identity] = None


def _key(principal: Principal) -> tuple[str, ...]:
    found = _ARN.fullmatch(principal.name)
    return found.groups() if found else (principal.name,)


def _is_same(identity: Principal, principal: Principal) -> bool:
    """Return whether a principal of a policy is an identity, or a session of it."""
    if principal.kind != AWS:
        return False
    return _key(principal) == _key(identity) or principal.is_session_of(identity)


def _allows(policies: PolicySet, action: str) -> bool:
    return any(not one.is_deny and not one.conditions for one in _about(policies, action))


def _denies(policies: PolicySet, action: str) -> bool:
    return any(one.is_deny and not one.conditions for one in _about(policies, action))


def _about(policies: PolicySet, action: str) -> list[Permission]:
    """Return the statements about an action on all resources, as a login is."""
    return [
        one
        for one in policies.permissions
        if one.action.contains(action.lower()) and one.resource.contains(EVERYTHING)
    ]
