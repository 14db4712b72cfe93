"""Conditions of a template: whether one is met, and the form that each spelling of it has."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .canonical import function_of, is_decided, is_scalar, text_of
from .functions import Scope, resolve

_COMBINED = {"Fn::And": all, "Fn::Or": any}


class Conditions:
    """The conditions of one stack.

    :param definitions: the template's conditions by name.
    :param scope: the values of the stack.
    :param without_parameters: the same values, with every parameter unknown.
    """

    def __init__(
        self, definitions: Mapping[str, Any], scope: Scope, without_parameters: Scope
    ) -> None:
        self._definitions, self._scope = definitions, scope
        self._without_parameters = without_parameters
        self._met: dict[str, bool | None] = {}

    def is_met(self, name: Any) -> bool | None:
        """Return whether a condition is met; ``None`` where only the deployment knows."""
        if not isinstance(name, str) or name not in self._definitions:
            return None
        if name not in self._met:
            self._met[name] = None  # of a condition that refers to itself
            self._met[name] = self._evaluated(self._definitions[name], self._scope)
        return self._met[name]

    def text(self, name: Any) -> Any:
        """Return a condition as functions of parameters; ``None`` where no parameter matters."""
        if not isinstance(name, str) or name not in self._definitions:
            return {"Condition": name}
        definition = {"Condition": name}
        if self._evaluated(definition, self._without_parameters) is not None:
            return None
        return self._expanded(definition, frozenset())

    def _evaluated(
        self, given: Any, scope: Scope, around: frozenset[str] = frozenset()
    ) -> bool | None:
        name, argument = _operation(given)
        if name == "Condition" and argument in self._definitions and argument not in around:
            return self._evaluated(self._definitions[argument], scope, around | {argument})
        if name == "Fn::Equals" and isinstance(argument, list):
            return _are_equal([resolve(one, scope) for one in argument])
        if name == "Fn::Not" and isinstance(argument, list) and len(argument) == 1:
            found = self._evaluated(argument[0], scope, around)
            return None if found is None else not found
        if name in _COMBINED and isinstance(argument, list):
            return _combined(
                _COMBINED[name], [self._evaluated(one, scope, around) for one in argument]
            )
        return None

    def _expanded(self, given: Any, around: frozenset[str]) -> Any:
        """Return a definition without names of other conditions, as they may be renamed."""
        name, argument = _operation(given)
        if name == "Condition" and argument in self._definitions and argument not in around:
            return self._expanded(self._definitions[argument], around | {argument})
        if name in {"Fn::And", "Fn::Not", "Fn::Or"} and isinstance(argument, list):
            return {name: [self._expanded(one, around) for one in argument]}
        return resolve(given, self._without_parameters)


def _operation(given: Any) -> tuple[str, Any]:
    if isinstance(given, Mapping) and [*given] == ["Condition"]:
        return "Condition", given["Condition"]
    return function_of(given) or ("", None)


def _are_equal(values: Sequence[Any]) -> bool | None:
    first, second = values
    if is_scalar(first) and is_scalar(second) and is_decided(values):
        return text_of(first) == text_of(second)
    return True if first == second else None


def _combined(
    combine: Callable[[Sequence[bool]], bool], found: Sequence[bool | None]
) -> bool | None:
    """Return the result where the unknown conditions cannot change it."""
    results = {
        combine([unknown if one is None else one for one in found]) for unknown in (True, False)
    }
    return results.pop() if len(results) == 1 else None
