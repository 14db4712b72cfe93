"""One form for each value that only the deployment knows.

What CloudFormation computes stays a function in the resolved template, and two spellings of the
same value become the same function: text with an unknown part is always an ``Fn::Join`` without a
separator, whether it was an ``Fn::Sub`` or an ``Fn::Join`` of other joins.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

# Stands for ``AWS::NoValue``: the property or the item is left out.
NO_VALUE = object()
DYNAMIC_REFERENCE = "{{resolve:"
# Separates the stack and the logical ID in a reference to a resource of another stack.
_OF_STACK = "|"
# A parameter whose value the deployment sets, with what is known of it. No function of
# CloudFormation: a Ref to a resource is a decided value, this is none.
PARAMETER = "Fn::Parameter"
_REFERENCES = ("Ref", "Fn::GetAtt")
_PLACE = ("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackName", "AWS::URLSuffix")


def function_of(value: Any) -> tuple[str, Any] | None:
    """Return the name and the argument of an intrinsic function; ``None`` for another value."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" or (isinstance(name, str) and name.startswith("Fn::")):
            return name, argument
    return None


def is_scalar(value: Any) -> bool:
    """Return whether a value is text, a number or a Boolean."""
    return isinstance(value, str | int | float)


def text_of(scalar: str | float) -> str:
    """Return a scalar as the text that CloudFormation makes of it."""
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)


def joined(parts: Iterable[Any]) -> Any:
    """Return parts of a text as one text, or as a join with as few parts as possible."""
    merged: list[Any] = []
    for part in _flat(parts):
        if is_scalar(part) and merged and isinstance(merged[-1], str):
            merged[-1] += text_of(part)
        else:
            merged.append(text_of(part) if is_scalar(part) else part)
    if len(merged) <= 1:
        return merged[0] if merged else ""
    return {"Fn::Join": ["", merged]}


def _flat(parts: Iterable[Any]) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, Mapping) and [*part] == ["Fn::Join"] and part["Fn::Join"][0] == "":
            yield from part["Fn::Join"][1]
        elif part != "":
            yield part


def qualified(value: Any, stack_name: str) -> Any:
    """Return a value of one stack as another one sees it: references name the stack."""
    return _with_references(value, lambda one: one if _OF_STACK in one else f"{stack_name}|{one}")


def localised(value: Any, stack_name: str) -> Any:
    """Return a value of another stack as this one sees it."""
    return _with_references(value, lambda one: one.removeprefix(f"{stack_name}{_OF_STACK}"))


def stack_of_reference(name: str) -> tuple[str, str]:
    """Return the stack and the logical ID of a reference; no stack for one of the own stack."""
    stack, _, logical_id = name.rpartition(_OF_STACK)
    return stack, logical_id


def _function(value: Any) -> tuple[str, Any]:
    return function_of(value) or ("", None)


def _with_references(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_with_references(one, change) for one in value]
    if not isinstance(value, Mapping):
        return value
    name, argument = _function(value)
    if name == "Ref" and argument not in _PLACE:
        return {"Ref": change(str(argument))}
    if name == "Fn::GetAtt":
        return {"Fn::GetAtt": [change(str(argument[0])), *argument[1:]]}
    return {key: _with_references(one, change) for key, one in value.items()}


def parameters_in(value: Any) -> Iterator[str]:
    """Yield the parameters that a resolved value depends on."""
    if isinstance(value, Mapping):
        name, argument = _function(value)
        if name == PARAMETER:
            yield str(argument[0])
        else:
            for one in value.values():
                yield from parameters_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from parameters_in(one)


def is_decided(value: Any) -> bool:
    """Return whether a template determines a resolved value, references to resources included."""
    if isinstance(value, str):
        return DYNAMIC_REFERENCE not in value
    if isinstance(value, list):
        return all(map(is_decided, value))
    if not isinstance(value, Mapping):
        return True
    name, argument = _function(value)
    if name in {"Fn::Base64", "Fn::Join"}:
        return is_decided(argument)
    return name in _REFERENCES or (not name and all(map(is_decided, value.values())))
