"""One rule of a lifecycle policy: ECR's grammar, and the constraints of a single rule.

Sources: Amazon ECR user guide, "Lifecycle policy properties in Amazon ECR", "Examples of
lifecycle policies in Amazon ECR" and "Amazon ECR service quotas"; Amazon ECR API reference,
"PutLifecyclePolicy".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from constructs_lib.rules.faults import Fault, raise_if_any, range_faults, word_faults
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.mappings import without_none
from constructs_lib.rules.types import checked_types

TagStatus = Literal["tagged", "untagged", "any"]
CountType = Literal[
    "imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"
]
StorageClass = Literal["standard", "archive"]
Action = Literal["expire", "transition"]

TAG_STATUSES: tuple[TagStatus, ...] = get_args(TagStatus)
COUNT_TYPES: tuple[CountType, ...] = get_args(CountType)
STORAGE_CLASSES: tuple[StorageClass, ...] = get_args(StorageClass)
ACTIONS: tuple[Action, ...] = get_args(Action)

MAXIMUM_WILDCARDS = 4
MINIMUM_ARCHIVE_DAYS = 90
# A character that no tag has: it stands for a `*` in a prefix, which ECR takes literally.
_NO_TAG_HAS = "\0"
# The images that a repository can have, unless AWS raises the quota.
MAXIMUM_IMAGES = 100_000
# The count of the shields that are written here: well above a raised quota too.
SHIELD_COUNT = 1_000_000
SHIELD_DAYS = 36_500


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleRule:
    """One rule of a lifecycle policy, in the terms of ECR's grammar.

    :param count_type: ``imageCountMoreThan`` (counts matching images, newest first),
        ``sinceImagePushed``, ``sinceImagePulled`` or ``sinceImageTransitioned`` (count days).
    :param count_number: the number of images to keep, or of days to keep them; at least 1.
    :param tag_status: ``tagged`` (requires patterns or prefixes), ``untagged`` or ``any``.
    :param tag_patterns: tag patterns with at most four ``*`` each; an image must match all.
    :param tag_prefixes: tag prefixes, the older form; an image must match all.
    :param storage_class: ``standard`` or ``archive``; ``standard`` by default.
    :param action: ``expire``, or ``transition`` to the archive.
    :param priority: the lowest is evaluated first; by default rules are numbered in their order.
    :param description: the purpose of the rule, which ECR and the review show.
    :raises RuleError: with every constraint of ECR's grammar that the rule breaks.
    """

    count_type: CountType
    count_number: int
    tag_status: TagStatus = "any"
    tag_patterns: ListOf[str] = ()
    tag_prefixes: ListOf[str] = ()
    storage_class: StorageClass | None = None
    action: Action = "expire"
    priority: int | None = None
    description: str = ""

    def __post_init__(self) -> None:
        raise_if_any(f"LifecycleRule '{self.description}'", rule_faults(self))

    @property
    def selects_from(self) -> StorageClass:
        """The storage class whose images the rule selects."""
        return self.storage_class or "standard"

    @property
    def is_shield(self) -> bool:
        """Whether the rule's count is so high that the rule never acts on an image.

        Other tools write other counts than this package, such as 999,999.
        """
        counts_images = self.count_type == "imageCountMoreThan"
        return self.count_number >= (MAXIMUM_IMAGES if counts_images else SHIELD_DAYS)

    @property
    def patterns(self) -> Sequence[str]:
        """The tag patterns that an image must match, prefixes included.

        A prefix has no wildcard: no tag matches one with ``*``.
        """
        return self.tag_patterns or tuple(
            f"{prefix.replace('*', _NO_TAG_HAS)}*" for prefix in self.tag_prefixes
        )

    @property
    def wildcard_prefixes(self) -> tuple[str, ...]:
        """The prefixes with ``*``, which ECR accepts and no tag matches."""
        return tuple(prefix for prefix in self.tag_prefixes if "*" in prefix)

    def document(self) -> dict[str, Any]:
        """Return the rule as ECR's JSON document has it."""
        selection = without_none(
            tagStatus=self.tag_status,
            tagPatternList=list(self.tag_patterns) or None,
            tagPrefixList=list(self.tag_prefixes) or None,
            storageClass=self.storage_class,
            countType=self.count_type,
            countUnit=None if self.count_type == "imageCountMoreThan" else "days",
            countNumber=self.count_number,
        )
        archived = "archive" if self.action == "transition" else None
        action = without_none(type=self.action, targetStorageClass=archived)
        description = {"description": self.description} if self.description else {}
        priority = {"rulePriority": self.priority}
        return {**priority, **description, "selection": selection, "action": action}


def rule_faults(rule: LifecycleRule) -> Iterator[Fault]:
    """Yield the faults that a rule has by itself."""
    yield from word_faults("tag_status", rule.tag_status, TAG_STATUSES)
    yield from word_faults("count_type", rule.count_type, COUNT_TYPES)
    yield from word_faults("action", rule.action, ACTIONS)
    yield from word_faults("storage_class", rule.storage_class, STORAGE_CLASSES, optional=True)
    yield from _number_faults(rule)
    yield from _tag_faults(rule)
    yield from _class_faults(rule)


def _number_faults(rule: LifecycleRule) -> Iterator[Fault]:
    cure = "Write the number of images, or of days, to keep."
    yield from range_faults("count_number", rule.count_number, 1, None, cure)
    cure = "Number the rules from 1."
    yield from range_faults("priority", rule.priority, 1, None, cure, optional=True)
    archived = rule.count_type == "sinceImageTransitioned"
    if archived and rule.count_number < MINIMUM_ARCHIVE_DAYS:
        yield Fault(
            "count_number",
            f"images must stay in the archive for at least {MINIMUM_ARCHIVE_DAYS} days, "
            f"got {rule.count_number}. Write {MINIMUM_ARCHIVE_DAYS} or more.",
        )


def _tag_faults(rule: LifecycleRule) -> Iterator[Fault]:
    if rule.tag_patterns and rule.tag_prefixes:
        yield Fault(
            "tag_patterns",
            "a rule can have only one of tag_patterns and tag_prefixes, got both. "
            "Write the prefixes as patterns, such as 'prod*'.",
        )
    selectors = rule.tag_patterns or rule.tag_prefixes
    if rule.tag_status == "tagged" and not selectors:
        yield Fault(
            "tag_status",
            "a rule for tagged images requires tag_patterns or tag_prefixes, got neither. "
            "Add a pattern, such as '*' for every tag.",
        )
    if rule.tag_status != "tagged" and selectors:
        yield Fault(
            "tag_status",
            f"a rule for '{rule.tag_status}' images cannot have tags, got {list(selectors)}. "
            "Set tag_status to 'tagged', or remove the tags.",
        )
    for index, pattern in enumerate(rule.tag_patterns):
        if pattern.count("*") > MAXIMUM_WILDCARDS:
            yield Fault(
                f"tag_patterns[{index}]",
                f"a tag pattern can have at most {MAXIMUM_WILDCARDS} '*', "
                f"got {pattern.count('*')} in '{pattern}'. Use fewer wildcards.",
            )
    if "" in selectors:
        yield Fault("tag_patterns", "a tag pattern or prefix cannot be empty. Remove it.")


def _class_faults(rule: LifecycleRule) -> Iterator[Fault]:
    transitioned = rule.count_type == "sinceImageTransitioned"
    if rule.count_type == "sinceImagePulled" and rule.action != "transition":
        yield Fault(
            "action",
            f"sinceImagePulled requires the action 'transition', got '{rule.action}'. "
            "Write 'transition', or count sinceImagePushed.",
        )
    if transitioned and rule.action != "expire":
        yield Fault(
            "action",
            f"sinceImageTransitioned requires the action 'expire', got '{rule.action}'. "
            "Write 'expire'.",
        )
    if transitioned and rule.storage_class != "archive":
        yield Fault(
            "storage_class",
            "sinceImageTransitioned requires storage_class 'archive', "
            f"got '{rule.selects_from}'. Write 'archive'.",
        )
    if not transitioned and rule.storage_class == "archive":
        yield Fault(
            "storage_class",
            f"{rule.count_type} requires storage_class 'standard', got 'archive'. "
            "For archived images, count sinceImageTransitioned.",
        )
