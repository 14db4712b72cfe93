"""The grants on one repository: by its own policy, by those of identities, and by both together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.rules.policy.cross_account import RequiredGrant
from ecrctl.policies.documents import grouped
from ecrctl.policies.patterns import PatternSet
from ecrctl.policies.permissions import Permission
from ecrctl.policies.principals import AWS, EVERYONE, SELF, PrincipalSet
from ecrctl.policies.verbs import PUBLIC_PULL
from ecrctl.review.type_names import ROLE, USER

from .effective import (
    ACTIONS,
    EVERY_ACTION,
    AllowedVerb,
    Alternatives,
    Rule,
    allowed_by_both,
    allowed_verbs,
    alternatives_of,
    denied_verbs,
    rules_of,
    together,
    verbs_with,
)
from .identities import Identity, IdentityIndex
from .repositories import Repository
from .requirements import Requirement, for_identity, for_principal, required_by

Effect = Literal["Allow", "Deny"]
Policy = Literal[
    "repository policy",
    "registry policy",
    "repository and registry policy",
    "identity policy",
    "both policies",
    "permissions boundary",
    "public registry",
]
_SELF = PrincipalSet.of(SELF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A verb that policies allow or deny some principals on a repository.

    :param owner: the identity whose policies they are; empty for the repository's policy.
    :param identity: the identity of the app that is the only principal; ``None`` for all others.
    :param required: the grants that owners of other accounts must add.
    """

    repository: Repository
    principals: PrincipalSet
    allowed: AllowedVerb
    effect: Effect
    policy: Policy
    owner: str = ""
    identity: Identity | None = None
    requirements: tuple[Requirement, ...] = ()
    required: tuple[RequiredGrant, ...] = ()


def rows_of(repository: Repository, identities: IdentityIndex) -> Iterator[Row]:
    """Yield the grants on a repository."""
    if repository.is_public:
        yield Row(
            repository=repository,
            principals=PrincipalSet.of(EVERYONE),
            allowed=AllowedVerb(verb=PUBLIC_PULL, actions=(), conditions=frozenset()),
            effect="Allow",
            policy="public registry",
        )
    rows = _by_policies(repository, identities)
    yield from (row for row in rows if row.allowed.verb in repository.verbs)


def _by_policies(repository: Repository, identities: IdentityIndex) -> Iterator[Row]:
    """Yield the grants of the verbs of all registries."""
    for principals in repository.principals():
        yield from _allowed_by_repository(repository, principals, identities)
    excluding = [one for one in repository.principals() if one.negated]
    for one, other in itertools.combinations(excluding, 2):
        yield from _allowed_by_exclusions(repository, one, other)
    yield from _denied_by_resource(repository, repository.own, "repository policy")
    yield from _denied_by_resource(repository, repository.registry, "registry policy")
    for identity in identities.with_statements_on(repository.arns):
        own = repository.is_in_account_of(identity.holder)
        yield from (_own_identity if own else _foreign_identity)(repository, identity)


def _denied_by_resource(
    repository: Repository, permissions: Iterable[Permission], policy: Policy
) -> Iterator[Row]:
    """Yield the verbs that one of the two policies of a repository denies."""
    denied = [one for one in permissions if one.is_deny]
    for principals, these in grouped(denied, lambda one: one.principal).items():
        for verb in denied_verbs(rules_of(these)):
            yield Row(
                repository=repository,
                principals=principals,
                allowed=verb,
                effect="Deny",
                policy=policy,
            )


def _allowed_by_repository(
    repository: Repository, principals: PrincipalSet, identities: IdentityIndex
) -> Iterator[Row]:
    """Yield the grants to principals that the repository's policy names."""
    identity = _identity_of(principals, identities)
    allowed = [one for one in repository.permissions if not one.is_deny]
    own = [one for one in allowed if one.principal == principals]
    wider = [
        one
        for one in allowed
        if one.principal != principals
        and principals.within(one.principal)
        and not repository.delegates(one)
    ]
    denied = rules_of(_denied(repository, principals, identity))
    if identity is not None and identity.holder.subject.type == ROLE:
        # A boundary limits a role's grants by resources too, but not those of a user.
        verbs = together(
            _alternatives(identity, repository, own),
            _alternatives(identity, repository, wider),
            denied,
        )
    else:
        verbs = verbs_with(rules_of(own), rules_of(wider), denied)
    for verb in verbs:
        policy = _policy_of(repository, principals, verb)
        yield _repository_row(repository, principals, verb, policy, identity)


def _allowed_by_exclusions(
    repository: Repository, one: PrincipalSet, other: PrincipalSet
) -> Iterator[Row]:
    """Yield the grants of two statements that exclude principals, to all but those of both."""
    principals = PrincipalSet(negated=True, principals=one.principals | other.principals)
    rules, others, everyone = (
        rules_of(
            permission
            for permission in repository.permissions
            if not permission.is_deny and permission.principal == named
        )
        for named in (one, other, PrincipalSet.of(EVERYONE))
    )
    denied = rules_of(_denied(repository, principals, None))
    alone = [*verbs_with(rules, everyone, denied), *verbs_with(others, everyone, denied)]
    for verb in verbs_with(rules, (*others, *everyone), denied):
        if not verb.within(alone):
            policy = _policy_of(repository, principals, verb)
            yield _repository_row(repository, principals, verb, policy)


def _own_identity(repository: Repository, identity: Identity) -> Iterator[Row]:
    """Yield the grants of an identity in the repository's account: one policy is enough."""
    statements = identity.permissions_on(repository.arns, is_deny=False)
    own = _alternatives(identity, repository, statements)
    wider = _alternatives(identity, repository, _direct(identity, repository))
    denied = _all_denied(repository, identity)
    alone = allowed_verbs(own, denied)
    for verb in together(own, wider, denied):
        policy: Policy = "identity policy" if verb.within(alone) else "both policies"
        requirements = for_identity(identity, verb, own=own, by_repository=None)
        yield _identity_row(repository, identity, verb, policy, requirements)
    yield from _denied_by_identity(repository, identity)
    yield from _outside_of_boundary(repository, identity)


def _foreign_identity(repository: Repository, identity: Identity) -> Iterator[Row]:
    """Yield the grants of an identity in another account: both policies must allow."""
    statements = identity.permissions_on(repository.arns, is_deny=False)
    by_repository = alternatives_of(rules_of(_for(identity, repository)))
    denied = _all_denied(repository, identity)
    own = _alternatives(identity, repository, statements)
    found = allowed_verbs(allowed_by_both(own, by_repository), denied)
    named = [one for one in statements if repository.is_named_by(one.resource)]
    by_identity = allowed_verbs(_alternatives(identity, repository, named), denied)
    policy: Policy
    for verb in dict.fromkeys((*found, *by_identity)):
        policy = "both policies" if verb in found else "identity policy"
        requirements = for_identity(identity, verb, own=own, by_repository=by_repository)
        yield _identity_row(repository, identity, verb, policy, requirements)
    if named or any(by_repository.values()):
        yield from _denied_by_identity(repository, identity)


def _outside_of_boundary(repository: Repository, identity: Identity) -> Iterator[Row]:
    """Yield the verbs that a permissions boundary withholds of those that a repository allows.

    A user that the repository's policy names is not limited by a boundary.
    Source: IAM user guide, "Permissions boundaries for IAM entities".
    """
    direct = _direct(identity, repository)
    is_user = identity.holder.subject.type == USER
    if is_user and any(identity.is_named_in(one.principal) for one in direct):
        return
    limit = identity.within_boundary(EVERY_ACTION, repository.arns)
    withheld = PatternSet.of_actions(*(action for action in ACTIONS if not limit[action]))
    granted = {one.verb for one in verbs_with(rules_of(direct), (), ())}
    for verb in denied_verbs(((withheld, frozenset()),)):
        if verb.verb in granted:
            yield Row(
                repository=repository,
                principals=_SELF,
                allowed=verb,
                effect="Deny",
                policy="permissions boundary",
                owner=identity.holder.subject.text,
            )


def _denied_by_identity(repository: Repository, identity: Identity) -> Iterator[Row]:
    denied = identity.permissions_on(repository.arns, is_deny=True)
    for verb in denied_verbs(rules_of(denied)):
        yield Row(
            repository=repository,
            principals=_SELF,
            allowed=verb,
            effect="Deny",
            policy="identity policy",
            owner=identity.holder.subject.text,
        )


def _repository_row(
    repository: Repository,
    principals: PrincipalSet,
    verb: AllowedVerb,
    policy: Policy,
    identity: Identity | None = None,
) -> Row:
    needed = for_principal(principals, verb, repository=repository, identity=identity)
    return Row(
        repository=repository,
        principals=principals,
        allowed=verb,
        effect="Allow",
        policy=policy,
        identity=identity,
        requirements=tuple(needed),
        required=tuple(required_by(principals, verb, needed, repository)),
    )


def _policy_of(repository: Repository, principals: PrincipalSet, verb: AllowedVerb) -> Policy:
    """Return which of the two policies of a repository allows a verb by itself."""
    if not repository.registry:
        return "repository policy"
    policies: tuple[tuple[Policy, tuple[Permission, ...]], ...] = (
        ("repository policy", repository.own),
        ("registry policy", repository.registry),
    )
    for policy, permissions in policies:
        allowed = rules_of(
            one for one in permissions if not one.is_deny and principals.within(one.principal)
        )
        if verb.within(verbs_with(allowed, (), ())):
            return policy
    return "repository and registry policy"


def _identity_row(
    repository: Repository,
    identity: Identity,
    verb: AllowedVerb,
    policy: Policy,
    requirements: Iterable[Requirement],
) -> Row:
    return Row(
        repository=repository,
        principals=_SELF,
        allowed=verb,
        effect="Allow",
        policy=policy,
        owner=identity.holder.subject.text,
        identity=identity,
        requirements=tuple(requirements),
    )


def _alternatives(
    identity: Identity, repository: Repository, permissions: Iterable[Permission]
) -> Alternatives:
    """Return the actions that permissions allow an identity within its permissions boundary."""
    return identity.within_boundary(alternatives_of(rules_of(permissions)), repository.arns)


def _identity_of(principals: PrincipalSet, identities: IdentityIndex) -> Identity | None:
    """Return the identity of the app that a policy names by itself."""
    if principals.negated or len(principals.principals) != 1:
        return None
    (one,) = principals.principals
    return identities.named(one)


def _for(identity: Identity, repository: Repository) -> list[Permission]:
    """Return the statements of a repository's policy that allow an identity something."""
    return [
        one for one in repository.permissions if not one.is_deny and identity.is_in(one.principal)
    ]


def _direct(identity: Identity, repository: Repository) -> list[Permission]:
    """Return the statements that allow an identity of the same account without another policy."""
    return [one for one in _for(identity, repository) if not repository.delegates(one)]


def _all_denied(repository: Repository, identity: Identity) -> tuple[Rule, ...]:
    """Return the rules of all policies that deny an identity something."""
    by_resource = [
        one
        for one in repository.permissions
        if one.is_deny and identity.is_denied_by(one.principal)
    ]
    return rules_of([*by_resource, *identity.permissions_on(repository.arns, is_deny=True)])


def _denied(
    repository: Repository, principals: PrincipalSet, identity: Identity | None
) -> Iterable[Permission]:
    """Yield the statements that deny all of some principals something."""
    for one in repository.permissions:
        if one.is_deny and _is_denied(principals, one.principal, identity):
            yield one
    if identity is not None:
        yield from identity.permissions_on(repository.arns, is_deny=True)


def _is_denied(principals: PrincipalSet, denied: PrincipalSet, identity: Identity | None) -> bool:
    if identity is not None and identity.is_denied_by(denied):
        return True
    is_single = not principals.negated and len(principals.principals) == 1
    (one,) = principals.principals if is_single else (None,)
    if one is None or one.kind != AWS or not denied.negated:
        return principals.within(denied)
    # A Deny with NotPrincipal exempts an account's other principals only where it names them.
    return not any(one == other or one.is_session_of(other) for other in denied.principals)
