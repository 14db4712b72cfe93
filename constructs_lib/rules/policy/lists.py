"""One value or a list of values: IAM writes and reads both as the same."""

from collections.abc import Sequence
from typing import Any


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as the only item of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def one_or_list(values: Sequence[str]) -> str | list[str]:
    """Return the only value by itself, and several as a list."""
    return values[0] if len(values) == 1 else list(values)
