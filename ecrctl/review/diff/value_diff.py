"""What differs inside of two values, as few short lines as tell it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MOST_TOLD, _LONGEST = 6, 60
_NAMES = ("Name", "name")
# Of these the names are told, and what stands in them is left to the template.
_PRIVATE = ("Environment", "env", "environment")


def differences(before: Any, after: Any, *, besides: Sequence[str] = ()) -> list[str]:
    """Tell what differs: ``Memory 200 → 400``; what is past a few is counted.

    :param besides: names of what is told elsewhere.
    """
    told = list(dict.fromkeys(_told(before, after, (), frozenset(besides))))
    more = len(told) - _MOST_TOLD
    return told if more <= 0 else [*told[:_MOST_TOLD], f"{more} more"]


def _told(before: Any, after: Any, path: tuple[str, ...], besides: frozenset[str]) -> Iterator[str]:
    if before == after:
        return
    old, new = _named(before), _named(after)
    if old is not None and new is not None:
        for name in {**old, **new}:
            if name not in besides:
                yield from _told(old.get(name), new.get(name), (*path, name), besides)
        return
    where = ".".join(path[-2:])
    if any(step in _PRIVATE for step in path):
        yield f"`{where}`"
    else:
        yield f"`{where}` {_short(before)} → {_short(after)}"


def _named(value: Any) -> Mapping[str, Any] | None:
    """Give a mapping, or a list of named things as one; ``None`` for anything else."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        for key in _NAMES:
            names = [one.get(key) for one in value]
            if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
                return {str(one[key]): one for one in value}
    return None


def _short(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text[:_LONGEST]}…`" if len(text) > _LONGEST else f"`{text}`"
