"""Requirements of a grant that is not sufficient by itself, and the policies of other owners."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.policy.cross_account import (
    RequiredGrant,
    completed_by_cdk,
    login_for,
    owners_of,
    required_grants,
)
from ecrctl.policies.conditions import Conditions, is_stricter
from ecrctl.policies.documents import canonical_text
from ecrctl.policies.principals import ACCOUNT, AWS, Principal, PrincipalSet
from ecrctl.review.type_names import ROLE

from .effective import AllowedVerb, Alternatives, alternatives_of, rules_of
from .identities import Identity
from .repositories import Repository

_OWNER_ACCOUNT = "account "


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Actions that another policy must allow as well.

    :param place: the words for the policy, such as ``in account 222222222222, an identity policy``.
    :param actions: the actions on the repository.
    :param login: the actions of the login to the registry, where it is required too.
    """

    place: str
    actions: tuple[str, ...] = ()
    login: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.actions or self.login)

    def text(self, repository_arn: str) -> str:
        """Return the requirement in words."""
        parts = [f"{', '.join(self.actions)} on {repository_arn}"] if self.actions else []
        parts += [f"{' and '.join(self.login)} on *"] if self.login else []
        return f"{self.place}: {'; '.join(parts)}"


def text_of(requirements: Iterable[Requirement], repository_arn: str) -> str:
    """Return requirements in words; empty for none."""
    texts = [one.text(repository_arn) for one in requirements if one]
    return ". ".join([*texts[:1], *(text[0].upper() + text[1:] for text in texts[1:])])


def for_principal(
    principal: PrincipalSet,
    allowed: AllowedVerb,
    *,
    repository: Repository,
    identity: Identity | None,
) -> list[Requirement]:
    """Return the requirements of a grant by the repository's own policy.

    :param identity: the principal, where the app declares it.
    """
    account = repository.account
    if completed_by_cdk({"Condition": _condition_of(allowed.conditions)}):
        return []  # the app itself makes the identity policy
    in_repository = Requirement(place="in the repository's policy", actions=allowed.missing)
    if principal.is_open:
        return [*_for_everyone(principal, allowed, account), in_repository]
    (one,) = principal.principals
    if one.kind not in {ACCOUNT, AWS, "federated"}:
        return [in_repository]  # a service has no identity policy
    owner = identity.account if identity else _account_of(one)
    is_own = owner == account
    if is_own and one.kind != ACCOUNT:
        actions = allowed.missing
    elif is_own:
        # The account as principal only delegates to the policies of its identities.
        actions = tuple(sorted({*allowed.actions, *allowed.missing}))
    else:
        actions = allowed.actions
    place = _identity_policy(owner, identity)
    needed = Requirement(place=place, actions=actions, login=login_for(allowed.actions))
    is_met = identity is not None and _meets(identity, needed, repository, allowed)
    # A boundary does not limit what a resource's policy grants a user.
    is_role = identity is not None and identity.holder.subject.type == ROLE
    return [
        *([] if is_met else [needed]),
        *([] if is_own else [in_repository]),
        *(_for_boundary(identity, allowed) if identity is not None and is_role else []),
    ]


def for_identity(
    identity: Identity,
    allowed: AllowedVerb,
    *,
    own: Alternatives,
    by_repository: Alternatives | None,
) -> list[Requirement]:
    """Return the requirements of a grant by an identity's own policies.

    :param own: the actions that these policies allow.
    :param by_repository: the actions that the policy of another account's repository allows; both
        policies must allow them. ``None`` for a repository of the same account.
    """
    required = login_for(allowed.actions)
    login = () if identity.may_log_in(required) else required
    undecided = "" if identity.account.isdigit() else "undecided: "
    in_repository = f"{undecided}in the repository's policy, for account {identity.account}"
    missing = allowed.missing
    requirements: list[Requirement] = []
    if by_repository is not None:
        missing = _not_in(own, allowed)
        needed = _not_in(by_repository, allowed)
        requirements = [Requirement(place=in_repository, actions=needed)]
    return [
        *requirements,
        Requirement(
            place=_identity_policy(identity.account, identity), actions=missing, login=login
        ),
        *_for_boundary(identity, allowed),
    ]


def required_by(
    principal: PrincipalSet,
    allowed: AllowedVerb,
    requirements: Iterable[Requirement],
    repository: Repository,
) -> list[RequiredGrant]:
    """Return the grants that the owners of other accounts must add for a listed grant.

    :param requirements: the listed requirements; none of these actions where the app allows them
        itself.
    """
    if not any(set(allowed.actions) <= set(one.actions) for one in requirements):
        return []
    statement = {**_statement(principal, allowed.conditions), "Action": list(allowed.actions)}
    account, arn = repository.account, repository.arn
    return required_grants([statement], account=account, repository_arn=arn)


def _identity_policy(account: str | None, identity: Identity | None) -> str:
    """Return the words for an identity policy of a principal.

    :param identity: the principal, where the app declares it.
    """
    if account is None:
        return "undecided: in the principal's account, if it is another one, an identity policy"
    place = f"in account {account}, an identity policy"
    if identity is not None and identity.has_unknown_policies:
        return f"undecided: {place} that is not in the templates"
    return place


def _for_boundary(identity: Identity, allowed: AllowedVerb) -> list[Requirement]:
    """Return the requirement of a permissions boundary whose statements are not known."""
    boundary = identity.unknown_boundary
    if boundary is None:
        return []
    place = f"undecided: in the permissions boundary {boundary}"
    login = login_for(allowed.actions)
    return [Requirement(place=place, actions=allowed.actions, login=login)]


def _for_everyone(
    principal: PrincipalSet, allowed: AllowedVerb, account: str
) -> Iterator[Requirement]:
    """Yield the requirements of a statement for principals of any account."""
    login = login_for(allowed.actions)
    owners = owners_of(_statement(principal, allowed.conditions), account="")
    accounts = {_account_of_owner(owner) for owner in owners}
    if None in accounts:
        place = "in each other account, an identity policy"
        yield Requirement(place=place, actions=allowed.actions, login=login)
        accounts = {account}
    for one in sorted(filter(None, accounts)):
        is_own = one == account
        yield Requirement(
            place=f"in account {one}, an identity policy",
            actions=() if is_own else allowed.actions,
            login=login,
        )


def _account_of_owner(owner: str) -> str | None:
    """Return an owner's account; ``None`` for everyone and for an organization."""
    if owner.startswith(_OWNER_ACCOUNT):
        return owner.removeprefix(_OWNER_ACCOUNT)
    return Principal(AWS, owner).account


def _meets(
    identity: Identity, requirement: Requirement, repository: Repository, allowed: AllowedVerb
) -> bool:
    """Return whether an identity's policies allow all that a requirement names."""
    permissions = identity.permissions_on(repository.arns, is_deny=False)
    own = alternatives_of(rules_of(permissions))
    return identity.may_log_in(requirement.login) and all(
        any(is_stricter(allowed.conditions, one) for one in own[action])
        for action in requirement.actions
    )


def _not_in(alternatives: Alternatives, allowed: AllowedVerb) -> tuple[str, ...]:
    """Return the actions of a verb that one of two policies does not allow."""
    return tuple(
        action
        for action in sorted({*allowed.actions, *allowed.missing})
        if not any(is_stricter(allowed.conditions, one) for one in alternatives[action])
    )


def _account_of(principal: Principal) -> str | None:
    """Return a principal's account; of a federated principal, the account of its provider."""
    if principal.kind == "federated":
        return Principal(AWS, principal.name).account
    return principal.account


def _statement(principal: PrincipalSet, conditions: Conditions) -> dict[str, Any]:
    """Return an Allow statement for some principals, without its actions."""
    named: Any = "*"
    if not principal.is_open:
        principals = sorted(principal.principals, key=canonical_text)
        names = [one.name if one.kind in {ACCOUNT, AWS} else _account_of(one) for one in principals]
        named = {"AWS": [name for name in names if name is not None]}
    return {"Effect": "Allow", "Principal": named, "Condition": _condition_of(conditions)}


def _condition_of(conditions: Conditions) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in sorted(conditions, key=canonical_text):
        found.setdefault(operator, {}).setdefault(key, sorted(values))
    return found
