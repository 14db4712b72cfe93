"""The difference between two values, as a few short lines."""

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ecrctl.policies.wording import first_few

from .withheld import is_private

_MOST_SHOWN, _LONGEST = 6, 60
_NAMES = ("Name", "name")


def differences(before: Any, after: Any, *, without: Sequence[str] = ()) -> list[str]:
    """Return the differences: ``Memory 200 → 400``; the last line counts those beyond a few.

    :param without: names that are left out.
    """
    lines = list(dict.fromkeys(_lines(before, after, (), frozenset(without))))
    return first_few(lines, _MOST_SHOWN)


def differing_values(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Return every value that differs: its path, such as ``Rules.0.Filter``, and both values."""
    return [*_differing(before, after, ())]


def _differing(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    if before == after:
        return
    old, new = _entries(before), _entries(after)
    if old is None and new is None:
        yield ".".join(path), before, after
        return
    old, new = old or {}, new or {}
    for name in {**old, **new}:
        yield from _differing(old.get(name), new.get(name), (*path, name))


def _entries(value: Any) -> dict[str, Any] | None:
    """Return the entries of a mapping or a list by name; ``None`` for any other value."""
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    return {str(one): item for one, item in enumerate(value)} if isinstance(value, list) else None


def _lines(
    before: Any, after: Any, path: tuple[str, ...], without: AbstractSet[str]
) -> Iterator[str]:
    if before == after:
        return
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None:
        for name in {**old, **new}:
            if name not in without:
                yield from _lines(old.get(name), new.get(name), (*path, name), without)
        return
    where = ".".join(path[-2:])
    if is_private(path):
        yield f"`{where}`"
    else:
        yield f"`{where}` {short_text(before)} → {short_text(after)}"


def _by_name(value: Any) -> Mapping[str, Any] | None:
    """Return a mapping, or a list of named mappings as one; ``None`` for any other value."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        for key in _NAMES:
            names = [one.get(key) for one in value]
            if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
                return {str(one[key]): one for one in value}
    return None


def short_text(value: Any) -> str:
    """Return a value as a short text in backticks."""
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text[:_LONGEST]}…`" if len(text) > _LONGEST else f"`{text}`"
