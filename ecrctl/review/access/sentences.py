"""Permissions as sentences: as few as name all of them, each about one subject."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ecrctl.policies.conditions import Conditions, joined
from ecrctl.policies.documents import canonical_text, grouped
from ecrctl.policies.patterns import EVERYTHING, PatternSet
from ecrctl.policies.permission_index import PermissionIndex
from ecrctl.policies.permissions import Permission
from ecrctl.policies.principals import SELF, PrincipalSet
from ecrctl.policies.wording import conditions_text, first_few, listed, phrase, principal_text
from ecrctl.review.type_names import REPOSITORY

from .policy_sets import Subject

Direction = Literal["gained", "lost", "undecided"]

_REPOSITORY = re.compile(r"arn:[^:]*:ecr:[^:]*:[^:]*:repository/(.+)")
_MOST_RESOURCES = 3
# By the direction, whether the statement denies, and whether the subject's own policy says so.
_FORMS: Mapping[tuple[Direction, bool, bool], str] = {
    ("gained", False, False): "lets {who} {what}",
    ("gained", True, False): "no longer denies {who} permission to {what}",
    ("lost", False, False): "no longer lets {who} {what}",
    ("lost", True, False): "denies {who} permission to {what}",
    ("gained", False, True): "may {what}",
    ("gained", True, True): "is no longer denied permission to {what}",
    ("lost", False, True): "may no longer {what}",
    ("lost", True, True): "is denied permission to {what}",
}
_UNDECIDED = (
    "changes the permission of {who} to {what}{conditions}: whether that grants more or less "
    "cannot be determined"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence about some permissions.

    :param text: the sentence after its subject.
    :param evidence: the permissions before and after, without any wording.
    """

    subject: Subject
    text: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Permissions of one principal with the same actions and the same conditions."""

    actions: frozenset[PatternSet]
    conditions: tuple[Conditions, ...]
    permissions: list[Permission]


def sentences_of(
    holder: Subject,
    direction: Direction,
    permissions: Iterable[Permission],
    others: Iterable[Permission] = (),
) -> list[Sentence]:
    """Return permissions that were gained or lost as sentences.

    :param holder: the resource or identity that their policies belong to.
    :param others: the permissions of the other side, some of which may be narrower.
    """
    found: list[Sentence] = []
    by_subject = _by_subject(holder, permissions)
    groups = {key: _groups(by_subject[key]) for key in sorted(by_subject, key=canonical_text)}
    examples = [group.permissions[0] for these in groups.values() for group in these]
    narrower = _narrower(examples, others)
    for key, these in groups.items():
        subject, principals, is_deny = key
        is_own = subject == holder and principals == PrincipalSet.of(SELF)
        who = principal_text(principals, holder.text)
        for group in these:
            what = phrase(group.actions) + ("" if subject != holder else _on(group.permissions))
            example = group.permissions[0]
            if direction == "undecided":
                conditions = _alternatives(group.conditions)
                under = f" ({conditions})" if conditions else ""
                text = _UNDECIDED.format(who=who, what=what, conditions=under)
            else:
                text = _FORMS[direction, is_deny, is_own].format(who=who, what=what)
                text += _if(group.conditions)
                text += _instead(holder, direction, example, narrower[example])
            sides = [narrower[example], group.permissions]
            if direction == "lost":
                sides.reverse()
            found.append(Sentence(subject=subject, text=text, evidence=canonical_text(sides)))
    return found


_Key = tuple[Subject, PrincipalSet, bool]


def _by_subject(
    holder: Subject, permissions: Iterable[Permission]
) -> Mapping[_Key, list[Permission]]:
    in_order = sorted(permissions, key=canonical_text)
    return grouped(in_order, lambda one: (_subject(holder, one), one.principal, one.is_deny))


def _subject(holder: Subject, permission: Permission) -> Subject:
    """Return the repository that an identity policy names, or else the holder."""
    resource = permission.resource
    if resource.negated or len(resource.patterns) != 1:
        return holder
    found = _REPOSITORY.fullmatch(next(iter(resource.patterns)))
    return Subject(REPOSITORY, found.group(1)) if found else holder


def _groups(permissions: list[Permission]) -> list[_Group]:
    """Group permissions by their actions, then by their conditions."""
    by_place = grouped(permissions, lambda one: (one.resource, one.conditions))
    by_actions: dict[tuple[PatternSet, frozenset[PatternSet]], list[Permission]] = {}
    for (resource, _), these in by_place.items():
        actions = frozenset(one.action for one in these)
        by_actions.setdefault((resource, actions), []).extend(these)
    groups: dict[tuple[frozenset[PatternSet], tuple[Conditions, ...]], list[Permission]] = {}
    for (_, actions), these in by_actions.items():
        together = tuple(joined(one.conditions for one in these))
        groups.setdefault((actions, together), []).extend(these)
    return [
        _Group(actions=key[0], conditions=key[1], permissions=groups[key])
        for key in sorted(groups, key=canonical_text)
    ]


def _on(permissions: Iterable[Permission]) -> str:
    resources = {one.resource for one in permissions} - {PatternSet.of(EVERYTHING)}
    names = [
        ("all but " if one.negated else "") + listed([f"`{text}`" for text in sorted(one.patterns)])
        for one in sorted(resources, key=canonical_text)
    ]
    return f" on {listed(first_few(names, _MOST_RESOURCES))}" if names else ""


def _alternatives(conditions: Iterable[Conditions]) -> str:
    """Return alternative conditions in words; empty where one of them is no condition."""
    texts = [conditions_text(one) for one in conditions]
    return " or ".join(texts) if all(texts) else ""


def _if(conditions: Iterable[Conditions]) -> str:
    text = _alternatives(conditions)
    return f", if {text}" if text else ""


def _narrower(
    examples: Iterable[Permission], others: Iterable[Permission]
) -> Mapping[Permission, list[Permission]]:
    """Return, for each of some permissions, the others within it."""
    found: dict[Permission, list[Permission]] = {one: [] for one in examples}
    index = PermissionIndex(found)
    for other in others:
        for one in index.candidates(other):
            if other != one and other.within(one):
                found[one].append(other)
    return {one: sorted(these, key=canonical_text) for one, these in found.items()}


def _instead(
    holder: Subject, direction: Direction, example: Permission, narrower: Iterable[Permission]
) -> str:
    """Return what the narrower permissions of the other side allow, in words."""
    texts = {_difference(holder, one, example) for one in narrower}
    names = listed(sorted(texts - {""}))
    if not names:
        return ""
    # A lost permission is narrower now, a gained one was narrower before; a Deny the other way.
    is_now = (direction == "lost") != example.is_deny
    return f"; {'from now on' if is_now else 'until now'} only {names}"


def _difference(holder: Subject, one: Permission, wide: Permission) -> str:
    is_same_who, is_same_when = one.principal == wide.principal, one.conditions == wide.conditions
    who = "" if is_same_who else principal_text(one.principal, holder.text)
    when = "" if is_same_when else conditions_text(one.conditions)
    return f"{who}{f' if {when}' if when else ''}".strip()
