"""Flat fields: a value whose fields are keys of the mapping around it.

A file stays flat, and each value is still read by the dataclass that a rule has for it. A field is
flat when its alias is in angle brackets, such as ``Field(alias="<pod>")``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .forms import ReadAs


@cache
def flat_fields(kind: type) -> Mapping[str, tuple[type, bool]]:
    """Return a class's flat fields by alias: the class of the value, and whether it is optional."""
    return {
        alias: (_class_in(hint), type(None) in get_args(_bare(hint)))
        for name, hint in _hints(kind)
        if (alias := _alias(hint)).startswith("<")
    }


@cache
def key_names(kind: type) -> tuple[str, ...]:
    """Return the keys of a mapping that a class reads, those of its flat fields included."""
    own = tuple(name for name, hint in _hints(kind) if not _alias(hint).startswith("<"))
    inner = (key_names(value) for value, _ in flat_fields(kind).values())
    return own + tuple(name for names in inner for name in names)


def gathered(given: Any, kind: type | None) -> Any:
    """Return data with the keys of each flat field moved below the field's alias.

    :param given: plain data; of any other form than the class has, it is returned unchanged.
    """
    if kind is None:
        return given
    if isinstance(given, list):
        return [gathered(one, kind) for one in given]
    if not isinstance(given, Mapping):
        return given
    rest = {key: gathered(one, class_within(field_hint(kind, key))) for key, one in given.items()}
    for alias, (inner, is_optional) in flat_fields(kind).items():
        inside = {name: rest.pop(name) for name in key_names(inner) if name in rest}
        if inside or not is_optional:
            rest[alias] = gathered(inside, inner)
    return rest


def class_within(hint: Any) -> type | None:
    """Return the first model or dataclass in an annotation such as ``list[RepositoryModel]``."""
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, BaseModel)):
        return hint
    found = (class_within(one) for one in (*get_args(hint), *_read_as(hint)))
    return next((one for one in found if one), None)


def items_of(hint: Any) -> Any:
    """Return the annotation of the items of a list, which may be one of several forms."""
    if get_origin(hint) in (list, tuple):
        return get_args(hint)[0]
    found = (items_of(one) for one in (*get_args(hint), *_read_as(hint)))
    return next((one for one in found if one is not None), None)


def field_hint(kind: type, name: str) -> Any:
    """Return the annotation of a key that a class reads, also in one of its flat fields."""
    own = dict(_hints(kind))
    if name in own:
        return own[name]
    inner = (value for value, _ in flat_fields(kind).values() if name in key_names(value))
    return next((field_hint(value, name) for value in inner), None)


def _hints(kind: type) -> Iterator[tuple[str, Any]]:
    if issubclass(kind, BaseModel):
        names = list(kind.model_fields)
    else:
        names = [field.name for field in fields(cast("Any", kind)) if field.init]
    hints = get_type_hints(kind, include_extras=True)
    return ((name, hints[name]) for name in names)


def _metadata(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__metadata__", ())


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _read_as(hint: Any) -> list[Any]:
    return [one.annotation for one in _metadata(hint) if isinstance(one, ReadAs)]


def _alias(hint: Any) -> str:
    found = (one.alias for one in _metadata(hint) if isinstance(one, FieldInfo))
    return next((alias for alias in found if alias), "")


def _class_in(hint: Any) -> type:
    found = class_within(_bare(hint))
    if found is None:
        raise TypeError(f"a flat field requires a class, got {hint}")
    return found
