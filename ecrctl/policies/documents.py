"""Helpers for the values of policy documents, and for lists of what is read from them."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def is_function(key: object) -> bool:
    """Return whether a key of a mapping names one of CloudFormation's functions."""
    return str(key).startswith("Fn::") or key == "Ref"


def grouped(values: Iterable[Value], key: Callable[[Value], Key]) -> dict[Key, list[Value]]:
    """Return values by a key of each, in the order in which they come."""
    found: dict[Key, list[Value]] = {}
    for value in values:
        found.setdefault(key(value), []).append(value)
    return found


def canonical_text(value: Any) -> str:
    """Return a value as text that is the same in every process; that of a set is not.

    Fields that a dataclass does not compare are left out.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, frozenset):
        return _text_of_set(value)
    if isinstance(value, set):
        return _text_of_set(frozenset(value))
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(canonical_text, value))}]"
    names = _compared_fields(type(value))  # type: ignore[arg-type]  # every class can be hashed
    if names is not None:
        return canonical_text([getattr(value, name) for name in names])
    return str(value)


@cache
def _text_of_set(value: frozenset[Any]) -> str:
    # Many statements have the same principals, actions and conditions.
    return f"{{{', '.join(sorted(map(canonical_text, value)))}}}"


@cache
def _compared_fields(kind: type) -> tuple[str, ...] | None:
    """Return the fields that a dataclass compares; ``None`` for any other type."""
    if not is_dataclass(kind):
        return None
    return tuple(one.name for one in fields(kind) if one.compare)
