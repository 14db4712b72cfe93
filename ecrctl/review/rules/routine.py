"""Routine changes: every difference that no other rule reports, so that no change is silent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.counts import counted
from ecrctl.policies.documents import grouped
from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.diff.resources import Resource, is_true, resources_of, value_at
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import VERSION_DOCKER_LABEL
from ecrctl.review.findings import Category, Finding, Place
from ecrctl.review.resource_types import word_of
from ecrctl.review.type_names import REPOSITORY, TASK_DEFINITION

from .protection.repositories import encryption, exclusion_patterns, tag_mode
from .rule import Rule, about_stack, resource_rule, rule

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
# What these parts change is found where they are referred to.
_RESOLVED = ("Conditions", "Mappings", "Resources")
_TAG_MODES = {
    "IMMUTABLE": "immutable tags",
    "IMMUTABLE_WITH_EXCLUSION": "immutable tags",
    "MUTABLE": "mutable tags",
    "MUTABLE_WITH_EXCLUSION": "mutable tags",
}
_KEPT = ("Retain", "RetainExceptOnCreate")
_Group = tuple[str, str, str]


@resource_rule(Category.ROUTINE, TASK_DEFINITION)
def new_revision(change: ResourceChange) -> Iterator[str]:
    """A task definition gets a new revision, and keeps the old one."""
    if change.is_update and change.is_replaced:
        found = differences(*change.values(), without=("Image", VERSION_DOCKER_LABEL))
        yield f"gets a new revision: {', '.join(found)}" if found else "gets a new revision"


@rule(Category.ROUTINE)
def new_repository(comparison: Comparison) -> Iterator[Finding]:
    """A repository is added, with its protection."""
    added = [one for one in comparison.of_type(REPOSITORY) if one.base is None]
    alike = grouped(added, lambda one: (one.pair.name, _protection(one.head)))
    for (_, protection), changes in alike.items():
        count = counted(len(changes), word_of(REPOSITORY))
        names = listed(first_few([f"`{change.name}`" for change in changes], _MOST_SHOWN))
        yield about_stack(
            changes[0].pair,
            f"adds {count}: {names} ({protection})",
            evidence=["new repositories"],
            changes=changes,
        )


def _protection(repository: Resource | None) -> str:
    """Return how a repository and its images are protected, in words."""
    is_scanned = is_true(value_at(repository, "ImageScanningConfiguration", "ScanOnPush"))
    _, encrypted_with = encryption(repository)
    is_kept = (repository or {}).get("DeletionPolicy") in _KEPT
    has_lifecycle = bool(value_at(repository, "LifecyclePolicy"))
    return ", ".join(
        [
            _tags(repository),
            "scanned on push" if is_scanned else "not scanned on push",
            f"encrypted with {encrypted_with}",
            "a lifecycle policy" if has_lifecycle else "no lifecycle policy",
            "kept when it leaves its stack" if is_kept else "deleted with its stack",
        ]
    )


def _tags(repository: Resource | None) -> str:
    words = _TAG_MODES.get(tag_mode(repository), "tag mutability known only at deployment")
    patterns = [f"`{one}`" for one in exclusion_patterns(repository)]
    return f"{words} except {listed(patterns)}" if patterns else words


@rule(Category.ROUTINE)
def stack_change(comparison: Comparison) -> Iterator[Finding]:
    """A stack is new, leaves the app, or changes beside its resources."""
    for pair in comparison.pairs:
        if pair.base is None:
            yield about_stack(pair, "is new", evidence=["new", pair.stack.template])
        elif pair.head is None:
            count = len(resources_of(pair.base))
            yield about_stack(
                pair,
                f"leaves the app, but is not deleted: all of its resources ({count}) "
                "remain as they are, access included, and are no longer updated",
                evidence=["removed", pair.base.template],
            )
        else:
            yield from _changes_of_stack(pair, pair.base, pair.head)


def _changes_of_stack(pair: StackPair, before: Stack, after: Stack) -> Iterator[Finding]:
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
    for setting in ("notification topics", "tags"):
        values = [side.settings[setting] for side in (before, after)]
        if values[0] != values[1]:
            yield about_stack(pair, f"changes its {setting}", evidence=[setting, *values])
    changed = _parts_that_differ(before, after)
    if changed:
        texts = [
            f"{part} ({', '.join(first_few(names, _MOST_SHOWN))})" if names else part
            for part, names in changed.items()
        ]
        yield about_stack(
            pair,
            f"changes its {listed(texts)}",
            evidence=["parts", *(_values_of(changed, side) for side in (before, after))],
        )


def _parts_that_differ(before: Stack, after: Stack) -> dict[str, list[str]]:
    """Return the parts of a template that differ beside its resources, with the names in them.

    Mappings, conditions and the defaults of parameters have no effect of their own: what they
    change is found in the resources and outputs that refer to them.
    """
    found: dict[str, list[str]] = {}
    for part in {**before.template, **after.template}:
        old, new = (side.template.get(part) for side in (before, after))
        if part in _RESOLVED or old == new:
            continue
        if not isinstance(old or {}, Mapping) or not isinstance(new or {}, Mapping):
            found[part] = []
            continue
        old, new = old or {}, new or {}
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if part == "Parameters":
            names = [name for name in names if _is_set_by_deployment(new.get(name, {}))]
        if names:
            found[part.lower()] = names
    return found


def _is_set_by_deployment(parameter: Any) -> bool:
    return isinstance(parameter, Mapping) and bool(parameter) and "Default" not in parameter


def _values_of(parts: Mapping[str, Sequence[str]], stack: Stack) -> dict[str, Any]:
    template = {name.lower(): value for name, value in stack.template.items()}
    return {part: template.get(part.lower()) for part in parts}


def other_changes(reported: AbstractSet[Place]) -> Rule:
    """Return the rule for every change that no other rule reports.

    :param reported: the resources that other rules report.
    """

    @rule(Category.ROUTINE)
    def other_change(comparison: Comparison) -> Iterator[Finding]:
        """A resource is added, changed in place or removed, and no other rule reports it."""
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
    unreported = [
        change
        for change in comparison.changes
        # Resources that leave the app with their stack remain; the stack's finding reports them.
        if change.pair.head is not None and change.place not in reported
        if not change.is_update or _differing(change)
    ]
    return grouped(unreported, lambda change: (change.pair.id, change.impact, change.type))


def _differing(change: ResourceChange) -> set[str]:
    """Return the names of the properties and attributes that differ."""
    return {*change.changed, *(set(change.other) - {"Metadata"})}


def _parts_of(changes: Iterable[ResourceChange]) -> str:
    names = {name for one in changes if one.is_update for name in _differing(one)}
    return f" ({', '.join(first_few(sorted(names), _MOST_SHOWN))})" if names else ""
