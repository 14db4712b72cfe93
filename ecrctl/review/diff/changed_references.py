"""References whose meaning changes although the text around them stays the same.

A parameter, a mapping or a condition may change while every resource that refers to it stays the
same. The direction of such a change is known only at deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .comparison import Comparison, StackPair

_PARTS = {"Conditions": "condition", "Mappings": "mapping", "Parameters": "parameter"}
NESTED_STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class ChangedName:
    """A parameter, mapping or condition that changes.

    :param word: its display word.
    :param evidence: the values before and after, or those of the names that it depends on.
    """

    word: str
    evidence: object


ChangedNames = Mapping[str, ChangedName]


def changed_names(comparison: Comparison, pair: StackPair) -> ChangedNames:
    """Return the parameters, mappings and conditions of a stack that change, by name."""
    if pair.base is None or pair.head is None:
        return {}
    parts = comparison.parts.get(pair.name, {})
    names: dict[str, ChangedName] = {}
    for part, word in _PARTS.items():
        before, after = (side.template.get(part, {}) for side in (pair.base, pair.head))
        for name in parts.get(part.lower(), ()):
            # No unchanged resource refers to a name that is added or removed.
            if name in before and name in after:
                names[name] = ChangedName(word, [part, before[name], after[name]])
    return _with_dependent_conditions(names, pair.head.template.get("Conditions", {}))


def _with_dependent_conditions(
    names: dict[str, ChangedName], conditions: Mapping[str, Any]
) -> ChangedNames:
    """Add the conditions that depend on a changed name, directly or through a condition."""
    found = dict(names)
    is_complete = False
    while not is_complete:
        dependent = {
            name: ChangedName("condition", {one: found[one].evidence for one in causes})
            for name, condition in conditions.items()
            if name not in found and (causes := found.keys() & set(references(condition)))
        }
        found |= dependent
        is_complete = not dependent
    return found


def nested_stack_parameters(comparison: Comparison) -> Iterator[tuple[StackPair, ChangedNames]]:
    """Yield the nested stacks whose parent passes other parameters, with those parameters."""
    before = {stack.stack_name: stack for stack in comparison.base}
    after = {stack.stack_name: stack for stack in comparison.head}
    for change in comparison.of_type(NESTED_STACK):
        old, new = (side or {} for side in change.values("Parameters"))
        name = f"{change.pair.stack.stack_name}/{change.logical_id}"
        is_on_both_sides = name in before and name in after
        if is_on_both_sides and isinstance(old, Mapping) and isinstance(new, Mapping):
            pair = StackPair(name=after[name].name, base=before[name], head=after[name])
            changed = {
                key: ChangedName("parameter", ["Parameters", old[key], new[key]])
                for key in new
                if key in old and old[key] != new[key]
            }
            if changed:
                yield pair, changed


def references(value: Any) -> Iterator[str]:
    """Yield the names of parameters, mappings and conditions that a value refers to."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in {"Condition", "Ref"} and isinstance(item, str):
                yield item
            elif key in {"Fn::FindInMap", "Fn::If"} and isinstance(item, list) and item:
                yield str(item[0])
            elif key == "Fn::Sub":
                text = item[0] if isinstance(item, list) and item else item
                yield from (part.partition("}")[0] for part in str(text).split("${")[1:])
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
