"""Named lifecycle policies, each of which begins with the shield of live images."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .policy import LifecyclePolicy, shield, shield_archived_live_images, shield_live_images
from .rule import LifecycleRule

UNTAGGED_DAYS = 7
KEPT_IMAGES = 30
RELEASE_PATTERNS = ("v*", "release-*")
UNUSED_DAYS = 90
ARCHIVED_DAYS = 365
EPHEMERAL_DAYS = 14


def expire_untagged(days: int = UNTAGGED_DAYS) -> LifecycleRule:
    """Return the rule that expires untagged images some days after their push."""
    return LifecycleRule(
        description=f"Expire untagged images after {days} {'day' if days == 1 else 'days'}",
        tag_status="untagged",
        count_type="sinceImagePushed",
        count_number=days,
    )


def keep_last(images: int = KEPT_IMAGES) -> LifecycleRule:
    """Return the rule that keeps the images pushed last and expires the others."""
    return LifecycleRule(
        description=f"Keep the last {images} images",
        tag_status="any",
        count_type="imageCountMoreThan",
        count_number=images,
    )


def standard() -> LifecyclePolicy:
    """Return the default: keep live images, untagged images for 7 days, and the last 30 others.

    ECR counts shielded images too, so each ``live-*`` image among the newest 30 is one of the 30.
    """
    return LifecyclePolicy((shield_live_images(), expire_untagged(), keep_last()))


def keep_releases(patterns: tuple[str, ...] = RELEASE_PATTERNS) -> LifecyclePolicy:
    """Return a policy that keeps all releases, and the last 30 other images.

    :param patterns: the tag patterns of releases. Each has its own shield, because a rule with
        several patterns matches only images whose tags match all of them.
    """
    releases = tuple(shield(pattern, f"Keep every release ({pattern})") for pattern in patterns)
    return LifecyclePolicy((shield_live_images(), *releases, expire_untagged(), keep_last()))


def archive_cold(
    unused_days: int = UNUSED_DAYS, archived_days: int = ARCHIVED_DAYS
) -> LifecyclePolicy:
    """Return a policy that archives images not pulled lately, and expires them later.

    An archived image cannot be pulled until it is restored.
    """
    return LifecyclePolicy(
        (
            shield_live_images(),
            expire_untagged(),
            LifecycleRule(
                description=f"Archive images not pulled for {unused_days} days",
                count_type="sinceImagePulled",
                count_number=unused_days,
                action="transition",
            ),
            shield_archived_live_images(),
            LifecycleRule(
                description=f"Expire images archived {archived_days} days ago",
                storage_class="archive",
                count_type="sinceImageTransitioned",
                count_number=archived_days,
            ),
        )
    )


def ephemeral(days: int = EPHEMERAL_DAYS) -> LifecyclePolicy:
    """Return a policy for images of branches and tests: all but live ones expire after 14 days."""
    return LifecyclePolicy(
        (
            shield_live_images(),
            expire_untagged(1),
            LifecycleRule(
                description=f"Expire images after {days} days",
                count_type="sinceImagePushed",
                count_number=days,
            ),
        )
    )


PRESETS: Mapping[str, Callable[[], LifecyclePolicy]] = MappingProxyType(
    {
        "standard": standard,
        "keep_releases": keep_releases,
        "archive_cold": archive_cold,
        "ephemeral": ephemeral,
    }
)
"""The presets by the names that environment files use."""
