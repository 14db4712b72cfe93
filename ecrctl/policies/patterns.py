"""Patterns of IAM: which texts they match, and whether one set of patterns lies within another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Self, TypeVar

EVERYTHING = "*"
T = TypeVar("T")


_WILDCARDS = re.compile(r"[*?]+")


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    first, *others = (
        "".join("." if char == "?" else re.escape(char) for char in part)
        for part in pattern.split("*")
    )
    if not others:
        return re.compile(first, re.DOTALL)
    # The first match of a part is enough, because a "*" follows. Atomic groups keep it: without
    # them, a pattern with many "*" would take years to not match.
    middle = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(f"{first}{middle}.*{others[-1]}", re.DOTALL)


@cache
def literal_parts(pattern: str) -> tuple[str, ...]:
    """Return the parts of a pattern between its wildcards, which every matched text contains."""
    return tuple(part for part in _WILDCARDS.split(pattern) if part)


def has_wildcard(pattern: str) -> bool:
    """Return whether a pattern contains ``*`` or ``?``, the only wildcards of IAM."""
    return "*" in pattern or "?" in pattern


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern with ``*`` and ``?`` matches a text."""
    return pattern == EVERYTHING or _expression(pattern).fullmatch(text) is not None


def within(narrow: str, wide: str) -> bool:
    """Return whether one pattern matches nothing that another does not match."""
    if wide in {EVERYTHING, narrow}:
        return True
    if "?" in wide and has_wildcard(narrow):
        return False  # "?" would match the other's "*" as if it were a letter
    # A "*" in the narrow pattern can only be matched by a "*" in the wide one, so the result is
    # true of every text that the narrow pattern matches.
    return matches(wide, narrow)


def may_meet(one: str, other: str) -> bool:
    """Return whether two patterns could match the same text; true where that is uncertain."""
    both_wild = has_wildcard(one) and has_wildcard(other)
    return both_wild or matches(one, other) or matches(other, one)


@dataclass(frozen=True, slots=True)
class PatternSet:
    """The texts that one of the patterns matches or, negated, those that none of them matches.

    :param as_written: the patterns as the policy spells them, where their case means nothing.
    """

    negated: bool
    patterns: frozenset[str]
    as_written: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def of(cls, *patterns: str, negated: bool = False) -> Self:
        """Return the set of some patterns whose case matters, such as those of resources."""
        written = frozenset(patterns)
        return cls(negated, written, written)

    @classmethod
    def of_actions(cls, *patterns: str, negated: bool = False) -> Self:
        """Return the set of some actions: IAM ignores their case."""
        lower = frozenset(pattern.lower() for pattern in patterns)
        return cls(negated, lower, frozenset(patterns))

    @property
    def single(self) -> str | None:
        """The only text in the set; ``None`` where there may be several."""
        if self.negated or len(self.patterns) != 1:
            return None
        (pattern,) = self.patterns
        return None if has_wildcard(pattern) else pattern

    def contains(self, text: str) -> bool:
        """Return whether a text is in the set; an action is asked for in lower case."""
        return any(matches(pattern, text) for pattern in self.patterns) != self.negated

    def within(self, wide: PatternSet) -> bool:
        """Return whether every text of this set is certainly in another."""
        return is_subset(
            (self.negated, self.patterns),
            (wide.negated, wide.patterns),
            everything=EVERYTHING,
            within=within,
            may_meet=may_meet,
        )


def is_subset(
    narrow: tuple[bool, Iterable[T]],
    wide: tuple[bool, Iterable[T]],
    *,
    everything: T,
    within: Callable[[T, T], bool],
    may_meet: Callable[[T, T], bool],
) -> bool:
    """Return whether one set, possibly negated, certainly lies within another.

    :param within: whether one member covers no more than another.
    :param may_meet: whether two members could cover the same.
    """
    (not_narrow, ones), (not_wide, others) = narrow, wide
    if not_narrow and not_wide:
        return all(any(within(other, one) for one in ones) for other in others)
    if not_wide:
        return not any(may_meet(one, other) for one in ones for other in others)
    if not_narrow:
        return everything in others
    return all(any(within(one, other) for other in others) for one in ones)
