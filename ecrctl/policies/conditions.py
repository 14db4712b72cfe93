"""Conditions of statements: how they are read, ordered by strictness, split and joined."""

import ipaddress
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from constructs_lib.rules.policy.lists import as_list

from .documents import canonical_text, is_function
from .patterns import has_wildcard, may_meet, within

_NEGATED = re.compile(r"(?:StringNot|ArnNot|NotIp)")
_LIKE = re.compile(r"(?:String(?:Not)?Like|Arn(?:Not)?(?:Equals|Like))")
_TEXT = re.compile(
    r"(?:For(?:Any|All)Value[s]?:)?(?:String(?:Not)?(?:Equals|Like)|Arn(?:Not)?(?:Equals|Like))"
)
_SPLIT = re.compile(r"(?:String(?:Equals|Like)|Arn(?:Equals|Like))(?:IfExists)?")
# Of these, alternatives with other values are not the same as one condition with all values.
_NOT_JOINED = re.compile(r"StringNot|ArnNot|NotIp|NumericNot|DateNot|ForAllValues:|Null")
# A request that meets one of these has the key, with one of the values.
_REQUIRED = re.compile(r"(?:String|Arn)(?:Equals|Like)")
_MOST_PARTS = 256


class Condition(NamedTuple):
    """One condition of a statement.

    :param values: one of them must match or, of a negated operator, none.
    """

    operator: str
    key: str
    values: frozenset[str]


Conditions = frozenset[Condition]


def conditions_of(given: Any, text: Callable[[Any], str]) -> Conditions | None:
    """Return a statement's conditions; ``None`` where their form is not IAM's.

    :param text: reads a value of the template.
    """
    if not isinstance(given, Mapping):
        return None
    found: set[Condition] = set()
    for operator, keys in given.items():
        if not isinstance(keys, Mapping) or is_function(operator) or any(map(is_function, keys)):
            return None
        for key, values in keys.items():
            found.add(Condition(str(operator), str(key), frozenset(map(text, as_list(values)))))
    return frozenset(found)


def is_stricter(strict: Iterable[Condition], loose: Iterable[Condition]) -> bool:
    """Return whether a request that meets one set of conditions certainly meets another."""
    given = list(strict)
    return all(any(_implies(have, wanted) for have in given) for wanted in loose)


def can_be_ordered(conditions: Iterable[Condition]) -> bool:
    """Return whether the strictness of conditions with these operators can be compared."""
    return all(
        _TEXT.fullmatch(operator.removesuffix("IfExists"))
        or operator in {"IpAddress", "NotIpAddress", "Bool", "Null"}
        for operator, _, _ in conditions
    )


def unordered_part(conditions: Conditions) -> Conditions:
    """Return the conditions whose operators have no order of strictness."""
    return frozenset(one for one in conditions if not can_be_ordered([one]))


def is_implied_by_itself_alone(condition: Condition) -> bool:
    """Return whether no other condition implies this one, because its operator has no order."""
    operator = condition.operator.removesuffix("IfExists")
    return not _same_family(operator, operator)


def matches_one_pattern(condition: Condition) -> bool:
    """Return whether a condition that implies this one certainly has a value like its only one."""
    return _SPLIT.fullmatch(condition.operator) is not None and len(condition.values) == 1


def split_by_value(conditions: Conditions) -> list[Conditions]:
    """Return one set of conditions for each value: one of several values is enough."""
    choices = [
        [Condition(operator, key, frozenset({value})) for value in sorted(values)]
        if _SPLIT.fullmatch(operator)
        else [Condition(operator, key, values)]
        for operator, key, values in sorted(conditions, key=canonical_text)
    ]
    if math.prod(map(len, choices)) > _MOST_PARTS:
        return [conditions]
    return [frozenset(parts) for parts in itertools.product(*choices)]


def joined(alternatives: Iterable[Conditions]) -> list[Conditions]:
    """Return alternatives with those joined that differ in the values of one key only.

    Those of a negated operator stay apart, because all values of one apply together.
    """
    found = sorted(set(alternatives), key=canonical_text)
    while len(fewer := _joined_once(found)) < len(found):
        found = fewer
    return found


def _joined_once(alternatives: list[Conditions]) -> list[Conditions]:
    """Join every alternative with all others that differ in one of its keys, the first with any.

    Each is compared with those alone that have the rest of its conditions.
    """
    by_rest: dict[_Rest, list[Conditions]] = {}
    for one in alternatives:
        for rest in _rests(one):
            by_rest.setdefault(rest, []).append(one)
    done: set[Conditions] = set()
    found: list[Conditions] = []
    for one in alternatives:
        if one in done:
            continue
        together = one
        for rest in _rests(one):
            by_rest[rest] = alike = [other for other in by_rest[rest] if other not in done]
            if len(alike) > 1:
                done.update(alike)
                together = _with_all_values(rest, alike)
                break
        done.add(one)
        found.append(together)
    return found


class _Rest(NamedTuple):
    """Conditions without one of them, whose values alone are left open."""

    others: Conditions
    operator: str
    key: str


def _rests(conditions: Conditions) -> Iterator[_Rest]:
    """Yield the conditions without the values of one of them, for each that can be joined."""
    for one in sorted(conditions, key=canonical_text):
        if not _NOT_JOINED.search(one.operator):
            yield _Rest(conditions - {one}, one.operator, one.key)


def _with_all_values(rest: _Rest, alternatives: Iterable[Conditions]) -> Conditions:
    values = (condition.values for one in alternatives for condition in one - rest.others)
    return rest.others | {Condition(rest.operator, rest.key, frozenset().union(*values))}


def both(one: Conditions, other: Conditions) -> Conditions | None:
    """Return the conditions of a request that meets both sets; ``None`` if none certainly does."""
    needed: list[Condition] = []
    for condition in sorted(one | other, key=canonical_text):
        if any(_implies(have, condition) for have in needed):
            continue
        needed = [have for have in needed if not _implies(condition, have)]
        needed.append(condition)
    can_be_met = not any(
        _excludes(*pair) or _excludes(*reversed(pair))
        for pair in itertools.combinations(needed, 2)
        if pair[0].key.lower() == pair[1].key.lower()
    )
    return frozenset(needed) if can_be_met else None


def loosest(alternatives: Iterable[Conditions]) -> list[Conditions]:
    """Return alternatives, joined, without those that another one contains."""
    found: list[Conditions] = []
    for one in joined(alternatives):
        if any(is_stricter(one, other) for other in found):
            continue
        found = [other for other in found if not is_stricter(other, one)]
        found.append(one)
    return found


def _excludes(one: Condition, other: Condition) -> bool:
    """Return whether no request that meets a condition meets another one on the same key."""
    if not _REQUIRED.fullmatch(one.operator):
        return False
    if other.operator == "Null":
        return all(value.lower() == "true" for value in other.values)
    if _REQUIRED.fullmatch(other.operator):
        return not any(may_meet(have, value) for have in one.values for value in other.values)
    operator = other.operator.removesuffix("IfExists")
    if not _NEGATED.match(operator) or not _TEXT.fullmatch(operator):
        return False
    covers = _covers(one.operator, operator)
    return all(any(covers(have, value) for value in other.values) for have in one.values)


def _implies(have: Condition, wanted: Condition) -> bool:
    if have == wanted:
        return True
    (have_operator, have_key, have_values), (operator, key, values) = have, wanted
    if have_key.lower() != key.lower():
        return False
    is_negated = _NEGATED.search(operator) is not None
    # A negated operator is true of a missing key, with IfExists or without.
    if have_operator.endswith("IfExists") > operator.endswith("IfExists") and not is_negated:
        return False
    have_operator, operator = (name.removesuffix("IfExists") for name in (have_operator, operator))
    have_prefix, operator_prefix = (name.rpartition(":")[0] for name in (have_operator, operator))
    if have_prefix != operator_prefix or not _same_family(have_operator, operator):
        return False
    if is_negated:
        covers = _covers(operator, have_operator)
        return all(any(covers(value, kept) for kept in have_values) for value in values)
    covers = _covers(have_operator, operator)
    return all(any(covers(value, allowed) for allowed in values) for value in have_values)


def _same_family(one: str, other: str) -> bool:
    if one == other:
        return one in {"IpAddress", "NotIpAddress"} or _TEXT.fullmatch(one) is not None
    both = _TEXT.fullmatch(one) and _TEXT.fullmatch(other)
    return bool(both) and bool(_NEGATED.search(one)) == bool(_NEGATED.search(other))


def _covers(narrow: str, wide: str) -> Callable[[str, str], bool]:
    """Return how a value of one operator is compared with a value of another."""
    if wide in {"IpAddress", "NotIpAddress"}:
        return _network_within
    if _LIKE.search(wide):
        return within
    # For an equality "*" is a letter, for a pattern it may be any text.
    is_like = _LIKE.search(narrow) is not None
    return lambda value, other: value == other and not (is_like and has_wildcard(value))


def _network_within(narrow: str, wide: str) -> bool:
    try:
        inner, outer = (ipaddress.ip_network(text, strict=False) for text in (narrow, wide))
    except ValueError:
        return narrow == wide
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
