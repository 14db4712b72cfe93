"""Permissions in words: actions as verbs where there is one, principals, conditions, lists."""

import re
from collections.abc import Iterable, Sequence

from .conditions import Condition
from .documents import canonical_text
from .patterns import PatternSet, has_wildcard, matches
from .principals import AWS, EVERYONE, SELF, Principal, PrincipalSet
from .verbs import VERBS

_MOST_SHOWN = 6
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}\b")


def phrase(actions: Iterable[PatternSet]) -> str:
    """Return what actions allow: ``pull``, ``push and administer``, ``perform `s3:GetObject```."""
    given = sorted(actions, key=canonical_text)
    named = [one for one in given if not one.negated]
    verbs = [verb for verb in VERBS if verb.is_granted_by(named)]
    included = {action.lower() for verb in verbs for action in verb.actions}
    # A wildcard allows more than its verbs, so it is shown with them. Actions that a verb includes
    # are not.
    wild: list[str] = []
    others: list[str] = []
    for pattern, spelling in _spelling(named).items():
        if has_wildcard(pattern) and any(matches(pattern, action) for action in included):
            wild.append(spelling)
        elif pattern not in included:
            others.append(spelling)
    parts = [listed([verb.name for verb in verbs]) + (f" ({_shown(wild)})" if wild else "")]
    parts += [f"perform {_shown(others)}"] if others else []
    for one in given:
        if one.negated:
            excluded = list(_spelling([one]).values())
            parts.append(f"perform every action except {_shown(excluded)}")
    return listed([part for part in parts if part])


def _spelling(actions: Iterable[PatternSet]) -> dict[str, str]:
    """Return actions as the policy spells them, by how they are compared."""
    return {
        action.lower(): action
        for one in actions
        for action in sorted(one.as_written, key=lambda action: (action.lower(), action))
    }


def _shown(actions: Sequence[str]) -> str:
    return listed(first_few([f"`{action}`" for action in actions], _MOST_SHOWN))


def principal_text(principals: PrincipalSet, owner: str, *, quote: str = "`") -> str:
    """Return principals as a sentence names them.

    :param owner: the identity that the policy belongs to.
    :param quote: the mark around a name.
    """
    names = listed(sorted(_name(one, owner, quote) for one in principals.principals))
    return f"everyone except {names}" if principals.negated else names


def _name(principal: Principal, owner: str, quote: str) -> str:
    if principal == EVERYONE:
        return "everyone"
    if principal == SELF:
        return f"{quote}{owner}{quote}"
    text = principal.name if principal.kind == AWS else f"{principal.kind} {principal.name}"
    return f"{quote}{text}{quote}"


def listed(names: Sequence[str]) -> str:
    """Return names joined as in a sentence."""
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def first_few(texts: Sequence[str], most: int) -> list[str]:
    """Return the first texts, and the number of the others as the last one."""
    more = len(texts) - most
    return [*texts] if more <= 0 else [*texts[:most], f"{more} more"]


def short_digests(text: str) -> str:
    """Return a text whose digests have twelve digits each, enough to recognise an image."""
    return _DIGEST.sub(r"\1", text)


def distinct_short_digests(before: str, after: str) -> tuple[str, str]:
    """Return two texts with short digests, or as they are if that would make them the same."""
    short = short_digests(before), short_digests(after)
    return short if short[0] != short[1] or before == after else (before, after)


def conditions_text(conditions: Iterable[Condition], *, quote: str = "`") -> str:
    """Return conditions as a sentence names them; empty for none.

    :param quote: the mark around a condition.
    """
    return " and ".join(
        f"{quote}{operator} {key} {', '.join(sorted(values))}{quote}"
        for operator, key, values in sorted(conditions, key=canonical_text)
    )
