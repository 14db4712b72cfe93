"""Lifecycle policies as a whole: how rules go together, and the shield of live images.

Sources: Amazon ECR user guide, "Lifecycle policy properties in Amazon ECR" and "Examples of
lifecycle policies in Amazon ECR"; Amazon ECR API reference, "PutLifecyclePolicy".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.ecr.tag_patterns import pattern_covers
from constructs_lib.rules.faults import Fault, raise_if_any

from .rule import SHIELD_COUNT, SHIELD_DAYS, STORAGE_CLASSES, LifecycleRule, StorageClass

MAXIMUM_RULES = 50
TEXT_LENGTH = (100, 30_720)
LIVE_TAG_PATTERN = "live-*"


@dataclass(frozen=True, slots=True)
class LifecyclePolicy:
    """Define a lifecycle policy: rules in ECR's grammar, checked as a whole.

    Rules without a priority are numbered in the order given, those of tag status ``any`` last.

    :param rules: at most 50 rules, all with a priority or all without.
    :param allow_touching_live_images: say ``True`` to leave out the shield that keeps every
        image tagged ``live-*``, which is what runs and what one would roll back to.
    :raises RuleError: with every broken constraint.
    """

    rules: tuple[LifecycleRule, ...]
    allow_touching_live_images: bool = False

    def __post_init__(self) -> None:
        numbered = _numbered(self.rules)
        raise_if_any(
            "LifecyclePolicy",
            policy_faults(numbered, allow_touching_live_images=self.allow_touching_live_images),
        )
        object.__setattr__(self, "rules", numbered)

    def document(self) -> dict[str, Any]:
        """Give the policy as ECR's JSON document."""
        return {"rules": [rule.document() for rule in self.rules]}

    def text(self) -> str:
        """Give the policy as the compact JSON text that ECR stores."""
        return json.dumps(self.document(), separators=(",", ":"))


def shield_live_images() -> LifecycleRule:
    """Give the rule that matches every ``live-*`` image first and acts on none of them.

    An image matched by a rule's tags cannot be touched by a rule of higher number, so images
    that run, and those that one would roll back to, outlive every rule below.
    """
    return shield(LIVE_TAG_PATTERN, f"Keep images that are or were live ({LIVE_TAG_PATTERN})")


def shield(pattern: str, description: str) -> LifecycleRule:
    """Give a rule that matches every image tagged like a pattern and acts on none of them."""
    return LifecycleRule(
        description=description,
        tag_status="tagged",
        tag_patterns=(pattern,),
        count_type="imageCountMoreThan",
        count_number=SHIELD_COUNT,
    )


def shield_archived_live_images() -> LifecycleRule:
    """Give the shield of live images that somebody archived; rules of the archive need their own.

    In the archive nothing can be counted but days, so it keeps them for a hundred years.
    """
    return LifecycleRule(
        description=f"Keep archived images that are or were live ({LIVE_TAG_PATTERN})",
        tag_status="tagged",
        tag_patterns=(LIVE_TAG_PATTERN,),
        storage_class="archive",
        count_type="sinceImageTransitioned",
        count_number=SHIELD_DAYS,
    )


def _numbered(rules: tuple[LifecycleRule, ...]) -> tuple[LifecycleRule, ...]:
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
    rules: tuple[LifecycleRule, ...], *, allow_touching_live_images: bool
) -> list[Fault]:
    """Check the rules of one policy against each other."""
    if not 1 <= len(rules) <= MAXIMUM_RULES:
        return [
            Fault(
                "",
                f"a lifecycle policy has 1 to {MAXIMUM_RULES} rules, got {len(rules)}. "
                "Merge rules, or leave the policy out.",
            )
        ]
    faults = _priority_faults(rules)
    for storage_class in STORAGE_CLASSES:
        of_class = [rule for rule in rules if rule.selects_from == storage_class]
        faults += _storage_class_faults(storage_class, of_class)
        if not allow_touching_live_images:
            faults += _shield_faults(of_class)
    if not faults:
        faults = _length_faults(rules)
    return faults


def _priority_faults(rules: tuple[LifecycleRule, ...]) -> list[Fault]:
    priorities = [rule.priority for rule in rules]
    if None in priorities:
        return [
            Fault(
                "",
                "either all rules have a priority or none has, got some of each. "
                "Number all of them, or leave all priorities out.",
            )
        ]
    twice = sorted({number for number in priorities if number and priorities.count(number) > 1})
    return [
        Fault("", f"priorities are unique, got {number} more than once. Renumber the rules.")
        for number in twice
    ]


def _storage_class_faults(
    storage_class: StorageClass, rules: Sequence[LifecycleRule]
) -> list[Fault]:
    faults: list[Fault] = []
    for status in ("any", "untagged"):
        count = sum(rule.tag_status == status for rule in rules)
        if count > 1:
            faults.append(
                Fault(
                    "",
                    f"one rule for '{status}' images is allowed in storage class "
                    f"'{storage_class}', got {count}. Merge them.",
                )
            )
    catch_all = [rule for rule in rules if rule.tag_status == "any"]
    if len(catch_all) == 1 and max(rule.priority or 0 for rule in rules) != catch_all[0].priority:
        faults.append(
            Fault(
                "",
                "the rule for 'any' images has the highest priority number of its storage class "
                f"('{storage_class}'), got {catch_all[0].priority}. Put it last.",
            )
        )
    prefixes = [prefix for rule in rules for prefix in rule.tag_prefixes]
    twice = sorted({prefix for prefix in prefixes if prefixes.count(prefix) > 1})
    faults += [
        Fault(
            "",
            f"a tag prefix occurs in one rule of a storage class ('{storage_class}'), "
            f"got '{prefix}' more than once. Merge the rules.",
        )
        for prefix in twice
    ]
    return faults


def _shield_faults(rules: Sequence[LifecycleRule]) -> list[Fault]:
    """Check the rules of one storage class: shielding does not reach across classes."""
    for rule in rules:
        if rule.is_shield and _covers_live_tags(rule):
            return []
        if rule.tag_status != "untagged" and not rule.is_shield:
            return [
                Fault(
                    "",
                    f"rule {rule.priority} ({rule.description or rule.count_type}) could touch an "
                    f"image that runs: no rule before it keeps '{LIVE_TAG_PATTERN}'. Begin with "
                    "the shield (the default), or say `allow_touching_live_images`.",
                )
            ]
    return []


def _covers_live_tags(rule: LifecycleRule) -> bool:
    patterns = rule.tag_patterns or tuple(f"{prefix}*" for prefix in rule.tag_prefixes)
    return bool(patterns) and all(pattern_covers(item, LIVE_TAG_PATTERN) for item in patterns)


def _length_faults(rules: tuple[LifecycleRule, ...]) -> list[Fault]:
    document = {"rules": [rule.document() for rule in rules]}
    length = len(json.dumps(document, separators=(",", ":")))
    lowest, highest = TEXT_LENGTH
    if lowest <= length <= highest:
        return []
    return [
        Fault(
            "",
            f"a lifecycle policy's text has {lowest} to {highest:,} characters, got {length:,}. "
            "Add descriptions, or merge rules.",
        )
    ]
