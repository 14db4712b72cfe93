"""Known names: the hint for an unknown one, at a cost that does not grow with their number."""

import difflib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

# A message with more names than these would hide what it is about.
_LISTED = 20
# The names beside the place where an unknown name would be, in each order.
_NEIGHBOURS = 10


class KnownNames:
    """Names that a setting can have.

    :param names: the names, in the order in which a message lists them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._set = frozenset(self._names)

    def __contains__(self, name: object) -> bool:
        """Return whether a name is known."""
        return name in self._set

    def nearest(self, given: str) -> str | None:
        """Return the known name that an unknown one can stand for; ``None`` if none is similar."""
        near = difflib.get_close_matches(given, list(self._candidates(given)), n=1)
        return near[0] if near else None

    def hint(self, given: str) -> str:
        """Return what follows on an unknown name: the nearest known name, then known names."""
        near = self.nearest(given)
        start = f"; did you mean '{near}'? " if near else ". "
        listed = ", ".join(self._names[:_LISTED]) or "none"
        more = len(self._names) - _LISTED
        return f"{start}Known: {listed}{f' and {more:,} more' if more > 0 else ''}."

    def _candidates(self, given: str) -> Iterator[str]:
        """Yield the names that may be near: those with a similar beginning or a similar end."""
        if len(self._names) <= 4 * _NEIGHBOURS:
            yield from self._names
            return
        yield from _around(given, self._sorted)
        yield from (name[::-1] for name in _around(given[::-1], self._sorted_from_the_end))

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._names)

    @cached_property
    def _sorted_from_the_end(self) -> list[str]:
        return sorted(name[::-1] for name in self._names)


def _around(given: str, names: Sequence[str]) -> Sequence[str]:
    place = bisect_left(names, given)
    return names[max(place - _NEIGHBOURS, 0) : place + _NEIGHBOURS]
