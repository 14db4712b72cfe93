"""An index of permissions, to find those that may contain another one without comparing all.

A text that a pattern matches contains every literal part of the pattern, and a principal is within
few others. So each permission is kept under its rarest such feature, and only the permissions
under the features of another one are compared with that one. Policies of thousands of statements
differ in something, be it a resource, an action, a principal or the value of a condition. Where
many permissions share a feature, such as an action, they have an index of their own for the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from .conditions import Condition, is_implied_by_itself_alone, matches_one_pattern
from .patterns import PatternSet, literal_parts
from .permissions import Permission

# With fewer, comparing them all is faster than finding those to compare.
_FEWEST_TO_INDEX = 8


class _Feature(NamedTuple):
    """A part of a permission that each permission inside it has as well.

    :param place: the element of the statement, with the key of a condition.
    :param text: a part of the element's value; a principal as a whole.
    """

    place: str
    text: Hashable


class PermissionIndex:
    """Permissions by their rarest feature.

    :param with_conditions: whether conditions limit the candidates. Without them, also the
        permissions are found that would contain another one if no permission had conditions.
    """

    def __init__(
        self,
        permissions: Iterable[Permission],
        *,
        with_conditions: bool = True,
        _known: frozenset[str] = frozenset(),
    ) -> None:
        every = list(permissions)
        self._with_conditions = with_conditions
        features = [[f for f in self._features(one) if f.place not in _known] for one in every]
        frequency = Counter(feature for found in features for feature in set(found))
        by_feature: dict[_Feature, list[Permission]] = {}
        self._others: list[Permission] = []
        for one, found in zip(every, features, strict=True):
            if found:
                by_feature.setdefault(min(found, key=frequency.__getitem__), []).append(one)
            else:
                self._others.append(one)
        self._by_feature: dict[str, dict[Hashable, list[Permission] | PermissionIndex]] = {}
        for feature, sharing in by_feature.items():
            self._by_feature.setdefault(feature.place, {})[feature.text] = (
                sharing
                if len(sharing) < _FEWEST_TO_INDEX
                else PermissionIndex(
                    sharing, with_conditions=with_conditions, _known=_known | {feature.place}
                )
            )
        self._lengths = {
            place: {len(text) for text in texts if isinstance(text, str)}
            for place, texts in self._by_feature.items()
        }

    def candidates(self, one: Permission) -> Iterator[Permission]:
        """Yield the permissions that may contain one, each of them once."""
        yield from self.with_features(list(self._texts_of(one)))

    def with_features(self, texts: list[_Feature]) -> Iterator[Permission]:
        """Yield the permissions that have a feature in one of the texts, and those without any."""
        # Two conditions on one key may have a part in common.
        parts = {(place, part) for place, text in texts for part in self._parts_of(place, text)}
        for place, part in parts:
            found = self._by_feature.get(place, {}).get(part, ())
            yield from found.with_features(texts) if isinstance(found, PermissionIndex) else found
        yield from self._others

    def _features(self, one: Permission) -> Iterator[_Feature]:
        """Yield the features that every permission inside of one has."""
        for place, patterns in (("action", one.action), ("resource", one.resource)):
            yield from (_Feature(place, part) for part in _literals(patterns))
        principals = one.principal.principals
        if not one.principal.negated and len(principals) == 1:
            (principal,) = principals
            if not principal.is_everyone:
                yield _Feature("principal", principal.as_container)
        for condition in one.conditions if self._with_conditions else ():
            if is_implied_by_itself_alone(condition):
                yield _Feature("whole condition", condition)
            elif matches_one_pattern(condition):
                parts = literal_parts(next(iter(condition.values)))
                yield from (_Feature(_place_of(condition), part) for part in parts)

    def _parts_of(self, place: str, text: Hashable) -> set[Hashable]:
        """Return the parts of a text that have the length of a known feature."""
        if place not in self._by_feature:
            return set()
        if not isinstance(text, str):
            return {text}
        return {
            text[start : start + length]
            for length in self._lengths.get(place, ())
            for start in range(len(text) - length + 1)
        }

    def _texts_of(self, one: Permission) -> Iterator[_Feature]:
        """Yield the texts that contain the features of every permission around one.

        Each value of an element must lie within the other permission, so one value decides.
        """
        for place, patterns in (("action", one.action), ("resource", one.resource)):
            if not patterns.negated:
                yield from (_Feature(place, text) for text in list(patterns.patterns)[:1])
        if not one.principal.negated:
            for principal in list(one.principal.principals)[:1]:
                yield from (_Feature("principal", name) for name in principal.possible_containers)
        by_place: dict[str, set[str]] = {}
        for condition in one.conditions:
            yield _Feature("whole condition", condition)
            by_place.setdefault(_place_of(condition), set()).update(list(condition.values)[:1])
        for place, values in by_place.items():
            yield from (_Feature(place, value) for value in values)


def _literals(patterns: PatternSet) -> Iterator[str]:
    if not patterns.negated and len(patterns.patterns) == 1:
        yield from literal_parts(next(iter(patterns.patterns)))


def _place_of(condition: Condition) -> str:
    return f"condition {condition.key.lower()}"
