"""Other spellings of a template's values: the same value behind intrinsic functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

_PLACEHOLDER = re.compile(r"\$\{([^{}]+)\}")
# Functions in functions, at most so many.
_DEEPEST = 2


@dataclass
class Spelling:
    """The parts of a template that the functions in its resources need."""

    draw: st.DrawFn
    parameters: dict[str, Any] = field(default_factory=dict)
    mappings: dict[str, Any] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)

    def written(self, value: Any, *, depth: int = 0) -> Any:
        """Return a value in another spelling, with the values in it."""
        if isinstance(value, Mapping):
            return {key: self.written(item, depth=depth) for key, item in value.items()}
        if isinstance(value, list):
            return self._list([self.written(item, depth=depth) for item in value])
        if isinstance(value, str) and value:
            return self._text(value, depth)
        return value

    def _list(self, items: list[Any]) -> list[Any]:
        """Return a list, perhaps with an item that a condition leaves out."""
        if not self.draw(st.booleans()):
            return items
        where = self.draw(st.integers(0, len(items)))
        left_out = {"Fn::If": [self.condition(is_met=False), "never", {"Ref": "AWS::NoValue"}]}
        return [*items[:where], left_out, *items[where:]]

    def _text(self, text: str, depth: int) -> Any:
        if depth > _DEEPEST or not self.draw(st.booleans()):
            return text
        write = self.draw(st.sampled_from([_joined, _substituted, _selected, _mapped, _given, _if]))
        return write(self, text, depth + 1)

    def inner(self, text: str, depth: int) -> Any:
        """Return a text inside of another one in another spelling."""
        return self._text(text, depth) if text else text

    def new_name(self) -> str:
        """Return a name that no part of the template has."""
        return f"N{len(self.parameters)}x{len(self.mappings)}x{len(self.conditions)}"

    def condition(self, *, is_met: bool) -> str:
        """Return a condition that is met or not, directly or through another one."""
        name = self.new_name()
        test: Any = {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-west-2" if is_met else "other"]}
        if self.draw(st.booleans()):
            self.conditions[f"{name}Not"] = {"Fn::Not": [test]}
            test = {"Fn::Not": [{"Condition": f"{name}Not"}]}
        self.conditions[name] = test
        return name

    def template(self, resources: Mapping[str, Any]) -> dict[str, Any]:
        """Return a template with the values of its resources in another spelling."""
        return {
            "Resources": {
                name: {**one, "Properties": self.written(one["Properties"])}
                for name, one in resources.items()
            },
            "Parameters": self.parameters,
            "Mappings": self.mappings,
            "Conditions": self.conditions,
        }


def _joined(spelling: Spelling, text: str, depth: int) -> Any:
    cut = spelling.draw(st.integers(0, len(text)))
    return {"Fn::Join": ["", [spelling.inner(text[:cut], depth), text[cut:]]]}


def _substituted(spelling: Spelling, text: str, depth: int) -> Any:
    cut = spelling.draw(st.integers(0, len(text)))
    # Fn::Sub reads a complete placeholder only, and a cut may have divided one.
    rest = _PLACEHOLDER.sub(r"${!\1}", text[cut:])
    return {"Fn::Sub": ["${First}" + rest, {"First": spelling.inner(text[:cut], depth)}]}


def _selected(spelling: Spelling, text: str, depth: int) -> Any:
    if spelling.draw(st.booleans()):
        return {"Fn::Select": [0, {"Fn::Split": ["\n", text + "\nno"]}]}
    return {"Fn::Select": ["1", ["no", spelling.inner(text, depth)]]}


def _mapped(spelling: Spelling, text: str, _depth: int) -> Any:
    name = spelling.new_name()
    spelling.mappings[name] = {"us-west-2": {"value": text}}
    return {"Fn::FindInMap": [name, {"Ref": "AWS::Region"}, "value"]}


def _given(spelling: Spelling, text: str, _depth: int) -> Any:
    name = spelling.new_name()
    if spelling.draw(st.booleans()) and "," not in text and text == text.strip():
        spelling.parameters[name] = {"Type": "CommaDelimitedList", "Default": f"no,{text}"}
        return {"Fn::Select": [1, {"Ref": name}]}
    spelling.parameters[name] = {"Type": "String", "Default": text}
    return {"Ref": name}


def _if(spelling: Spelling, text: str, depth: int) -> Any:
    is_met = spelling.draw(st.booleans())
    value = spelling.inner(text, depth)
    sides = [value, "no"] if is_met else ["no", value]
    return {"Fn::If": [spelling.condition(is_met=is_met), *sides]}


@st.composite
def spelled(draw: st.DrawFn, resources: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a template that deploys given resources, written with functions."""
    return Spelling(draw).template(resources)
