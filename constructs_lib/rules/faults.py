"""Faults: the broken rules of a value, one sentence each, and the error that names them all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from .aws.tokens import is_number_token

Place = TypeVar("Place")
Value = TypeVar("Value", bound=Hashable)
Checked = TypeVar("Checked")


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule.

    :param path: the place in the value that was checked, such as ``[1].count_number``; empty for
        the value itself.
    :param message: the rule, the value that breaks it and the change to make, as one or two
        sentences.
    """

    path: str
    message: str

    def under(self, prefix: str) -> Fault:
        """Return the same fault with its path inside the value that contains the checked one."""
        joint = "" if not self.path or self.path.startswith("[") or not prefix else "."
        return Fault(f"{prefix}{joint}{self.path}", self.message)

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class RuleError(ValueError):
    """Raised when a value breaks one or more rules; ``faults`` has each of them.

    :param who: the construct or value that breaks them, such as ``PrivateRepository 'Api'``.
    """

    def __init__(self, who: str, faults: Iterable[Fault]) -> None:
        self.who = who
        self.faults = tuple(faults)
        if len(self.faults) == 1:
            text = f"{who}: {self.faults[0]}"
        else:
            lines = "".join(f"\n  - {fault}" for fault in self.faults)
            text = f"{who}: {len(self.faults)} faults:{lines}"
        super().__init__(text)


def raise_if_any(who: str, faults: Iterable[Fault]) -> None:
    """Raise one :class:`RuleError` with all faults, or return when there is none."""
    found = tuple(faults)
    if found:
        raise RuleError(who, found)


@contextmanager
def reported_by(who: str) -> Iterator[None]:
    """Raise the faults of a value under another name, that of the construct which makes it.

    :param who: the construct or value to name instead, such as ``PrivateRepository 'Api'``.
    """
    try:
        yield
    except RuleError as error:
        raise RuleError(who, error.faults) from None


def faults_unless(condition: object, message: str, *, path: str = "") -> list[Fault]:
    """Return one fault with a message unless a condition is true, such as a pattern's match."""
    return [] if condition else [Fault(path, message)]


def word_faults(
    path: str,
    given: str | None,
    words: Sequence[str],
    *,
    subject: str = "",
    cure: str = "",
    optional: bool = False,
) -> list[Fault]:
    """Check that a text is one of several words.

    :param subject: the subject of the message; by default the path.
    :param optional: whether ``None`` is valid too; ``False`` by default.
    """
    message = f"{subject or path} must be one of {', '.join(words)}, got '{str(given)[:40]}'."
    is_valid = optional if given is None else given in words
    return faults_unless(is_valid, f"{message} {cure}".rstrip(), path=path)


def range_faults(
    path: str,
    value: int | None,
    least: int,
    largest: int | None,
    cure: str,
    *,
    subject: str = "",
    optional: bool = False,
) -> list[Fault]:
    """Check that a number is in a range.

    :param largest: ``None`` if the range has no end.
    :param subject: the subject of the message; by default the path.
    :param optional: whether ``None`` is valid too; ``False`` by default.
    """
    allowed = f"at least {least:,}" if largest is None else f"{least:,} to {largest:,}"
    return faults_unless(
        optional
        if value is None
        else is_number_token(value) or least <= value <= (largest or value),
        f"{subject or path} must be {allowed}, got {value}. {cure}",
        path=path,
    )


def repeated(items: Iterable[tuple[Place, Value]]) -> Iterator[tuple[Place, Value, Place]]:
    """Yield each value that an earlier place also has, as place, value and that earlier place."""
    first: dict[Value, Place] = {}
    for place, value in items:
        if value in first:
            yield place, value, first[value]
        first.setdefault(value, place)


def taken_faults(setting: str, items: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Yield a fault for each text that an earlier place also has.

    :param setting: the setting that contains the text, such as ``name``.
    :param items: pairs of a place, such as ``volumes[0]``, and the text that it has.
    """
    for place, value, first in repeated(items):
        message = f"the {setting} '{value[:80]}' is taken by {first}. Choose another one."
        yield Fault(setting, message).under(place)


def each_under(
    path: str, values: Iterable[Checked], rule: Callable[[Checked], Iterable[Fault]]
) -> list[Fault]:
    """Return the faults of each value of a list, under the value's index in the list."""
    return [
        fault.under(f"{path}[{index}]")
        for index, value in enumerate(values)
        for fault in rule(value)
    ]


def under(path: str, faults: Iterable[Fault]) -> list[Fault]:
    """Return the same faults with their paths inside the value that contains the checked one."""
    return [fault.under(path) for fault in faults]
