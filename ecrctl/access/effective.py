"""The verbs that the statements about one principal allow together, and their conditions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from ecrctl.policies.conditions import Conditions, both, is_stricter, loosest
from ecrctl.policies.documents import grouped
from ecrctl.policies.patterns import PatternSet
from ecrctl.policies.permissions import Permission
from ecrctl.policies.verbs import CREATED_VERBS, PUBLIC_VERBS, Verb

_VERBS = (*CREATED_VERBS, *PUBLIC_VERBS)
ACTIONS = tuple(sorted({action for verb in _VERBS for action in verb.actions}))
_ALWAYS: list[Conditions] = [frozenset()]
# The actions of a statement and its conditions, without its principal and resource.
Rule = tuple[PatternSet, Conditions]
# Of each action, the conditions under which it is allowed; any one of them is enough.
Alternatives = Mapping[str, list[Conditions]]
EVERY_ACTION: Alternatives = dict.fromkeys(ACTIONS, _ALWAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedVerb:
    """A verb that a principal is allowed, or denied, under some conditions.

    :param actions: the actions of the verb that are allowed or denied.
    """

    verb: Verb
    actions: tuple[str, ...]
    conditions: Conditions

    @property
    def missing(self) -> tuple[str, ...]:
        """The actions that the verb requires and that are not among its own."""
        if self.verb.is_any:
            return ()
        return tuple(action for action in self.verb.blocking if action not in self.actions)

    def within(self, others: Iterable[AllowedVerb]) -> bool:
        """Return whether one of others allows the same or more."""
        return any(
            self.verb == other.verb
            and set(self.actions) <= set(other.actions)
            and is_stricter(self.conditions, other.conditions)
            for other in others
        )


def rules_of(permissions: Iterable[Permission]) -> tuple[Rule, ...]:
    """Return the rules of permissions for the same principal and resource."""
    return tuple(dict.fromkeys((one.action, one.conditions) for one in permissions))


# The repositories of a fleet have the same few policies.
@cache
def alternatives_of(rules: tuple[Rule, ...]) -> Alternatives:
    """Return the conditions under which rules allow each action."""
    given = [(patterns, both(conditions, frozenset())) for patterns, conditions in rules]
    return {
        action: loosest(
            conditions
            for patterns, conditions in given
            if conditions is not None and patterns.contains(action.lower())
        )
        for action in ACTIONS
    }


def allowed_by_both(one: Alternatives, other: Alternatives) -> Alternatives:
    """Return the conditions under which both of two policies allow each action."""
    return {action: _both(one[action], other[action]) for action in ACTIONS}


def allowed_verbs(alternatives: Alternatives, denied: tuple[Rule, ...]) -> list[AllowedVerb]:
    """Return the verbs that allowed actions grant together, each with its loosest conditions."""
    found: list[AllowedVerb] = []
    for verb in _VERBS:
        for conditions in _conditions_of(verb, alternatives):
            one = AllowedVerb(
                verb=verb,
                actions=_allowed_actions(verb, conditions, alternatives, denied),
                conditions=conditions,
            )
            if not _is_prevented(one, denied) and not one.within(found):
                found = [*(other for other in found if not other.within([one])), one]
    return found


@cache
def verbs_with(
    own: tuple[Rule, ...], wider: tuple[Rule, ...], denied: tuple[Rule, ...]
) -> list[AllowedVerb]:
    """Return the verbs that rules grant by themselves, or together with wider ones.

    :param own: the rules for exactly one principal.
    :param wider: the rules for others that include the principal. The verbs that these grant alone
        are left out.
    """
    return together(alternatives_of(own), alternatives_of(wider), denied)


def together(own: Alternatives, wider: Alternatives, denied: tuple[Rule, ...]) -> list[AllowedVerb]:
    """Return the verbs that alternatives grant by themselves, or together with wider ones."""
    union = {action: loosest([*own[action], *wider[action]]) for action in ACTIONS}
    by_wider = allowed_verbs(wider, denied)
    found = [
        replace(one, actions=_allowed_actions(one.verb, one.conditions, union, denied))
        for one in allowed_verbs(own, denied)
    ]
    for one in allowed_verbs(union, denied):
        if not one.within(by_wider) and not one.within(found):
            found = [*(other for other in found if not other.within([one])), one]
    return found


@cache
def denied_verbs(denied: tuple[Rule, ...]) -> list[AllowedVerb]:
    """Return the verbs that rules for one principal deny."""
    found: dict[tuple[Verb, tuple[str, ...]], list[Conditions]] = {}
    for conditions, rules in grouped(denied, lambda rule: rule[1]).items():
        actions = [patterns for patterns, _ in rules]
        for verb in _VERBS:
            if verb.is_denied_by(actions):
                found.setdefault((verb, verb.actions_in(actions)), []).append(conditions)
    return [
        AllowedVerb(verb=verb, actions=actions, conditions=conditions)
        for (verb, actions), alternatives in found.items()
        for conditions in loosest(alternatives)
    ]


def _conditions_of(verb: Verb, alternatives: Alternatives) -> list[Conditions]:
    """Return the conditions under which a verb may be granted, the most complete grants first."""
    if verb.is_any:
        return list(dict.fromkeys(one for action in verb.actions for one in alternatives[action]))
    complete = _all_of(verb.blocking, alternatives)
    return [*complete, *_all_of(verb.defining, alternatives)]


def _all_of(actions: Iterable[str], alternatives: Alternatives) -> list[Conditions]:
    """Return the conditions under which every one of some actions is allowed."""
    found = _ALWAYS
    for action in actions:
        found = _both(found, alternatives[action])
    return found


def _both(some: list[Conditions], others: list[Conditions]) -> list[Conditions]:
    if some == _ALWAYS:
        return others
    pairs = (both(one, other) for one, other in itertools.product(some, others))
    return loosest(one for one in pairs if one is not None)


def _allowed_actions(
    verb: Verb, conditions: Conditions, alternatives: Alternatives, denied: Iterable[Rule]
) -> tuple[str, ...]:
    denying = _denying(conditions, denied)
    return tuple(
        action
        for action in verb.actions
        if any(is_stricter(conditions, one) for one in alternatives[action])
        and not any(patterns.contains(action.lower()) for patterns in denying)
    )


def _is_prevented(one: AllowedVerb, denied: Iterable[Rule]) -> bool:
    """Return whether a Deny applies wherever a verb is allowed."""
    is_denied = one.verb.is_denied_by(_denying(one.conditions, denied))
    return not one.actions or (is_denied and not one.verb.is_any)


def _denying(conditions: Conditions, denied: Iterable[Rule]) -> list[PatternSet]:
    """Return the actions that are denied wherever some conditions are met."""
    return [patterns for patterns, when in denied if is_stricter(conditions, when)]
