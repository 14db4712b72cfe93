"""Permissions in sentences: as few as say all of it, each about one repository, key or role."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from ecrctl.policies.patterns import Condition, stable
from ecrctl.policies.permissions import Named, Permission
from ecrctl.policies.wording import conditions_text, joined, listed, phrase

Direction = Literal["gained", "lost", "undecided"]

_REPOSITORY = re.compile(r"arn:[^:]*:ecr:[^:]*:[^:]*:repository/(.+)")
_IDENTITY = re.compile(r"(?:role|user|group|whoever) ")
_MOST_RESOURCES = 3
# By what happened to an Allow or a Deny, and whether the sentence is about who may, or about what
# somebody may do something with.
_FORMS = {
    ("gained", False, False): "lets {who} {what}",
    ("gained", True, False): "no longer denies {who} to {what}",
    ("lost", False, False): "no longer lets {who} {what}",
    ("lost", True, False): "denies {who} to {what}",
    ("gained", False, True): "may {what}",
    ("gained", True, True): "is no longer denied to {what}",
    ("lost", False, True): "may no longer {what}",
    ("lost", True, True): "is denied to {what}",
}
_UNDECIDED = "changes under which condition {who} may {what}: more or less cannot be told here"
_Key = tuple[str, Named, bool]


def told_of(
    holder: str,
    direction: Direction,
    permissions: Iterable[Permission],
    others: Iterable[Permission] = (),
) -> list[tuple[str, str, str]]:
    """Tell permissions: each a subject, a sentence that goes on from it, and its evidence.

    :param holder: whose policies they stand in, such as ``repository team/api``.
    :param others: those of the other side, for what stays in their place.
    """
    told: list[tuple[str, str, str]] = []
    for (subject, who, is_deny), group in sorted(
        _by_subject(holder, permissions).items(), key=stable
    ):
        others_here = [one for one in others if one.is_deny == is_deny]
        for actions, resources, conditions, example in _parts(group):
            is_own = subject == holder and _IDENTITY.match(holder) and who == _only(holder)
            what = phrase(actions) + ("" if subject != holder else _on(resources))
            form = (
                _UNDECIDED if direction == "undecided" else _FORMS[direction, is_deny, bool(is_own)]
            )
            sentence = form.format(who=_who(who), what=what)
            sentence += _when(conditions)
            if direction != "undecided":
                sentence += _instead(direction, example, others_here)
            evidence = stable([subject, who, is_deny, actions, resources, conditions])
            told.append((subject, sentence, evidence))
    return told


def _by_subject(holder: str, permissions: Iterable[Permission]) -> dict[_Key, list[Permission]]:
    found: dict[_Key, list[Permission]] = {}
    for one in permissions:
        found.setdefault((_subject(holder, one), one.principal, one.is_deny), []).append(one)
    return found


def _subject(holder: str, permission: Permission) -> str:
    """Give the repository that an identity policy speaks of, or else the holder."""
    negated, resources = permission.resource
    found = _REPOSITORY.fullmatch(next(iter(resources), ""))
    is_one = found is not None and len(resources) == 1 and not negated
    return f"repository {found.group(1)}" if is_one and found else holder


_Part = tuple[frozenset[Named], list[Named], list[frozenset[Condition]], Permission]


def _parts(permissions: list[Permission]) -> list[_Part]:
    """Put together what is said of the same actions, then of the same conditions."""
    by_place: dict[tuple[Named, frozenset[Condition] | None], set[Named]] = {}
    for one in permissions:
        by_place.setdefault((one.resource, one.conditions), set()).add(one.action)
    alternatives: dict[tuple[Named, frozenset[Named]], list[frozenset[Condition]]] = {}
    for (resource, conditions), actions in by_place.items():
        alternatives.setdefault((resource, frozenset(actions)), []).append(
            conditions or frozenset()
        )
    resources: dict[tuple[frozenset[Named], tuple[frozenset[Condition], ...]], list[Named]] = {}
    for (resource, actions_here), conditions_here in alternatives.items():
        together = tuple(joined(conditions_here))
        resources.setdefault((actions_here, together), []).append(resource)
    return [
        (
            actions,
            sorted(places, key=stable),
            list(together),
            next(
                one
                for one in sorted(permissions, key=stable)
                if one.resource in places and one.action in actions
            ),
        )
        for (actions, together), places in sorted(resources.items(), key=stable)
    ]


def _only(name: str) -> Named:
    return (False, frozenset({name}))


def _who(principal: Named) -> str:
    negated, ones = principal
    names = listed(["everyone" if one == "*" else f"`{one}`" for one in sorted(ones)])
    return f"everyone but {names}" if negated else names


def _on(resources: list[Named]) -> str:
    names = [
        ("all but " if negated else "") + listed([f"`{one}`" for one in sorted(ones)])
        for negated, ones in resources
        if ones != {"*"}
    ]
    more = len(names) - _MOST_RESOURCES
    if more > 0:
        names = [*names[:_MOST_RESOURCES], f"{more} more"]
    return f" on {listed(names)}" if names else ""


def _when(alternatives: list[frozenset[Condition]]) -> str:
    texts = [conditions_text(one) for one in alternatives]
    return f", if {' or '.join(texts)}" if all(texts) else ""


def _instead(direction: Direction, example: Permission, others: list[Permission]) -> str:
    """Say what stood, or now stands, in the place of something that is wider."""
    narrower = [one for one in others if one != example and one.within(example)]
    told = listed(sorted({_narrower(one, example) for one in narrower} - {""}))
    if not told:
        return ""
    # What was lost is narrower now, and what was gained was narrower until now; of a Deny too.
    is_now = (direction == "lost") != example.is_deny
    return f"; {'from now on' if is_now else 'until now'} only {told}"


def _narrower(one: Permission, than: Permission) -> str:
    who = "" if one.principal == than.principal else _who(one.principal)
    when = conditions_text(one.conditions or frozenset())
    same = one.conditions == than.conditions
    return f"{who}{'' if same or not when else f' if {when}'}".strip()
