"""The types of arguments: a value of another type is a fault, not an error further inside."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import cache, wraps
from inspect import signature
from types import SimpleNamespace
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .aws.tokens import is_number_token
from .faults import Fault, raise_if_any

Class = TypeVar("Class", bound=type)
Function = TypeVar("Function", bound=Callable[..., Any])

_WORDS: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    type(None): "None",
}
_CURES: Mapping[type, str] = {
    str: "Write it in quotes.",
    int: "Write it without quotes.",
    float: "Write it without quotes.",
    bool: "Write one of the two, without quotes.",
}


def checked_types(made: Class) -> Class:
    """Check the arguments of a class: those of another type than declared are refused.

    A list is accepted in place of a tuple. A number that is known only at deployment is a number.

    :raises RuleError: from the class, with every argument of another type.
    """
    setattr(made, "__init__", _checked(vars(made)["__init__"], made.__name__))  # noqa: B010
    return made


def checked_arguments(function: Function) -> Function:
    """Check the arguments of a function in the same way."""
    return cast("Function", _checked(function, function.__qualname__))


def _checked(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        given = _arguments(function, args, kwargs)
        raise_if_any(_who(name, given), _faults(function, given))
        return function(*args, **kwargs)

    return checked


def _arguments(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Mapping[str, Any]:
    """Return arguments by their names; none of a call that Python refuses with its own message."""
    try:
        given: Mapping[str, Any] = _signature(function).bind(*args, **kwargs).arguments
    except TypeError:
        return {}
    return given


def _who(name: str, given: Mapping[str, Any]) -> str:
    construct_id = given.get("construct_id")
    return f"{name} '{construct_id}'" if isinstance(construct_id, str) else name


def _faults(function: Callable[..., Any], given: Mapping[str, Any]) -> Iterator[Fault]:
    hints = _hints(function)
    for name, value in given.items():
        if name in hints:
            yield from type_faults(name, value, hints[name])


@cache
def _signature(function: Callable[..., Any]) -> Any:
    return signature(function)


@cache
def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a function's parameters.

    A type that a module imports for type checkers alone cannot be checked here.
    """
    found: dict[str, Any] = {}
    for name, hint in function.__annotations__.items():
        with suppress(NameError):
            found[name] = _read(hint, function)
    return found


def _read(hint: Any, function: Callable[..., Any]) -> Any:
    holder = SimpleNamespace(__annotations__={"hint": hint})
    scope = vars(sys.modules[function.__module__])
    return get_type_hints(holder, globalns=scope)["hint"]


def type_faults(path: str, value: Any, hint: Any) -> Iterator[Fault]:
    """Yield the faults of a value, or of the parts in it, that have another type than declared."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        yield from _union_faults(path, value, arguments)
    elif origin is Literal:
        yield from type_faults(path, value, type(arguments[0]))
    elif origin is not None and issubclass(origin, Mapping):
        yield from _mapping_faults(path, value, arguments)
    elif origin is not None and issubclass(origin, Sequence):
        yield from _sequence_faults(path, value, arguments[0])
    elif isinstance(hint, type) and hint is not Any and not _is_of(value, hint):
        yield _fault(path, value, hint)


def _union_faults(path: str, value: Any, choices: Sequence[Any]) -> Iterator[Fault]:
    if any(not list(type_faults(path, value, one)) for one in choices):
        return
    # The faults inside of a list or mapping say more than that it is none of the choices.
    inside = [one for choice in choices for one in type_faults(path, value, choice)]
    deeper = [one for one in inside if one.path != path]
    yield from deeper or inside[:1]


def _mapping_faults(path: str, value: Any, arguments: Sequence[Any]) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield Fault(
            path, f"{path} must be a mapping, got {_shown(value)}. Write one, such as {{'a': 'b'}}."
        )
        return
    for key, item in value.items():
        yield from type_faults(f"{path}.{key!s:.80}", item, arguments[1] if arguments else Any)


def _sequence_faults(path: str, value: Any, item: Any) -> Iterator[Fault]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(
        value, Sequence | set | frozenset
    ):
        yield Fault(
            path,
            f"{path} must be a list, got {_shown(value)}. Write it in brackets, also if it has one "
            "item.",
        )
        return
    for index, one in enumerate(value):
        yield from type_faults(f"{path}[{index}]", one, item)


def _is_of(value: Any, hint: type) -> bool:
    if hint is int or hint is float:
        number = isinstance(value, int if hint is int else int | float)
        return (number and not isinstance(value, bool)) or is_number_token(value)
    # An interface of the CDK: anything but a plain value may implement it.
    if getattr(hint, "_is_protocol", False):
        return not isinstance(value, str | bytes | int | float | Mapping | Sequence | None)
    return isinstance(value, hint)


def _fault(path: str, value: Any, hint: type) -> Fault:
    article = "an" if hint.__name__[0] in "AEIOU" else "a"
    expected = _WORDS.get(hint, f"{article} {hint.__name__}")
    cure = _CURES.get(hint, f"Write {_example(hint)}.")
    return Fault(path, f"{path} must be {expected}, got {_shown(value)}. {cure}")


def _example(hint: type) -> str:
    """Return an expression of a type."""
    if issubclass(hint, Enum):
        return f"{hint.__name__}.{next(iter(hint)).name}, or another of them"
    if getattr(hint, "_is_protocol", False):
        return f"a construct that is an {hint.__name__}"
    return str(getattr(hint, "EXAMPLE", f"{hint.__name__}(...)"))


def _shown(value: Any) -> str:
    plain = isinstance(value, str | int | float | list | tuple | dict | None)
    return f"{value!r:.60}" if plain else f"a {type(value).__name__}"
