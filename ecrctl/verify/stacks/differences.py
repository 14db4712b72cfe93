"""The differences between two values, each at the place where it is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecrctl.verify.check import NONE

# The properties by which the items of a list are told apart, not their positions.
_NAMES = ("Name", "Sid", "Key", "Id", "PolicyName")


@dataclass(frozen=True, slots=True)
class Difference:
    """Two values that differ.

    :param path: the place in the property, such as ``("sample-app", "Image")``.
    """

    path: tuple[str, ...]
    declared: Any
    found: Any


def differences(declared: Any, found: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield the innermost differences of two values."""
    if declared == found:
        return
    before, after = _parts(declared), _parts(found)
    if before is None or after is None:
        yield Difference(path, declared, found)
        return
    for name in {**before, **after}:
        yield from differences(before.get(name), after.get(name), (*path, name))


def text_of(value: Any) -> str:
    """Return a value as one line."""
    if value is None:
        return NONE
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _parts(value: Any) -> Mapping[str, Any] | None:
    """Return the named parts of a value; ``None`` where it has none."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        for name in _NAMES:
            names = [one.get(name) for one in value]
            if all(isinstance(one, str) for one in names) and len(set(names)) == len(names):
                return dict(zip(names, value, strict=True))
    return None
