"""Rules about settings of any type that protect something: encryption, logs, public addresses."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.json_properties import properties_with_json
from ecrctl.review.diff.resources import Resource
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import WORKLOAD_TYPES
from ecrctl.review.findings import Category
from ecrctl.review.protective_properties import (
    AMOUNTS,
    EXEMPTIONS,
    KEPT,
    KEY_NAME,
    KEY_OF_AWS,
    LEVELS,
    LIMITS,
    POD_SETTINGS,
    UNORDERED,
    Levels,
)
from ecrctl.review.resolution.canonical import is_decided, is_scalar, text_of
from ecrctl.review.resolution.variants import paired_variants
from ecrctl.review.resource_types import RESOURCE_TYPES, resource_type
from ecrctl.review.rules.rule import Message, resource_rule, undecided
from ecrctl.review.single_meanings import EXEMPTING
from ecrctl.review.type_names import AWS_CALLS, FUNCTION_URL, REPOSITORY, TEMPLATE

_LOST = Category.PROTECTION_LOST
# Other rules judge these.
_JUDGED_ELSEWHERE = (AWS_CALLS, REPOSITORY, TEMPLATE)
# Their names are those of a program or a person, not of CloudFormation.
_FREE_NAMES = ("Environment", "EnvironmentVariables", "Tags", "Variables", "DockerLabels")
# What is disabled here changes no protection, or has a rule of its own.
_OTHER_SWITCHES = ("DeploymentCircuitBreaker", "LifecycleConfiguration")
_IDENTIFYING = ("Name", "Key", "DeviceName", "Type", "Id", "DomainName")
# The actions of a filter that only marks what it matches.
_WITHOUT_EFFECT = ("NONE", "NOOP")
_GUARDS = tuple(name for name, row in RESOURCE_TYPES.items() if row.protects)


class _Weaker(NamedTuple):
    """A property that protects less than before, or that may do so."""

    path: str
    before: Any
    after: Any
    is_decided: bool


@resource_rule(_LOST)
def setting_weakened(change: ResourceChange) -> Iterator[Message]:
    """A setting that protects something is off, or weaker."""
    if not change.is_update or change.type in _JUDGED_ELSEWHERE or change.is_another_type:
        return
    found = [
        set(map(_as_text, _weaker_settings(change.type, base, head)))
        for base, head in paired_variants(change.base, change.head)
    ]
    certain = {text for text, is_certain in set.intersection(*found) if is_certain}
    unclear = {text for one in found for text, _ in one} - certain
    if certain:
        yield Message(text=f"protects less: {listed(sorted(certain))}")
    if unclear:
        yield undecided(f"may protect less: {listed(sorted(unclear))}")


def _weaker_settings(kind: str, base: Resource | None, head: Resource | None) -> Iterator[_Weaker]:
    elsewhere: tuple[str, ...] = POD_SETTINGS if kind in WORKLOAD_TYPES else ()
    # The policy of the URL, which follows from it, is compared as access.
    elsewhere = ("authtype",) if kind == FUNCTION_URL else elsewhere
    before, after = map(properties_with_json, (base, head))
    # A path begins with the last word of the type.
    for one in _weaker(before, after, (kind.rpartition("::")[2],)):
        if one.path.rpartition(".")[2].lower() not in elsewhere:
            yield one


@resource_rule(_LOST, *EXEMPTING)
def guard_bypassed(change: ResourceChange) -> Iterator[str]:
    """A resource is added that exempts something from what records or filters."""
    _, action = change.values("FilterAction" if "Inspector" in change.type else "Action")
    if change.base is None and action not in _WITHOUT_EFFECT:
        yield f"is new: {EXEMPTING[change.type]}"


@resource_rule(_LOST, *_GUARDS)
def guard_removed(change: ResourceChange) -> Iterator[str]:
    """A resource that records or filters is removed."""
    if change.head is None and change.pair.head is not None and change.impact != "WILL_ORPHAN":
        yield f"is removed, and with it {resource_type(change.type).protects}"


def _as_text(one: _Weaker) -> tuple[str, bool]:
    return ", ".join(differences({one.path: one.before}, {one.path: one.after})), one.is_decided


def _weaker(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[_Weaker]:
    """Yield the properties that protect less, at any depth."""
    if before == after:
        return
    if len(path) > 1:
        yield from _judged(before, after, path)
    old, new = _by_name(before), _by_name(after)
    is_list = isinstance(before, list) or isinstance(after, list)
    # An item that is missing from a list protects nothing any more, and is protected by nothing.
    for name in {**old, **new} if not is_list else [one for one in old if one in new]:
        if name not in (*_FREE_NAMES, *_OTHER_SWITCHES):
            yield from _weaker(old.get(name), new.get(name), (*path, name))


def _by_name(value: Any) -> Mapping[str, Any]:
    """Return the values in a mapping or a list by name; of a list, by index if need be."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list):
        return {}
    found = {}
    for index, one in enumerate(value):
        given = one if isinstance(one, Mapping) else {}
        name = next((str(given[key]) for key in _IDENTIFYING if key in given), str(index))
        found[name] = given.get("Value", one)
    return found


def _judged(before: Any, after: Any, path: tuple[str, ...]) -> Iterator[_Weaker]:
    for name in (path[-1].lower(), ".".join(path[-2:]).lower()):
        verdict = _verdict(name, before, after)
        if verdict is not None:
            where = ".".join(one for one in path[1:][-2:] if not one.isdigit())
            yield _Weaker(where, before, after, is_decided=verdict)


def _verdict(name: str, before: Any, after: Any) -> bool | None:
    """Return whether a property is weaker for certain; ``None`` where it is not weaker."""
    if name in LEVELS:
        return _level_verdict(LEVELS[name], before, after)
    if name in AMOUNTS:
        return _amount_verdict(before, after)
    if name in LIMITS:
        return _amount_verdict(after, before)
    if name in EXEMPTIONS:
        return _amount_verdict(after or [], before or [])
    if name in KEPT:
        return True if before and not after else None
    return _other_verdict(name, before, after)


def _other_verdict(name: str, before: Any, after: Any) -> bool | None:
    if name in UNORDERED:
        is_same = is_scalar(before) and is_scalar(after) and text_of(before) == text_of(after)
        return None if before is None or is_same else False
    return _key_verdict(before, after) if KEY_NAME.fullmatch(name) else None


def _level_verdict(levels: Levels, before: Any, after: Any) -> bool | None:
    old, new = (_level(levels, one) for one in (before, after))
    if old is not None and new is not None:
        return True if new < old else None
    # One of them is known at deployment, or is none of these values.
    may_fall = old != 0 and new != len(levels.values) - 1
    return False if may_fall and not is_decided([before, after]) else None


def _level(levels: Levels, value: Any) -> int | None:
    if value is None:
        return levels.default
    text = text_of(value).lower() if is_scalar(value) else ""
    found = (index for index, names in enumerate(levels.values) if text in names)
    return next(found, None)


def _amount_verdict(before: Any, after: Any) -> bool | None:
    if isinstance(before, list) and (after is None or isinstance(after, list)):
        return True if [one for one in before if one not in (after or [])] else None
    old, new = (_number(one) for one in (before, after))
    if old is None:
        return None
    if new is None:
        return None if after is None else False
    return True if new < old else None


def _number(value: Any) -> float | None:
    try:
        return float(value) if is_scalar(value) else None
    except ValueError:
        return None


def _key_verdict(before: Any, after: Any) -> bool | None:
    """Judge the key of a customer, which only the key's own policy protects."""
    if not before or isinstance(before, list) or _is_of_aws(before):
        return None
    return not after or _is_of_aws(after)


def _is_of_aws(key: Any) -> bool:
    return isinstance(key, str) and KEY_OF_AWS.fullmatch(key.lower()) is not None
