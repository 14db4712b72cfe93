"""Which strings a policy's pattern matches, and whether one pattern says no more than another."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

# A condition: operator, key, and the values of which one (or, negated, each) must hold.
Condition = tuple[str, str, frozenset[str]]

_NEGATED = re.compile(r"(?:StringNot|ArnNot|NotIp)")
_LIKE = re.compile(r"(?:String(?:Not)?Like|Arn(?:Not)?(?:Equals|Like))")
_TEXT = re.compile(
    r"(?:For(?:Any|All)Value[s]?:)?(?:String(?:Not)?(?:Equals|Like)|Arn(?:Not)?(?:Equals|Like))"
)


def stable(value: Any) -> str:
    """Give a value as text that is the same in every process, which that of a set is not."""
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(stable, value)))}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(stable, value))}]"
    if is_dataclass(value) and not isinstance(value, type):
        return stable([getattr(value, one.name) for one in fields(value)])
    return str(value)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Say whether a pattern with ``*`` and ``?`` matches a text."""
    return pattern == "*" or _expression(pattern).fullmatch(text) is not None


def within(narrow: str, wide: str) -> bool:
    """Say whether one pattern matches nothing that another does not."""
    if wide in {"*", narrow}:
        return True
    if "?" in wide and ("*" in narrow or "?" in narrow):
        return False  # "?" would match the other's "*" as if it were a letter
    # A "*" in the narrow one can only be met by a "*" in the wide one, so this holds for all
    # that the narrow one matches.
    return matches(wide, narrow)


def may_meet(one: str, other: str) -> bool:
    """Say whether two patterns could match the same text; in doubt, that they could."""
    wild = ("*" in one or "?" in one) and ("*" in other or "?" in other)
    return wild or matches(one, other) or matches(other, one)


def conditions_of(given: Any, text: Callable[[Any], str]) -> frozenset[Condition] | None:
    """Read a statement's conditions; ``None`` where it has another form than IAM's."""
    if not isinstance(given, Mapping):
        return None
    found: set[Condition] = set()
    for operator, keys in given.items():
        if not isinstance(keys, Mapping) or str(operator).startswith("Fn::"):
            return None
        for key, values in keys.items():
            if str(key).startswith("Fn::") or key == "Ref":
                return None
            listed = values if isinstance(values, list) else [values]
            found.add((str(operator), str(key), frozenset(text(value) for value in listed)))
    return frozenset(found)


def is_stricter(one: Iterable[Condition], other: Iterable[Condition]) -> bool:
    """Say whether whatever meets the one set of conditions meets the other, for certain."""
    listed = list(one)
    return all(any(_implies(have, wanted) for have in listed) for wanted in other)


def can_be_ordered(conditions: Iterable[Condition]) -> bool:
    """Say whether these conditions are of a kind whose widths can be compared."""
    return all(
        _TEXT.fullmatch(operator.removesuffix("IfExists"))
        or operator in {"IpAddress", "NotIpAddress", "Bool", "Null"}
        for operator, _, _ in conditions
    )


def _implies(have: Condition, wanted: Condition) -> bool:
    if have == wanted:
        return True
    (have_operator, have_key, have_values), (operator, key, values) = have, wanted
    if have_key.lower() != key.lower():
        return False
    is_negated = _NEGATED.search(operator) is not None
    # A negated operator holds of a key that is not there, with IfExists or without.
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
    """Give how a value of one operator is compared with one of another."""
    if wide in {"IpAddress", "NotIpAddress"}:
        return _network_within
    if _LIKE.search(wide):
        return within
    # For an equality "*" is a letter, for the other side it may be any text.
    is_like = _LIKE.search(narrow) is not None
    return lambda value, other: value == other and not (is_like and set(value) & set("*?"))


def _network_within(narrow: str, wide: str) -> bool:
    try:
        inner, outer = (ipaddress.ip_network(text, strict=False) for text in (narrow, wide))
    except ValueError:
        return narrow == wide
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
