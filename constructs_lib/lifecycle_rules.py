"""Rules of lifecycle policies, from the arguments with which the CDK's own construct takes them."""

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr

from .rules.faults import Fault, raise_if_any
from .rules.lifecycle.rule import LifecycleRule, TagStatus

_STATUS: dict[ecr.TagStatus, TagStatus] = {
    ecr.TagStatus.ANY: "any",
    ecr.TagStatus.TAGGED: "tagged",
    ecr.TagStatus.UNTAGGED: "untagged",
}


def rule_of(
    *,
    description: str,
    max_image_age: cdk.Duration | None,
    max_image_count: int | None,
    rule_priority: int | None,
    tag_patterns: tuple[str, ...],
    tag_prefixes: tuple[str, ...],
    tag_status: ecr.TagStatus | None,
) -> LifecycleRule:
    """Return the rule of some arguments of ``ecr.Repository.add_lifecycle_rule``."""
    if (max_image_age is None) == (max_image_count is None):
        given = "neither" if max_image_age is None else "both"
        message = (
            f"a rule requires either max_image_age or max_image_count, got {given}. Write one of "
            "the two."
        )
        raise_if_any("LifecycleRule", [Fault("", message)])
    days = max_image_age.to_days(integral=False) if max_image_age else None
    if days is not None and days != int(days):
        message = (
            f"max_image_age must be a number of whole days, got {days:g} days. Write one such as "
            "Duration.days(14)."
        )
        raise_if_any("LifecycleRule", [Fault("max_image_age", message)])
    by_tags: TagStatus = "tagged" if tag_patterns or tag_prefixes else "any"
    return LifecycleRule(
        description=description,
        count_type="imageCountMoreThan" if days is None else "sinceImagePushed",
        count_number=max_image_count or 0 if days is None else int(days),
        priority=rule_priority,
        tag_patterns=tag_patterns,
        tag_prefixes=tag_prefixes,
        tag_status=_STATUS[tag_status] if tag_status else by_tags,
    )
