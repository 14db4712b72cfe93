"""The variants of a resource: one for each way in which its unknown conditions may turn out."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ecrctl.review.findings import canonical_json
from ecrctl.review.resolution.canonical import function_of

_NO_VALUE = {"Ref": "AWS::NoValue"}
_BRANCHES = 3
# With more conditions, which are 16 variants, a resource is not read.
_MOST_CONDITIONS = 4


class Variant(NamedTuple):
    """A resource as it is deployed under some conditions.

    :param conditions: the conditions that are met, and those that are not, as canonical text.
    :param resource: the resource; ``None`` where it does not exist.
    """

    conditions: str
    resource: Mapping[str, Any] | None


def variants_of(resource: Mapping[str, Any]) -> list[Variant]:
    """Return the variants of a resolved resource: one where no condition matters.

    None are returned for a resource with too many conditions.
    """
    exists = resource.get("Condition")
    names = {_condition(one)[0] for one in _conditions(resource.get("Properties"))}
    names |= {_condition(exists)[0]} if exists is not None else set()
    if len(names) > _MOST_CONDITIONS:
        return []
    found = []
    ordered = sorted(names)
    for values in itertools.product((True, False), repeat=len(ordered)):
        met = dict(zip(ordered, values, strict=True))
        chosen = None if exists is not None and not _is_met(exists, met) else _chosen(resource, met)
        found.append(Variant(canonical_json(met), chosen))
    return found


def _conditions(value: Any) -> Iterator[Any]:
    """Yield the conditions of the ``Fn::If`` functions in a value."""
    if isinstance(value, list):
        for one in value:
            yield from _conditions(one)
    elif isinstance(value, Mapping):
        branches = _branches(value)
        if branches is not None:
            yield branches[0]
        for one in value.values():
            yield from _conditions(one)


def _branches(value: Any) -> list[Any] | None:
    name, argument = function_of(value) or ("", None)
    is_if = name == "Fn::If" and isinstance(argument, list) and len(argument) == _BRANCHES
    return argument if is_if else None


def _condition(given: Any) -> tuple[str, bool]:
    """Return a condition without the negations around it, and whether they are an even number."""
    is_even = True
    while True:
        name, argument = function_of(given) or ("", None)
        if name != "Fn::Not" or not isinstance(argument, list) or len(argument) != 1:
            return canonical_json(given), is_even
        given, is_even = argument[0], not is_even


def _is_met(given: Any, met: Mapping[str, bool]) -> bool:
    name, is_even = _condition(given)
    return met[name] == is_even


def _chosen(value: Any, met: Mapping[str, bool]) -> Any:
    """Return a value with the branch of each function that the conditions choose."""
    if isinstance(value, list):
        items = [_chosen(one, met) for one in value]
        return [one for one in items if one != _NO_VALUE]
    if not isinstance(value, Mapping):
        return value
    branches = _branches(value)
    if branches is not None:
        condition, yes, no = branches
        return _chosen(yes if _is_met(condition, met) else no, met)
    found = {name: _chosen(one, met) for name, one in value.items()}
    return found if found == _NO_VALUE else {n: one for n, one in found.items() if one != _NO_VALUE}


def paired_variants(
    base: Mapping[str, Any] | None, head: Mapping[str, Any] | None
) -> list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Return both sides of a resource under each combination of conditions that they may meet."""
    before, after = (
        [Variant("{}", None)] if side is None else variants_of(side) or [Variant("{}", side)]
        for side in (base, head)
    )
    names = {one.conditions for one in before}
    if names == {one.conditions for one in after}:
        sides = {one.conditions: one.resource for one in before}
        return [(sides[one.conditions], one.resource) for one in after]
    return [(old.resource, new.resource) for old in before for new in after]
