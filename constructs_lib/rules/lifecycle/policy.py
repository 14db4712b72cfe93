"""Lifecycle policies: the constraints between rules, and the shield of live images.

Sources: Amazon ECR user guide, "Lifecycle policy properties in Amazon ECR" and "Examples of
lifecycle policies in Amazon ECR"; Amazon ECR API reference, "PutLifecyclePolicy".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from constructs_lib.rules.ecr.tag_patterns import pattern_covers
from constructs_lib.rules.faults import Fault, Value, faults_unless, raise_if_any, repeated
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

from .rule import SHIELD_COUNT, SHIELD_DAYS, STORAGE_CLASSES, LifecycleRule, StorageClass

MAXIMUM_RULES = 50
TEXT_LENGTH = (100, 30_720)
LIVE_TAG_PATTERN = "live-*"


@checked_types
@dataclass(frozen=True, slots=True)
class LifecyclePolicy:
    """A lifecycle policy: rules in ECR's grammar, checked together.

    Rules without a priority are numbered in their order, those of tag status ``any`` last.

    :param rules: at most 50 rules, all with a priority or all without.
    :param allow_touching_live_images: ``True`` accepts a policy without the shield, the rule that
        keeps every image tagged ``live-*``: the images that run, and those for a rollback.
        ``False`` by default.
    :raises RuleError: with every broken constraint.
    """

    rules: ListOf[LifecycleRule]
    allow_touching_live_images: bool = False

    def __post_init__(self) -> None:
        numbered = _numbered(self.rules)
        raise_if_any(
            "LifecyclePolicy",
            policy_faults(numbered, allow_touching_live_images=self.allow_touching_live_images),
        )
        object.__setattr__(self, "rules", numbered)

    def with_rule(self, rule: LifecycleRule) -> LifecyclePolicy:
        """Return the policy with another rule; without a priority, all are numbered again.

        :raises RuleError: with every broken constraint.
        """
        keeps = rule.priority is not None
        present = [one if keeps else replace(one, priority=None) for one in self.rules]
        return replace(self, rules=(*present, rule))

    def document(self) -> dict[str, Any]:
        """Return the policy as ECR's JSON document."""
        return {"rules": [rule.document() for rule in self.rules]}

    def text(self) -> str:
        """Return the policy as the compact JSON text that ECR stores."""
        return json.dumps(self.document(), separators=(",", ":"))


def shield_live_images() -> LifecycleRule:
    """Return the shield, a rule that matches every ``live-*`` image and acts on none.

    After a rule matches an image's tags, no rule of a higher priority number acts on that image.
    So every rule after the shield keeps the images that run, and those for a rollback.
    """
    return shield(LIVE_TAG_PATTERN, f"Keep images that are or were live ({LIVE_TAG_PATTERN})")


def shield(pattern: str, description: str) -> LifecycleRule:
    """Return a rule that matches every image with a tag of a pattern, and acts on none."""
    return LifecycleRule(
        description=description,
        tag_status="tagged",
        tag_patterns=(pattern,),
        count_type="imageCountMoreThan",
        count_number=SHIELD_COUNT,
    )


def shield_archived_live_images() -> LifecycleRule:
    """Return the shield of archived live images: a shield acts in its own storage class only.

    In the archive ECR can count days alone, so this rule keeps the images for a hundred years.
    """
    return LifecycleRule(
        description=f"Keep archived images that are or were live ({LIVE_TAG_PATTERN})",
        tag_status="tagged",
        tag_patterns=(LIVE_TAG_PATTERN,),
        storage_class="archive",
        count_type="sinceImageTransitioned",
        count_number=SHIELD_DAYS,
    )


def _numbered(rules: Sequence[LifecycleRule]) -> tuple[LifecycleRule, ...]:
    if any(rule.priority is not None for rule in rules):
        return tuple(sorted(rules, key=lambda rule: rule.priority or 0))
    ordered = sorted(rules, key=lambda rule: rule.tag_status == "any")
    return tuple(_with_priority(rule, number) for number, rule in enumerate(ordered, start=1))


def _with_priority(rule: LifecycleRule, number: int) -> LifecycleRule:
    # A copy, which is not checked again: nothing but its number differs.
    numbered = copy(rule)
    object.__setattr__(numbered, "priority", number)
    return numbered


def policy_faults(
    rules: Sequence[LifecycleRule], *, allow_touching_live_images: bool
) -> list[Fault]:
    """Check the rules of one policy against each other."""
    if not 1 <= len(rules) <= MAXIMUM_RULES:
        message = f"a lifecycle policy must have 1 to {MAXIMUM_RULES} rules, got {len(rules)}."
        cure = "Merge rules." if rules else "Add one, or remove the policy."
        return [Fault("", f"{message} {cure}")]
    faults = _priority_faults(rules)
    for storage_class in STORAGE_CLASSES:
        of_class = [rule for rule in rules if rule.selects_from == storage_class]
        faults += _storage_class_faults(storage_class, of_class)
        if not allow_touching_live_images:
            faults += _shield_faults(of_class)
    return faults or _length_faults(rules)


def wildcard_prefix_faults(policy: LifecyclePolicy | None) -> Iterator[Fault]:
    """Yield a fault for each prefix with ``*``: ECR accepts it, but no tag matches it."""
    for rule in policy.rules if policy else ():
        for prefix in rule.wildcard_prefixes:
            yield Fault(
                "",
                f"a tag prefix has no wildcards, got '{prefix}' in rule {rule.priority}, which "
                "matches no tag. Write it in tag_patterns.",
            )


def _priority_faults(rules: Sequence[LifecycleRule]) -> list[Fault]:
    priorities = [rule.priority for rule in rules]
    if None in priorities:
        message = "either all rules or none must have a priority, got some of each."
        return [Fault("", f"{message} Number all rules, or remove all priorities.")]
    return [
        Fault("", f"priorities must be unique, got {number} more than once. Renumber the rules.")
        for number in _repeated(priorities)
    ]


def _repeated(values: Iterable[Value]) -> list[Value]:
    return list(dict.fromkeys(value for _, value, _ in repeated(enumerate(values))))


def _storage_class_faults(
    storage_class: StorageClass, rules: Sequence[LifecycleRule]
) -> Iterator[Fault]:
    for status in ("any", "untagged"):
        count = sum(rule.tag_status == status for rule in rules)
        yield from faults_unless(
            count <= 1,
            f"storage class '{storage_class}' can have one rule for '{status}' images, "
            f"got {count}. Merge them.",
        )
    catch_all = [rule for rule in rules if rule.tag_status == "any"]
    if len(catch_all) == 1 and max(rule.priority or 0 for rule in rules) != catch_all[0].priority:
        yield Fault(
            "",
            "the rule for 'any' images must have the highest priority number of its storage "
            f"class ('{storage_class}'), got {catch_all[0].priority}. Put it last.",
        )
    for prefix in _repeated(prefix for rule in rules for prefix in rule.tag_prefixes):
        yield Fault(
            "",
            f"a tag prefix can be in only one rule of a storage class ('{storage_class}'), "
            f"got '{prefix}' more than once. Merge the rules.",
        )


def _shield_faults(rules: Sequence[LifecycleRule]) -> list[Fault]:
    """Check the rules of one storage class, because a shield acts in its own class only."""
    for rule in rules:
        if rule.is_shield and _covers_live_tags(rule):
            return []
        if rule.tag_status != "untagged" and not rule.is_shield:
            return [
                Fault(
                    "",
                    f"rule {rule.priority} ({rule.description or rule.count_type}) could touch an "
                    f"image that runs, because no rule before it keeps '{LIVE_TAG_PATTERN}'. "
                    f"Begin with a rule of tag_patterns ['{LIVE_TAG_PATTERN}'], imageCountMoreThan "
                    f"{SHIELD_COUNT}, as presets do, or set `allow_touching_live_images: true`.",
                )
            ]
    return []


def _covers_live_tags(rule: LifecycleRule) -> bool:
    return bool(rule.patterns) and all(
        pattern_covers(pattern, LIVE_TAG_PATTERN) for pattern in rule.patterns
    )


def _length_faults(rules: Sequence[LifecycleRule]) -> list[Fault]:
    document = {"rules": [rule.document() for rule in rules]}
    length = len(json.dumps(document, separators=(",", ":")))
    lowest, highest = TEXT_LENGTH
    return faults_unless(
        lowest <= length <= highest,
        f"a lifecycle policy's text must have {lowest} to {highest:,} characters, "
        f"got {length:,}. Add descriptions, or merge rules.",
    )
