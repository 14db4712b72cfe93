"""The rules of a lifecycle policy that change, with their values before and after."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.rule import CountType, LifecycleRule
from ecrctl.policies.wording import listed

_UNITS: Mapping[CountType, str] = {
    "imageCountMoreThan": "images",
    "sinceImagePushed": "days since push",
    "sinceImagePulled": "days since pull",
    "sinceImageTransitioned": "days in the archive",
}
_ACTIONS = {"expire": "expire", "transition": "archive"}
_Pair = tuple[LifecycleRule | None, LifecycleRule | None]


def rule_changes(before: LifecyclePolicy | None, after: LifecyclePolicy | None) -> list[str]:
    """Return the changed rules, such as ``rule 2, untagged images: 30 → 14 days since push``."""
    pairs = _pairs(before.rules if before else (), after.rules if after else ())
    return [text for pair in pairs if (text := _change(*pair))]


def _pairs(before: Sequence[LifecycleRule], after: Sequence[LifecycleRule]) -> Iterator[_Pair]:
    """Yield each rule with its successor: one for the same images, or else of its priority."""
    old, new = list(before), list(after)
    keys: tuple[Callable[[LifecycleRule], Hashable], ...] = (
        lambda rule: (_selection(rule), rule.count_type, rule.count_number, rule.action),
        _selection,
        lambda rule: rule.priority,
    )
    found: list[_Pair] = []
    for key in keys:
        for rule in tuple(new):
            same = next((one for one in old if key(one) == key(rule)), None)
            if same is not None:
                found.append((same, rule))
                old.remove(same)
                new.remove(rule)
    found += [(None, rule) for rule in new]
    yield from sorted(found, key=lambda pair: pair[1].priority or 0 if pair[1] else 0)
    yield from ((rule, None) for rule in old)


def _selection(rule: LifecycleRule) -> Hashable:
    tags = frozenset(rule.tag_patterns), frozenset(rule.tag_prefixes)
    return rule.selects_from, rule.tag_status, *tags


def _change(before: LifecycleRule | None, after: LifecycleRule | None) -> str:
    """Return the difference between a rule and its successor; empty if there is none."""
    if before is None or after is None:
        word, rule = ("new", after) if before is None else ("removed", before)
        assert rule is not None  # noqa: S101 - a pair has at least one rule
        return f"{_name(rule)}: {word}, {_effect(rule)}"
    changes = []
    if _images(before) != _images(after):
        changes.append(f"instead of {_images(before)}")
    if (before.action, before.count_type) != (after.action, after.count_type):
        changes.append(f"{_effect(before)} → {_effect(after)}")
    elif before.count_number != after.count_number:
        changes.append(f"{before.count_number} → {after.count_number} {_UNITS[after.count_type]}")
    if before.priority != after.priority:
        changes.append(f"was rule {before.priority}")
    return f"{_name(after)}: {', '.join(changes)}" if changes else ""


def _name(rule: LifecycleRule) -> str:
    return f"rule {rule.priority}, {_images(rule)}"


def _images(rule: LifecycleRule) -> str:
    """Return the images that a rule selects, in words."""
    stored = "archived images" if rule.selects_from == "archive" else "images"
    tags = sorted([*rule.tag_patterns, *(f"{prefix}*" for prefix in rule.tag_prefixes)])
    if tags:
        return f"{stored} tagged {listed([f'`{tag}`' for tag in tags])}"
    return {"untagged": f"untagged {stored}", "any": f"all {stored}"}.get(rule.tag_status, stored)


def _effect(rule: LifecycleRule) -> str:
    """Return what a rule does, in words; a shield acts on no image."""
    if rule.is_shield:
        return "keep all"
    unit = _UNITS[rule.count_type]
    after = "beyond" if rule.count_type == "imageCountMoreThan" else "after"
    return f"{_ACTIONS[rule.action]} {after} {rule.count_number} {unit}"
