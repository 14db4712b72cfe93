"""ECR's lifecycle policies: the grammar, its constraints, and the shield of live images.

Sources: Amazon ECR user guide, "Lifecycle policy properties in Amazon ECR" and "Examples of
lifecycle policies in Amazon ECR"; Amazon ECR API reference, "PutLifecyclePolicy".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .faults import Fault, refuse
from .tag_patterns import pattern_covers

TagStatus = Literal["tagged", "untagged", "any"]
CountType = Literal[
    "imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"
]
StorageClass = Literal["standard", "archive"]
Action = Literal["expire", "transition"]

TAG_STATUSES: tuple[TagStatus, ...] = ("tagged", "untagged", "any")
COUNT_TYPES: tuple[CountType, ...] = (
    "imageCountMoreThan",
    "sinceImagePushed",
    "sinceImagePulled",
    "sinceImageTransitioned",
)
STORAGE_CLASSES: tuple[StorageClass, ...] = ("standard", "archive")
ACTIONS: tuple[Action, ...] = ("expire", "transition")

MAXIMUM_RULES = 50
TEXT_LENGTH = (100, 30_720)
MAXIMUM_WILDCARDS = 4
MINIMUM_ARCHIVE_DAYS = 90
LIVE_TAG_PATTERN = "live-*"
# A repository holds 100,000 images unless AWS raises the quota: a count that none reaches.
SHIELD_COUNT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRule:
    """Define one rule of a lifecycle policy in ECR's own words.

    :param count_type: what is counted: ``imageCountMoreThan`` (images of the selection, newest
        first), ``sinceImagePushed``, ``sinceImagePulled`` or ``sinceImageTransitioned`` (days).
    :param count_number: how many images stay, or how many days they stay; at least 1.
    :param tag_status: ``tagged`` (needs patterns or prefixes), ``untagged`` or ``any``.
    :param tag_patterns: tag patterns with at most four ``*`` each; an image must match all.
    :param tag_prefixes: tag prefixes, the older form; an image must match all.
    :param storage_class: ``standard`` or ``archive``; ECR takes ``standard`` when left out.
    :param action: ``expire``, or ``transition`` to the archive.
    :param priority: the lowest is evaluated first; numbered in order when left out.
    :param description: what the rule is for, as ECR and a reviewer show it.
    :raises RuleError: when the rule breaks ECR's grammar, naming every broken constraint.
    """

    count_type: CountType
    count_number: int
    tag_status: TagStatus = "any"
    tag_patterns: tuple[str, ...] = ()
    tag_prefixes: tuple[str, ...] = ()
    storage_class: StorageClass | None = None
    action: Action = "expire"
    priority: int | None = None
    description: str = ""

    def __post_init__(self) -> None:
        refuse(f"LifecycleRule '{self.description}'", rule_faults(self))

    @property
    def selects_from(self) -> StorageClass:
        """Give the storage class whose images this rule looks at."""
        return self.storage_class or "standard"

    @property
    def is_shield(self) -> bool:
        """Say whether the rule is there to match images and never to act on them."""
        return self.count_type == "imageCountMoreThan" and self.count_number >= SHIELD_COUNT

    def document(self) -> dict[str, Any]:
        """Give the rule as it stands in a lifecycle policy."""
        selection: dict[str, Any] = {"tagStatus": self.tag_status}
        if self.tag_patterns:
            selection["tagPatternList"] = list(self.tag_patterns)
        if self.tag_prefixes:
            selection["tagPrefixList"] = list(self.tag_prefixes)
        if self.storage_class:
            selection["storageClass"] = self.storage_class
        selection["countType"] = self.count_type
        if self.count_type != "imageCountMoreThan":
            selection["countUnit"] = "days"
        selection["countNumber"] = self.count_number
        action: dict[str, Any] = {"type": self.action}
        if self.action == "transition":
            action["targetStorageClass"] = "archive"
        rule: dict[str, Any] = {"rulePriority": self.priority}
        if self.description:
            rule["description"] = self.description
        return {**rule, "selection": selection, "action": action}


def rule_faults(rule: LifecycleRule) -> list[Fault]:
    """Check one rule by itself."""
    return [*_word_faults(rule), *_number_faults(rule), *_tag_faults(rule), *_class_faults(rule)]


def _word_faults(rule: LifecycleRule) -> list[Fault]:
    choices: tuple[tuple[str, str, Sequence[str]], ...] = (
        ("tag_status", rule.tag_status, TAG_STATUSES),
        ("count_type", rule.count_type, COUNT_TYPES),
        ("action", rule.action, ACTIONS),
        ("storage_class", rule.storage_class or "standard", STORAGE_CLASSES),
    )
    return [
        Fault(name, f"{name} is one of {', '.join(words)}, got '{given}'.")
        for name, given, words in choices
        if given not in words
    ]


def _number_faults(rule: LifecycleRule) -> list[Fault]:
    faults: list[Fault] = []
    if rule.count_number < 1:
        faults.append(
            Fault(
                "count_number",
                f"count_number is at least 1, got {rule.count_number}. "
                "Say how many images, or how many days, are kept.",
            )
        )
    if rule.priority is not None and rule.priority < 1:
        faults.append(
            Fault("priority", f"a priority is at least 1, got {rule.priority}. Number from 1 on.")
        )
    archived = rule.count_type == "sinceImageTransitioned"
    if archived and rule.count_number < MINIMUM_ARCHIVE_DAYS:
        faults.append(
            Fault(
                "count_number",
                f"images stay in the archive for at least {MINIMUM_ARCHIVE_DAYS} days, "
                f"got {rule.count_number}. Give {MINIMUM_ARCHIVE_DAYS} or more.",
            )
        )
    return faults


def _tag_faults(rule: LifecycleRule) -> list[Fault]:
    faults: list[Fault] = []
    if rule.tag_patterns and rule.tag_prefixes:
        faults.append(
            Fault(
                "tag_patterns",
                "a rule takes tag_patterns or tag_prefixes, got both. "
                "Write the prefixes as patterns, such as 'prod*'.",
            )
        )
    selectors = rule.tag_patterns or rule.tag_prefixes
    if rule.tag_status == "tagged" and not selectors:
        faults.append(
            Fault(
                "tag_status",
                "a rule for tagged images needs tag_patterns or tag_prefixes, got neither. "
                "Give a pattern; '*' matches every tag.",
            )
        )
    if rule.tag_status != "tagged" and selectors:
        faults.append(
            Fault(
                "tag_status",
                f"a rule for '{rule.tag_status}' images takes no tags, got {list(selectors)}. "
                "Set tag_status to 'tagged', or remove the tags.",
            )
        )
    for index, pattern in enumerate(rule.tag_patterns):
        if pattern.count("*") > MAXIMUM_WILDCARDS:
            faults.append(
                Fault(
                    f"tag_patterns[{index}]",
                    f"a tag pattern has at most {MAXIMUM_WILDCARDS} '*', "
                    f"got {pattern.count('*')} in '{pattern}'. Use fewer wildcards.",
                )
            )
    if "" in selectors:
        faults.append(Fault("tag_patterns", "a tag pattern or prefix is not empty. Remove it."))
    return faults


def _class_faults(rule: LifecycleRule) -> list[Fault]:
    faults: list[Fault] = []
    transitioned = rule.count_type == "sinceImageTransitioned"
    if rule.count_type == "sinceImagePulled" and rule.action != "transition":
        faults.append(
            Fault(
                "action",
                "sinceImagePulled goes with the action 'transition' only, "
                f"got '{rule.action}'. Archive such images, or count sinceImagePushed.",
            )
        )
    if transitioned and rule.action != "expire":
        faults.append(
            Fault(
                "action",
                f"sinceImageTransitioned goes with the action 'expire' only, got '{rule.action}'.",
            )
        )
    if transitioned and rule.storage_class != "archive":
        faults.append(
            Fault(
                "storage_class",
                "sinceImageTransitioned counts archived images: it needs storage_class 'archive', "
                f"got '{rule.storage_class or 'standard (left out)'}'.",
            )
        )
    if not transitioned and rule.storage_class == "archive":
        faults.append(
            Fault(
                "storage_class",
                f"{rule.count_type} looks at storage class 'standard' only, got 'archive'. "
                "For archived images count sinceImageTransitioned.",
            )
        )
    return faults


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
        refuse(
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
    return LifecycleRule(
        description=f"Keep images that are or were live ({LIVE_TAG_PATTERN})",
        tag_status="tagged",
        tag_patterns=(LIVE_TAG_PATTERN,),
        count_type="imageCountMoreThan",
        count_number=SHIELD_COUNT,
    )


def _numbered(rules: tuple[LifecycleRule, ...]) -> tuple[LifecycleRule, ...]:
    if any(rule.priority is not None for rule in rules):
        return tuple(sorted(rules, key=lambda rule: rule.priority or 0))
    ordered = sorted(rules, key=lambda rule: rule.tag_status == "any")
    return tuple(replace(rule, priority=number) for number, rule in enumerate(ordered, start=1))


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
        faults += _shield_faults(rules)
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
    if catch_all and max(rule.priority or 0 for rule in rules) != catch_all[0].priority:
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


def _shield_faults(rules: tuple[LifecycleRule, ...]) -> list[Fault]:
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


def rule_from_document(document: Mapping[str, Any]) -> LifecycleRule:
    """Read one rule of a policy document as ECR returns it."""
    selection = document["selection"]
    return LifecycleRule(
        priority=document["rulePriority"],
        description=document.get("description", ""),
        tag_status=selection["tagStatus"],
        tag_patterns=tuple(selection.get("tagPatternList", ())),
        tag_prefixes=tuple(selection.get("tagPrefixList", ())),
        storage_class=selection.get("storageClass"),
        count_type=selection["countType"],
        count_number=selection["countNumber"],
        action=document["action"]["type"],
    )
