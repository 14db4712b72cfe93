"""Conditions that limit the callers of a statement for everyone, such as to an organization."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping

from .conditions import Condition
from .patterns import has_wildcard

# A request that meets one of these has the key, with one of the values.
_EQUAL = re.compile(r"(?:ForAnyValue:)?StringEquals(?:IgnoreCase)?")
_LIKE = re.compile(r"(?:ForAnyValue:)?(?:StringLike|Arn(?:Equals|Like))")
# Every signed request of an identity has these keys, so IfExists makes no difference.
_ALWAYS_PRESENT = {"aws:principalarn", "aws:principalaccount", "aws:userid"}
_ACCOUNT = re.compile(r"\d{12}")
_ACCOUNT_IN_ARN = 4
# AWS calls a wider network public.
_WIDEST_NETWORK = {4: 8, 6: 32}


def limit_callers(conditions: Iterable[Condition]) -> bool:
    """Return whether conditions limit a statement for everyone to callers that the policy names.

    Source: Amazon S3 user guide, "The meaning of 'public'". A tag, or a name that other accounts
    can choose as well, is no limit.
    """
    return any(map(_limits_callers, conditions))


def _limits_callers(condition: Condition) -> bool:
    key = condition.key.lower()
    if key in {"aws:sourceip", "aws:vpcsourceip"}:
        return condition.operator == "IpAddress" and all(map(_is_narrow, condition.values))
    operator = condition.operator
    if key in _ALWAYS_PRESENT:
        operator = operator.removesuffix("IfExists")
    is_named = _LIMITS.get(key)
    if is_named is None:
        return False
    if _LIKE.fullmatch(operator):
        return all(map(is_named, condition.values))
    return _EQUAL.fullmatch(operator) is not None


def _is_exact(value: str) -> bool:
    return not has_wildcard(value)


def _has_exact_account(arn: str) -> bool:
    parts = arn.split(":")
    is_arn = len(parts) > _ACCOUNT_IN_ARN
    has_account = is_arn and _ACCOUNT.fullmatch(parts[_ACCOUNT_IN_ARN]) is not None
    return has_account or not has_wildcard(arn)


def _has_exact_organization(path: str) -> bool:
    return not has_wildcard(path.partition("/")[0])


def _has_exact_identity(user_id: str) -> bool:
    """Return whether a user ID names its role or user; only a session's name may be a pattern."""
    return not has_wildcard(user_id.partition(":")[0])


def _is_narrow(network: str) -> bool:
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return True  # only the deployment knows the network
    return found.prefixlen >= _WIDEST_NETWORK[found.version]


_LIMITS: Mapping[str, Callable[[str], bool]] = {
    "aws:principalaccount": _is_exact,
    "aws:principalarn": _has_exact_account,
    "aws:principalorgid": _is_exact,
    "aws:principalorgpaths": _has_exact_organization,
    "aws:sourceaccount": _is_exact,
    "aws:sourcearn": _has_exact_account,
    "aws:sourceorgid": _is_exact,
    "aws:sourceorgpaths": _has_exact_organization,
    "aws:sourcevpc": _is_exact,
    "aws:sourcevpce": _is_exact,
    "aws:userid": _has_exact_identity,
    "aws:vpceaccount": _is_exact,
    "aws:vpceorgid": _is_exact,
    "aws:vpceorgpaths": _has_exact_organization,
}
