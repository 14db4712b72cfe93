"""Statements of policies, split into permissions that can be compared by their meaning."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.statements import statements_of

from .conditions import Conditions, conditions_of, is_stricter, split_by_value
from .patterns import EVERYTHING, PatternSet
from .principals import SELF, PrincipalSet, principal_sets_of

_NO_CONDITIONS: Conditions = frozenset()
# A statement that would have more parts is compared as a whole: its size is multiplied by each
# element, and a template of 40 kB could otherwise have millions.
_MOST_PARTS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """The part of a statement about one principal, one action, one resource.

    :param is_deny: whether the statement denies.
    """

    is_deny: bool
    principal: PrincipalSet
    action: PatternSet
    resource: PatternSet
    conditions: Conditions

    def within(self, wide: Permission) -> bool:
        """Return whether another permission certainly applies wherever this one does."""
        return (
            self.is_deny == wide.is_deny
            and self.principal.within(wide.principal)
            and self.action.within(wide.action)
            and self.resource.within(wide.resource)
            and is_stricter(self.conditions, wide.conditions)
        )

    def is_about(self, names: Iterable[str]) -> bool:
        """Return whether it is about a resource with several names, all of which an exemption has.

        :param names: the forms of the resource's ARN.
        """
        found = [self.resource.contains(name) for name in names]
        return all(found) if self.resource.negated else any(found)

    def concerns_same(self, other: Permission) -> bool:
        """Return whether another permission covers this one when conditions are ignored."""
        unconditional = (replace(one, conditions=_NO_CONDITIONS) for one in (self, other))
        return next(unconditional).within(next(unconditional))


def permissions_of(
    policy: Any, text: Callable[[Any], str], *, names_principals: bool = True
) -> list[Permission] | None:
    """Return a policy's permissions; ``None`` where the form of a statement is not IAM's.

    :param text: reads a value of the template.
    :param names_principals: whether statements must name principals; those of an identity policy
        do not, and their principal is ``SELF``.
    """
    if not isinstance(policy, Mapping) or "Statement" not in policy:
        return None
    found: list[Permission] = []
    for statement in statements_of(policy):
        parts = _permissions(statement, text, names_principals=names_principals)
        if parts is None:
            return None
        found += parts
    return found


def _permissions(
    statement: Any, text: Callable[[Any], str], *, names_principals: bool
) -> list[Permission] | None:
    if not isinstance(statement, Mapping) or statement.get("Effect") not in ("Allow", "Deny"):
        return None
    conditions = conditions_of(statement.get("Condition", {}), text)
    has_principals = not {"Principal", "NotPrincipal"}.isdisjoint(statement)
    if conditions is None or (names_principals and not has_principals):
        return None
    principals = principal_sets_of(statement, text) if names_principals else [PrincipalSet.of(SELF)]
    actions = _pattern_sets(statement, "Action", PatternSet.of_actions, text)
    resources = _pattern_sets(statement, "Resource", PatternSet.of, text)
    alternatives = split_by_value(conditions)
    counts = (len(principals), len(actions), len(resources), len(alternatives))
    if math.prod(counts) > _MOST_PARTS:
        actions, resources = _together(actions), _together(resources)
        alternatives = [conditions]
    parts = itertools.product(
        principals, actions, resources or [PatternSet.of(EVERYTHING)], alternatives
    )
    return [
        Permission(
            is_deny=statement["Effect"] == "Deny",
            principal=principal,
            action=action,
            resource=resource,
            conditions=under,
        )
        for principal, action, resource, under in parts
    ]


def _together(sets: list[PatternSet]) -> list[PatternSet]:
    """Return the sets of one pattern each as one set."""
    if len(sets) <= 1:
        return sets
    patterns = frozenset().union(*(one.patterns for one in sets))
    written = frozenset().union(*(one.as_written for one in sets))
    return [PatternSet(negated=False, patterns=patterns, as_written=written)]


def _pattern_sets(
    statement: Mapping[str, Any],
    element: str,
    pattern_set: Callable[..., PatternSet],
    text: Callable[[Any], str],
) -> list[PatternSet]:
    """Return an element's patterns one by one, or as one set where they are excluded."""
    if f"Not{element}" in statement:
        return [pattern_set(*map(text, as_list(statement[f"Not{element}"])), negated=True)]
    return [pattern_set(text(one)) for one in as_list(statement.get(element, []))]
