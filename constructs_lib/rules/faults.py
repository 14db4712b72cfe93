"""Faults: the broken rules of a value, one sentence each, and the error that names them all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


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
    """Raise the faults of a value that is made here under another name.

    :param who: the construct that was given the value, such as ``PrivateRepository 'Api'``.
    """
    try:
        yield
    except RuleError as error:
        raise RuleError(who, error.faults) from None


def form_faults(form: re.Pattern[str], text: str, message: str, *, path: str = "") -> list[Fault]:
    """Return one fault with a message unless the whole text matches a form."""
    return [] if form.fullmatch(text) else [Fault(path, message)]
