"""One rule of a lifecycle policy: ECR's grammar and what a rule must obey by itself.

Sources: Amazon ECR user guide, "Lifecycle policy properties in Amazon ECR" and "Examples of
lifecycle policies in Amazon ECR"; Amazon ECR API reference, "PutLifecyclePolicy".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from constructs_lib.rules.faults import Fault, raise_if_any

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

MAXIMUM_WILDCARDS = 4
MINIMUM_ARCHIVE_DAYS = 90
# A repository holds 100,000 images unless AWS raises the quota: a count that none reaches.
SHIELD_COUNT = 1_000_000
SHIELD_DAYS = 36_500


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
        raise_if_any(f"LifecycleRule '{self.description}'", rule_faults(self))

    @property
    def selects_from(self) -> StorageClass:
        """Give the storage class whose images this rule looks at."""
        return self.storage_class or "standard"

    @property
    def is_shield(self) -> bool:
        """Say whether the rule is there to match images and never to act on them."""
        counts_images = self.count_type == "imageCountMoreThan"
        return self.count_number >= (SHIELD_COUNT if counts_images else SHIELD_DAYS)

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
