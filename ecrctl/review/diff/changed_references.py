"""What stands in a template and means something else, because what it refers to changes.

A parameter, a mapping or a condition may change while everything that refers to it stays as it is,
to the letter. Which way that goes only the deployment knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .comparison import Comparison, StackPair

_PARTS = {"conditions": "condition", "mappings": "mapping", "parameters": "parameter"}


def changed_names(comparison: Comparison, pair: StackPair) -> dict[str, str]:
    """Give what changes its meaning in a stack: by name, the word for it."""
    if pair.base is None or pair.head is None:
        return {}
    parts = comparison.parts.get(pair.name, {})
    names = {
        name: word
        for part, word in _PARTS.items()
        for name in parts.get(part, ())
        # What is new or gone is referred to by nothing that stays as it is.
        if all(name in side.template.get(part.capitalize(), {}) for side in (pair.base, pair.head))
    }
    conditions = pair.head.template.get("Conditions", {})
    # A condition may rest on a parameter, or on another condition.
    for _ in conditions:
        names |= {
            name: "condition"
            for name, given in conditions.items()
            if name not in names and any(one in names for one in references(given))
        }
    return names


def handed_down(comparison: Comparison) -> Iterator[tuple[StackPair, dict[str, str]]]:
    """Give nested stacks that are handed other parameters by the stack around them."""
    before, after = (
        {stack.stack_name: stack for stack in side} for side in (comparison.base, comparison.head)
    )
    for change in comparison.of_type("AWS::CloudFormation::Stack"):
        old, new = (side or {} for side in change.values("Parameters"))
        name = f"{change.pair.stack.stack_name}/{change.logical_id}"
        if (
            name in before
            and name in after
            and isinstance(old, Mapping)
            and isinstance(new, Mapping)
        ):
            pair = StackPair(name=after[name].name, base=before[name], head=after[name])
            changed = {key: "parameter" for key in new if key in old and old[key] != new[key]}
            if changed:
                yield pair, changed


def references(value: Any) -> Iterator[str]:
    """Give the names of parameters, mappings and conditions that a value refers to."""
    if isinstance(value, Mapping):
        for key, given in value.items():
            if key in {"Condition", "Ref"} and isinstance(given, str):
                yield given
            elif key in {"Fn::FindInMap", "Fn::If"} and isinstance(given, list) and given:
                yield str(given[0])
            elif key == "Fn::Sub":
                text = given[0] if isinstance(given, list) and given else given
                yield from (part.partition("}")[0] for part in str(text).split("${")[1:])
            yield from references(given)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
