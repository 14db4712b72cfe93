"""What a lifecycle policy would do with images: kept, archived or expired, and by which rule.

How ECR evaluates: rules are taken in the order of their priority. Each selects, in its storage
class, the images that match its tags, and marks those beyond its count or age. An image that
matches a rule's tags is settled by that rule, marked or not: no rule of a higher number touches it.
It still counts for the rules below. An image under an index does not go before that index.

Sources: Amazon ECR user guide, "Automate the cleanup of images by using lifecycle policies" and
"Examples of lifecycle policies in Amazon ECR". Where they are silent, this is what is assumed: of
images pushed in one instant the last by digest is the newest, an age must exceed its limit and is
not cut to whole days, and an image goes together with the last index above it. What refers to an
image as its subject, a signature or an SBOM, goes with that image by itself; here it is an image
like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from constructs_lib.rules.ecr.tag_patterns import tag_matches

from .policy import LifecyclePolicy
from .rule import LifecycleRule, StorageClass

Outcome = Literal["kept", "archived", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """Define an image as ECR describes it.

    :param children: the digests that it lists, when it is an index.
    :param activated_at: when it was last restored from the archive.
    """

    digest: str
    pushed_at: datetime
    tags: tuple[str, ...] = ()
    last_pulled_at: datetime | None = None
    archived_at: datetime | None = None
    activated_at: datetime | None = None
    storage_class: StorageClass = "standard"
    children: tuple[str, ...] = ()

    @property
    def used_at(self) -> datetime:
        """Give the last use: pulled, or else restored, or else pushed."""
        known = (self.last_pulled_at, self.activated_at)
        return max((moment for moment in known if moment), default=self.pushed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageVerdict:
    """Define what would happen to one image.

    :param rule: the rule that settles it; ``None`` when no rule matches it.
    :param reason: why, in a few words.
    """

    image: ImageRecord
    outcome: Outcome
    rule: LifecycleRule | None
    reason: str


def preview(
    policy: LifecyclePolicy, images: Sequence[ImageRecord], now: datetime
) -> list[ImageVerdict]:
    """Say of each image, in the order given, what the policy would do with it at a moment."""
    settled: dict[str, ImageVerdict] = {}
    for rule in policy.rules:
        matching = [image for image in images if _matches(rule, image)]
        beyond = _beyond(rule, matching, now)
        for image in matching:
            # Settled by an earlier rule, it is not touched, though it did count above.
            if image.digest not in settled:
                settled[image.digest] = _verdict(rule, image, marked=image.digest in beyond)
    verdicts = [
        settled.get(image.digest)
        or ImageVerdict(image=image, outcome="kept", rule=None, reason="no rule matches it")
        for image in images
    ]
    return _held_back(verdicts)


def _matches(rule: LifecycleRule, image: ImageRecord) -> bool:
    if image.storage_class != rule.selects_from:
        return False
    if rule.tag_status == "any":
        return True
    if rule.tag_status == "untagged":
        return not image.tags
    patterns = rule.tag_patterns or tuple(f"{prefix}*" for prefix in rule.tag_prefixes)
    return bool(image.tags) and all(
        any(tag_matches(pattern, tag) for tag in image.tags) for pattern in patterns
    )


def _beyond(rule: LifecycleRule, matching: Iterable[ImageRecord], now: datetime) -> set[str]:
    """Give the digests of the matching images that a rule's count or age does not keep."""
    if rule.count_type == "imageCountMoreThan":
        newest_first = sorted(
            matching, key=lambda image: (image.pushed_at, image.digest), reverse=True
        )
        return {image.digest for image in newest_first[rule.count_number :]}
    limit = timedelta(days=rule.count_number)
    return {image.digest for image in matching if now - _since(rule, image) > limit}


def _since(rule: LifecycleRule, image: ImageRecord) -> datetime:
    if rule.count_type == "sinceImagePulled":
        return image.used_at
    if rule.count_type == "sinceImageTransitioned":
        return image.archived_at or image.pushed_at
    return image.pushed_at


def _verdict(rule: LifecycleRule, image: ImageRecord, *, marked: bool) -> ImageVerdict:
    if not marked:
        reason = "shielded" if rule.is_shield else "within the rule's limit"
        return ImageVerdict(image=image, outcome="kept", rule=rule, reason=reason)
    unit = "images" if rule.count_type == "imageCountMoreThan" else "days"
    return ImageVerdict(
        image=image,
        outcome="archived" if rule.action == "transition" else "expired",
        rule=rule,
        reason=f"{rule.count_type} {rule.count_number} {unit}",
    )


_HOW_FAR: Mapping[Outcome, int] = {"kept": 0, "archived": 1, "expired": 2}


def _held_back(verdicts: Sequence[ImageVerdict]) -> list[ImageVerdict]:
    """Keep what lies under an index that itself stays, indexes within indexes included."""
    found = {verdict.image.digest: verdict for verdict in verdicts}
    parents: dict[str, list[str]] = {}
    for index in verdicts:
        for digest in index.image.children:
            parents.setdefault(digest, []).append(index.image.digest)
    changed = True
    while changed:
        changed = False
        for digest in parents.keys() & found.keys():
            verdict = found[digest]
            staying = [
                parent
                for parent in parents[digest]
                if _HOW_FAR[found[parent].outcome] < _HOW_FAR[verdict.outcome]
            ]
            if staying:
                reason = f"held back by the index {min(staying)[:19]}"
                found[digest] = replace(verdict, outcome="kept", reason=reason)
                changed = True
    return [found[verdict.image.digest] for verdict in verdicts]
