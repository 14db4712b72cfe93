"""Named lifecycle policies. Each begins with the shield of live images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .lifecycle import LifecyclePolicy, LifecycleRule, shield_live_images

UNTAGGED_DAYS = 7
KEPT_IMAGES = 30


def expire_untagged(days: int = UNTAGGED_DAYS) -> LifecycleRule:
    """Give the rule that expires untagged images some days after their push."""
    return LifecycleRule(
        description=f"Expire untagged images after {days} days",
        tag_status="untagged",
        count_type="sinceImagePushed",
        count_number=days,
    )


def keep_last(images: int = KEPT_IMAGES) -> LifecycleRule:
    """Give the rule that keeps the images pushed last and expires the others."""
    return LifecycleRule(
        description=f"Keep the last {images} images",
        tag_status="any",
        count_type="imageCountMoreThan",
        count_number=images,
    )


def standard() -> LifecyclePolicy:
    """Give the default: live images stay; untagged ones 7 days; of the rest the last 30.

    ECR counts shielded images too: each ``live-*`` image among the newest 30 takes a place.
    """
    return LifecyclePolicy((shield_live_images(), expire_untagged(), keep_last()))


PRESETS: Mapping[str, Callable[[], LifecyclePolicy]] = MappingProxyType({"standard": standard})
"""The presets by the names that environment files use."""
