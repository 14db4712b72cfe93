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
    by_tags: TagStatus = "tagged" if tag_patterns or tag_prefixes else "any"
    return LifecycleRule(
        description=description,
        count_type="sinceImagePushed" if max_image_age else "imageCountMoreThan",
        count_number=int(max_image_age.to_days()) if max_image_age else int(max_image_count or 0),
        priority=rule_priority,
        tag_patterns=tag_patterns,
        tag_prefixes=tag_prefixes,
        tag_status=_STATUS[tag_status] if tag_status else by_tags,
    )
