"""Preview of a lifecycle policy: which images it keeps, archives or expires, and by which rule.

ECR evaluates rules in the order of their priority. Each rule selects, in its storage class, the
images that match its tags, and marks those over its count or age. The first rule that matches an
image's tags decides about the image, marked or not: no rule of a higher number acts on it. The
image still counts for the rules after that. An image listed by an index is kept until the index
expires.

Sources: Amazon ECR user guide, "Automate the cleanup of images by using lifecycle policies" and
"Examples of lifecycle policies in Amazon ECR". They leave four cases open. This module
assumes: of images pushed in the same instant, the newest is the last by digest; an age must exceed
its limit and is not rounded to days; an image expires with the last index that lists it; an image
that ECR is restoring from the archive counts as restored now. ECR
deletes signatures and SBOMs with the image that they refer to; here they are images like others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from constructs_lib.rules.ecr.tag_patterns import tag_matches

from .policy import LifecyclePolicy
from .rule import LifecycleRule, StorageClass

Outcome = Literal["kept", "archived", "expired"]
ImageStatus = Literal["active", "archived", "activating"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """An image as ECR describes it.

    :param children: the digests that the image lists, if it is an index.
    :param activated_at: the time of the last restore from the archive.
    :param activating: whether ECR is restoring the image from the archive.
    """

    digest: str
    pushed_at: datetime
    tags: tuple[str, ...] = ()
    last_pulled_at: datetime | None = None
    archived_at: datetime | None = None
    activated_at: datetime | None = None
    storage_class: StorageClass = "standard"
    activating: bool = False
    children: tuple[str, ...] = ()

    @property
    def status(self) -> ImageStatus:
        """The image's status in ECR: workloads can pull only an active one."""
        if self.storage_class == "archive":
            return "archived"
        return "activating" if self.activating else "active"

    @property
    def used_at(self) -> datetime:
        """The time of the last pull or restore; without either, of the push."""
        known = (self.last_pulled_at, self.activated_at)
        return max((moment for moment in known if moment), default=self.pushed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageVerdict:
    """The outcome for one image.

    :param rule: the rule that decides; ``None`` if no rule matches the image.
    :param reason: the reason in a few words.
    """

    image: ImageRecord
    outcome: Outcome
    rule: LifecycleRule | None
    reason: str


def preview(
    policy: LifecyclePolicy, images: Sequence[ImageRecord], now: datetime
) -> list[ImageVerdict]:
    """Return the verdict on each image, in the same order, if ECR evaluated the policy now."""
    decided: dict[str, ImageVerdict] = {}
    for rule in policy.rules:
        matching = [image for image in images if _matches(rule, image)]
        marked = _marked(rule, matching, now)
        for image in matching:
            # An image that an earlier rule decided about has counted here, and is left alone.
            if image.digest not in decided:
                decided[image.digest] = _verdict(rule, image, marked=image.digest in marked)
    verdicts = [
        decided.get(image.digest)
        or ImageVerdict(image=image, outcome="kept", rule=None, reason="no rule matches it")
        for image in images
    ]
    return _kept_with_index(verdicts)


def _matches(rule: LifecycleRule, image: ImageRecord) -> bool:
    if image.storage_class != rule.selects_from:
        return False
    if rule.tag_status == "any":
        return True
    if rule.tag_status == "untagged":
        return not image.tags
    return bool(image.tags) and all(
        any(tag_matches(pattern, tag) for tag in image.tags) for pattern in rule.patterns
    )


def _marked(rule: LifecycleRule, matching: Iterable[ImageRecord], now: datetime) -> set[str]:
    """Return the digests of the matching images that are over a rule's count or age."""
    if rule.count_type == "imageCountMoreThan":
        newest_first = sorted(
            matching, key=lambda image: (image.pushed_at, image.digest), reverse=True
        )
        return {image.digest for image in newest_first[rule.count_number :]}
    limit = timedelta(days=rule.count_number)
    return {image.digest for image in matching if now - _since(rule, image, now) > limit}


def _since(rule: LifecycleRule, image: ImageRecord, now: datetime) -> datetime:
    if rule.count_type == "sinceImagePulled":
        return now if image.activating else image.used_at
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


_OUTCOME_ORDER: Mapping[Outcome, int] = {"kept": 0, "archived": 1, "expired": 2}


def _kept_with_index(verdicts: Sequence[ImageVerdict]) -> list[ImageVerdict]:
    """Keep the images of an index that stays, those of its inner indexes included."""
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
                if _OUTCOME_ORDER[found[parent].outcome] < _OUTCOME_ORDER[verdict.outcome]
            ]
            if staying:
                reason = f"part of the index {min(staying)[:19]}"
                found[digest] = replace(verdict, outcome="kept", reason=reason)
                changed = True
    return [found[verdict.image.digest] for verdict in verdicts]
