"""Whether a team's rule allows the callers of a grant: yes, no, or not to be determined."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ecrctl.policies.callers import limit_callers
from ecrctl.policies.conditions import Condition, Conditions, is_stricter
from ecrctl.policies.documents import canonical_text
from ecrctl.policies.patterns import within
from ecrctl.policies.principals import Principal, PrincipalSet
from ecrctl.review.resolution.texts import is_unknown

from .review_file import OWN_ACCOUNT, Allowed

ONLY_KNOWN_LATER = "it depends on values that are known only at deployment"
# Begins a part of a text that the template does not have, and a variable of a policy.
_VARIABLE = "${"
# A Deny that applies unless a request meets a condition leaves only requests that meet it. Each of
# these is also true of a request without the key.
_INVERTED = {
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "ForAllValues:StringNotEquals": "ForAnyValue:StringEquals",
    "ForAllValues:StringNotLike": "ForAnyValue:StringLike",
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
}
# Of a request that is not made by a service of AWS this condition is always true.
_NO_SERVICE = ("bool", "aws:principalisawsservice", {"false"})
_MOST_ALTERNATIVES = 64
_ORGANIZATION_KEYS = ("aws:principalorgid", "aws:principalorgpaths")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """The principals of a grant, and the conditions of their requests.

    :param names: the names of a single principal; empty where there may be several principals.
    :param own_account: the account of the repository.
    """

    principals: PrincipalSet
    names: tuple[Principal, ...]
    conditions: Conditions
    own_account: str

    @property
    def is_service(self) -> bool:
        """Return whether the principal is a service of AWS."""
        return any(one.kind == "service" for one in self.names)

    @property
    def accounts(self) -> list[str]:
        """Return the known account of a single principal."""
        return sorted({one.account for one in self.names if one.account})

    @property
    def depends_on_deployment(self) -> bool:
        """Return whether only the deployment knows the principal or a value of a condition."""
        is_unnamed = bool(self.names) and all(_depends(one.name) for one in self.names)
        return is_unnamed or any(_depends(value) for one in self.conditions for value in one.values)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a rule.

    :param doubt: the reason why it cannot be determined; empty where it is certain.
    """

    is_allowed: bool
    doubt: str = ""


def answer_of(allowed: Allowed, callers: Callers) -> Answer:
    """Return whether a rule allows the callers of a grant."""
    accounts = _accounts(allowed, callers.own_account)
    if any(_is_named(one, allowed, accounts) for one in callers.names):
        return Answer(is_allowed=True)
    enough = _conditions_of(allowed, accounts)
    if any(is_stricter(callers.conditions, [condition]) for condition in enough):
        return Answer(is_allowed=True)
    return Answer(is_allowed=False, doubt=_doubt(allowed, callers))


def alternatives_not_denied(
    callers: Callers, denied: Iterable[tuple[PrincipalSet, Conditions]]
) -> list[Conditions]:
    """Return the conditions of requests to which no Deny applies, any of which is enough.

    A Deny with several conditions leaves the requests that do not meet one of them.
    """
    choices = [
        [
            _inverted(one)
            for one in sorted(conditions, key=canonical_text)
            if callers.is_service or not _is_always_met(one)
        ]
        for principals, conditions in denied
        if callers.principals.within(principals)
    ]
    if math.prod(map(len, choices)) > _MOST_ALTERNATIVES:
        return [callers.conditions]
    return [callers.conditions.union(*parts) for parts in itertools.product(*choices)]


def _inverted(condition: Condition) -> Conditions:
    """Return the condition of requests that do not meet another one; none if it is unknown."""
    operator = _INVERTED.get(condition.operator.removesuffix("IfExists"))
    if operator is None:
        return frozenset()
    return frozenset({Condition(operator, condition.key, condition.values)})


def _depends(text: str) -> bool:
    return _VARIABLE in text or is_unknown(text)


def _is_always_met(condition: Condition) -> bool:
    operator = condition.operator.removesuffix("IfExists").lower()
    values = {value.lower() for value in condition.values}
    return (operator, condition.key.lower(), values) == _NO_SERVICE


def _accounts(allowed: Allowed, own_account: str) -> frozenset[str]:
    return frozenset(own_account if one == OWN_ACCOUNT else one for one in allowed.accounts)


def _is_named(principal: Principal, allowed: Allowed, accounts: frozenset[str]) -> bool:
    if principal.kind == "service":
        return principal.name in allowed.services
    is_named = any(within(principal.name, pattern) for pattern in allowed.principals)
    return principal.account in accounts or is_named


def _conditions_of(allowed: Allowed, accounts: frozenset[str]) -> Iterator[Condition]:
    """Yield conditions, each of which only allowed principals meet."""
    organizations = frozenset(allowed.organizations)
    if organizations:
        paths = frozenset(f"{one}/*" for one in organizations)
        for whose in ("Principal", "Source"):
            yield Condition("StringEquals", f"aws:{whose}OrgID", organizations)
            yield Condition("ForAnyValue:StringLike", f"aws:{whose}OrgPaths", paths)
    if accounts:
        yield Condition("StringEquals", "aws:PrincipalAccount", accounts)
        yield Condition("StringEquals", "aws:SourceAccount", accounts)
        yield Condition("ArnLike", "aws:SourceArn", frozenset(f"arn:*:*:*:{a}:*" for a in accounts))
    arns = frozenset(f"arn:*:{service}::{a}:*" for a in accounts for service in ("iam", "sts"))
    if arns or allowed.principals:
        yield Condition("ArnLike", "aws:PrincipalArn", arns | frozenset(allowed.principals))


def _doubt(allowed: Allowed, callers: Callers) -> str:
    if callers.depends_on_deployment:
        return ONLY_KNOWN_LATER
    if any(one.key.lower() in _ORGANIZATION_KEYS for one in callers.conditions):
        return ""  # another organization's principals
    if callers.principals.is_open:
        is_limited = limit_callers(callers.conditions)
        return "its conditions name other callers, who may be allowed ones" if is_limited else ""
    accounts = callers.accounts
    return doubt_about_account(allowed, accounts[0]) if accounts else ""


def doubt_about_account(allowed: Allowed, account: str) -> str:
    """Return the reason why an account may be allowed after all; empty if it is not."""
    if not allowed.organizations:
        return ""
    return (
        f"no template shows the organization of account `{account}`. If the account is allowed, "
        "add it to `allowed.accounts`"
    )


def names_account(allowed: Allowed, account: str, own_account: str) -> bool:
    """Return whether a rule allows all principals of an account."""
    return account in _accounts(allowed, own_account)
