"""What no other rule has anything to say of, so that nothing that changes goes unsaid."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ecrctl.policies.wording import counted, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair, properties
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import VERSION_DOCKER_LABEL
from ecrctl.review.findings import Category, Finding, Place, Saying
from ecrctl.review.resource_types import TASK_DEFINITION, word_of

from .rule import subject_of

REVISION, UNSAID, STACK = "new-revision", "other-change", "stack-change"
FINDS = {
    REVISION: "A task definition gets a new revision, which is no destruction",
    UNSAID: "A resource is added, changed in place or removed, and no other rule speaks of it",
    STACK: "A stack is new, leaves the app, or changes beside its resources",
}
_MOST_SHOWN = 8
_SAID = {
    "WILL_CREATE": "adds",
    "WILL_UPDATE": "changes in place",
    "WILL_REPLACE": "replaces",
    "MAY_REPLACE": "may replace",
    "WILL_DESTROY": "removes",
    "WILL_ORPHAN": "lets go of, and keeps,",
    "NO_CHANGE": "notes otherwise, without a change,",
}


def routine_findings(comparison: Comparison, told: Iterable[Place]) -> list[Finding]:
    """Give what is left to say.

    :param told: the resources that other rules have spoken of.
    """
    told = set(told)
    return [
        *(_finding(REVISION, saying) for saying in _revisions(comparison)),
        *(_finding(UNSAID, saying) for saying in _unsaid(comparison, told)),
        *(
            _finding(STACK, saying)
            for pair in comparison.pairs
            for saying in _of_stack(comparison, pair)
        ),
    ]


def _finding(rule: str, saying: Saying) -> Finding:
    return Finding(rule=rule, category=Category.ROUTINE, saying=saying)


def _revisions(comparison: Comparison) -> Iterable[Saying]:
    for change in comparison.of_type(TASK_DEFINITION):
        if change.is_update and change.is_replaced:
            before, after = (properties(side) for side in (change.base, change.head))
            told = differences(before, after, besides=("Image", VERSION_DOCKER_LABEL))
            message = f"gets a new revision{': ' if told else ''}{', '.join(told)}"
            yield _saying(change.pair, subject_of(change), message, {_place(change)}, change)


def _unsaid(comparison: Comparison, told: set[Place]) -> Iterable[Saying]:
    """Tell of what is alike in one sentence for each stack."""
    groups: dict[tuple[str, str, str], list[ResourceChange]] = {}
    for change in comparison.changes:
        is_revision = change.type == TASK_DEFINITION and change.is_update
        # What leaves the app with its stack stays as it is, and the stack's sentence says so.
        stays = change.pair.head is None
        if _place(change) not in told and not (is_revision or stays or _is_note(change)):
            key = change.pair.name, change.impact, change.type
            groups.setdefault(key, []).append(change)
    for (_, impact, resource_type), changes in groups.items():
        names = _cut([f"`{change.name}`" for change in changes])
        parts = sorted({part for one in changes if one.is_update for part in _parts(one)})
        which = f" ({', '.join(_cut(parts))})" if parts else ""
        pair = changes[0].pair
        count = counted(len(changes), word_of(resource_type))
        message = f"{_SAID[impact]} {count}: {listed(names)}{which}"
        yield _saying(pair, f"stack {pair.name}", message, {_place(one) for one in changes})


def _parts(change: ResourceChange) -> set[str]:
    """Give the names of what differs: properties, and what stands beside them."""
    return {*change.changed, *change.other} - {"Metadata"}


def _cut(names: list[str]) -> list[str]:
    more = len(names) - _MOST_SHOWN
    return names if more <= 0 else [*names[:_MOST_SHOWN], f"{more} more"]


def _of_stack(comparison: Comparison, pair: StackPair) -> Iterable[Saying]:
    say: Callable[[str], Saying] = lambda message: _saying(  # noqa: E731
        pair, f"stack {pair.name}", message, set()
    )
    if pair.base is None:
        yield say("is new")
    elif pair.head is None:
        count = len(pair.base.template.get("Resources", {}))
        yield say(
            f"leaves the app. Nothing deletes it: all of its resources ({count}) stay as they are, "
            "access included, and nobody updates them any more"
        )
    else:
        before, after = pair.base, pair.head
        if (before.account, before.region) != (after.account, after.region):
            yield say(
                f"is deployed to {after.account}/{after.region} instead of "
                f"{before.account}/{before.region}: everything in it is made anew there, and "
                "stays where it was"
            )
        if after.is_protected and not before.is_protected:
            yield say("is protected from being deleted")
        parts = comparison.parts.get(pair.name, {})
        if parts:
            told = [f"{part} ({', '.join(_cut(list(names)))})" for part, names in parts.items()]
            yield say(f"changes its {listed(told)}")


def _is_note(change: ResourceChange) -> bool:
    """Say whether only notes on a resource differ, such as its path in the app."""
    return change.is_update and not change.changed and set(change.other) <= {"Metadata"}


def _place(change: ResourceChange) -> Place:
    return change.pair.name, change.logical_id


def _saying(
    pair: StackPair,
    subject: str,
    message: str,
    places: set[Place],
    change: ResourceChange | None = None,
) -> Saying:
    return Saying(
        environment=pair.environment,
        stack=pair.name,
        subject=subject,
        message=message,
        places=frozenset(places),
        evidence=change.evidence if change else "",
    )
