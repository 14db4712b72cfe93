"""``Fn::ForEach`` loops, which CloudFormation expands before it reads a template.

Source: CloudFormation template reference, "Fn::ForEach".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .canonical import is_scalar, text_of

_LOOP = "Fn::ForEach::"
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Za-z]")
_ARGUMENTS = 3


def expanded(value: Any, resolved: Callable[[Any], Any]) -> Any:
    """Return a part of a template with its loops expanded; an unknown collection stays a loop.

    :param resolved: resolves the collection of a loop.
    """
    if isinstance(value, list):
        return [expanded(one, resolved) for one in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        if str(key).startswith(_LOOP):
            found |= _loop(key, item, resolved)
        else:
            found[key] = expanded(item, resolved)
    return found


def has_loop(value: Any) -> bool:
    """Return whether a part of a template contains a loop."""
    if isinstance(value, list):
        return any(map(has_loop, value))
    if isinstance(value, Mapping):
        return any(str(key).startswith(_LOOP) or has_loop(item) for key, item in value.items())
    return False


def _loop(key: str, argument: Any, resolved: Callable[[Any], Any]) -> dict[str, Any]:
    if not isinstance(argument, list) or len(argument) != _ARGUMENTS:
        return {key: argument}
    identifier, collection, body = argument
    items = resolved(collection)
    is_known = isinstance(items, list) and all(map(is_scalar, items))
    if not is_known or not isinstance(body, Mapping):
        return {key: argument}
    found: dict[str, Any] = {}
    for item in items:
        found |= expanded(_with_item(body, str(identifier), text_of(item)), resolved)
    return found


def _with_item(value: Any, identifier: str, item: str) -> Any:
    """Return the body of a loop for one item of its collection."""
    if isinstance(value, str):
        plain = _NOT_ALPHANUMERIC.sub("", item)
        return value.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", plain)
    if isinstance(value, list):
        return [_with_item(one, identifier, item) for one in value]
    if not isinstance(value, Mapping):
        return value
    if value == {"Ref": identifier}:
        return item
    return {
        _with_item(key, identifier, item): _with_item(one, identifier, item)
        for key, one in value.items()
    }
