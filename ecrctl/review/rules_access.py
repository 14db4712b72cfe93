"""Who gained and who lost access, as rows of the table."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from .access import AccessChange, access_changes
from .access_sentences import Direction
from .changes import Comparison
from .findings import Category, Saying
from .rule import Look, Rule

_FOUND: WeakKeyDictionary[Comparison, list[AccessChange]] = WeakKeyDictionary()


def _in_direction(direction: Direction) -> Look:
    def look(comparison: Comparison) -> Iterator[Saying]:
        if comparison not in _FOUND:
            _FOUND[comparison] = access_changes(comparison)
        return (one.saying for one in _FOUND[comparison] if one.direction == direction)

    return look


RULES = (
    Rule(
        id="access-gained",
        category=Category.ACCESS_GAINED,
        finds="Somebody may do more, or under fewer conditions; a Deny is narrower or gone",
        look=_in_direction("gained"),
    ),
    Rule(
        id="access-undecided",
        category=Category.ACCESS_GAINED,
        finds="A policy changes, and whether it gives more or less cannot be told",
        look=_in_direction("undecided"),
    ),
    Rule(
        id="access-lost",
        category=Category.ACCESS_LOST,
        finds="Somebody may do less, or under more conditions; a Deny is new or wider",
        look=_in_direction("lost"),
    ),
)
