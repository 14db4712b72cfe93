"""Routine changes: every difference that no other rule reports, so that no change is silent."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import counted, first_few, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import VERSION_DOCKER_LABEL
from ecrctl.review.findings import Category, Finding, Place
from ecrctl.review.resource_types import TASK_DEFINITION, word_of

from .rule import Rule, about_stack, rule

_MOST_SHOWN = 8
_VERBS = {
    "WILL_CREATE": "adds {}",
    "WILL_UPDATE": "changes {} in place",
    "WILL_REPLACE": "replaces {}",
    "MAY_REPLACE": "may replace {}",
    "WILL_DESTROY": "removes {}",
    "WILL_ORPHAN": "stops managing {} (kept in the account)",
    "NO_CHANGE": "changes only metadata of {}",
}
_Group = tuple[str, str, str]


@rule(
    "new-revision",
    Category.ROUTINE,
    on=TASK_DEFINITION,
    finds="A task definition gets a new revision, and keeps the old one",
)
def new_revision(change: ResourceChange) -> str | None:
    """Return the differences between two revisions."""
    if not change.is_update or not change.is_replaced:
        return None
    before, after = change.values()
    found = differences(before, after, without=("Image", VERSION_DOCKER_LABEL))
    return f"gets a new revision: {', '.join(found)}" if found else "gets a new revision"


@rule(
    "stack-change",
    Category.ROUTINE,
    finds="A stack is new, leaves the app, or changes beside its resources",
)
def stack_change(comparison: Comparison) -> Iterator[Finding]:
    """Yield the changes of whole stacks."""
    for pair in comparison.pairs:
        if pair.base is None:
            yield about_stack(pair, "is new", evidence=["new", pair.stack.template])
        elif pair.head is None:
            resources = pair.base.template.get("Resources", {})
            yield about_stack(
                pair,
                f"leaves the app, but is not deleted: all of its resources ({len(resources)}) "
                "remain as they are, access included, and are no longer updated",
                evidence=["removed", pair.base.template],
            )
        else:
            yield from _changes_of_stack(comparison, pair, pair.base, pair.head)


def _changes_of_stack(
    comparison: Comparison, pair: StackPair, before: Stack, after: Stack
) -> Iterator[Finding]:
    old, new = (before.account, before.region), (after.account, after.region)
    if old != new:
        yield about_stack(
            pair,
            f"is deployed to {'/'.join(new)} instead of {'/'.join(old)}: all of its resources are "
            "created there, and remain in the old place as well",
            evidence=["environment", old, new],
        )
    if after.is_protected and not before.is_protected:
        yield about_stack(
            pair,
            "is protected from being deleted",
            evidence=["termination protection", False, True],
        )
    parts = comparison.parts.get(pair.name, {})
    if parts:
        changed = [
            f"{part} ({', '.join(first_few([*names], _MOST_SHOWN))})"
            for part, names in parts.items()
        ]
        yield about_stack(
            pair,
            f"changes its {listed(changed)}",
            evidence=["parts", _without_resources(before), _without_resources(after)],
        )


def _without_resources(stack: Stack) -> dict[str, Any]:
    return {
        part: value
        for part, value in stack.template.items()
        if part not in {"Metadata", "Resources"}
    }


def other_changes(reported: AbstractSet[Place]) -> Rule:
    """Return the rule for every change that no other rule reports.

    :param reported: the resources that other rules report.
    """

    @rule(
        "other-change",
        Category.ROUTINE,
        finds="A resource is added, changed in place or removed, and no other rule reports it",
    )
    def other_change(comparison: Comparison) -> Iterator[Finding]:
        for (_, impact, kind), changes in _unreported(comparison, reported).items():
            count = counted(len(changes), word_of(kind))
            names = listed(first_few([f"`{change.name}`" for change in changes], _MOST_SHOWN))
            yield about_stack(
                changes[0].pair,
                f"{_VERBS[impact].format(count)}: {names}{_parts_of(changes)}",
                evidence=[impact, kind],
                changes=changes,
            )

    return other_change


def _unreported(
    comparison: Comparison, reported: AbstractSet[Place]
) -> dict[_Group, list[ResourceChange]]:
    """Return similar changes together: by stack, impact and type."""
    groups: dict[_Group, list[ResourceChange]] = {}
    for change in comparison.changes:
        # Resources that leave the app with their stack remain; the stack's finding reports them.
        is_with_its_stack = change.pair.head is None
        is_metadata = change.is_update and not _differing(change)
        if change.place not in reported and not (is_with_its_stack or is_metadata):
            key = change.pair.name, change.impact, change.type
            groups.setdefault(key, []).append(change)
    return groups


def _differing(change: ResourceChange) -> set[str]:
    """Return the names of the properties and attributes that differ."""
    return {*change.changed, *(set(change.other) - {"Metadata"})}


def _parts_of(changes: Iterable[ResourceChange]) -> str:
    names = {name for one in changes if one.is_update for name in _differing(one)}
    return f" ({', '.join(first_few(sorted(names), _MOST_SHOWN))})" if names else ""
