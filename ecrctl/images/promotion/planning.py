"""The plan of a promotion: the image, its tags, and the record, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ecrctl.errors import UserError
from ecrctl.images.copying.mounts import KnownBlobs
from ecrctl.images.copying.plan import (
    SEND,
    BlobStep,
    CopyOptions,
    ManifestStep,
    Plan,
    immutable_fallback_tag,
    plan_copy,
)
from ecrctl.images.oci import Descriptor, fallback_tag
from ecrctl.images.stores.memory import Memory
from ecrctl.pins.pinning import live_tag

from .ends import End
from .names import PromotedImage
from .reading_ahead import ReadAhead
from .records import PromotionRecord, is_recorded, record_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who promotes, and when."""

    arn: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPromotion:
    """What a promotion does with one image.

    :param live: the tag that protects the image from lifecycle rules, if it gets one.
    :param record: the copy of the promotion record, where the image does not have it yet.
    """

    image: PromotedImage
    copy: Plan
    live: str | None
    record: Plan | None

    @property
    def digest(self) -> str:
        """The digest of the image."""
        return self.copy.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans promotions from one registry to another.

    :param author: the author of the records; ``None`` copies the images alone.
    :param is_live: whether the images get the tag that protects them.
    """

    source: End
    target: End
    author: Author | None
    is_live: bool
    known: KnownBlobs

    def plan(
        self, image: PromotedImage, ahead: tuple[ReadAhead, ReadAhead] | None = None
    ) -> PlannedPromotion:
        """Return what is done with an image.

        :param ahead: both repositories, if many images were looked up.
        :raises UserError: where the target cannot have it.
        """
        plain = (
            self.source.repository(image.source),
            self.target.repository(image.target, writable=True),
        )
        origin, target = ahead or plain
        options = CopyOptions(
            referrers=self.author is not None,
            is_immutable=self.target.declared(image.target).is_immutable,
            known=self.known,
        )
        live = None
        if self.is_live:
            root = origin.manifest(image.reference)
            live = live_tag(self.target.settings.name, root.digest) if root else None
        copy = plan_copy(origin, image.reference, target, image.tag or live, options)
        if live and live != copy.tag:
            copy = self._with_live_tag(copy, live)
        record = self._record(image, copy, options) if self.author else None
        if record:
            # The fallback tag is written once, with the record.
            copy = replace(copy, subjects=())
            record = replace(record, target=plain[1])
        # What was looked up before is true for the plan, and not after it.
        copy = replace(copy, source=plain[0], target=plain[1])
        return PlannedPromotion(image=image, copy=copy, live=live, record=record)

    def _with_live_tag(self, copy: Plan, live: str) -> Plan:
        found = copy.target.digests_of([live]).get(live)
        if found is None:
            return replace(copy, manifests=(*copy.manifests, ManifestStep(copy.root, live)))
        if found != copy.digest:
            raise UserError(
                f"The tag {live} of the repository '{copy.target.name}' belongs to another image, "
                f"{found}, and must belong to {copy.digest}. Delete the tag, and promote the image "
                "again."
            )
        return copy

    def _record(self, image: PromotedImage, copy: Plan, options: CopyOptions) -> Plan | None:
        assert self.author  # noqa: S101 - the caller checks it
        record = PromotionRecord(
            source=f"{self.source.registry.host}/{image.source}",
            destination=f"{self.target.registry.host}/{image.target}",
            digest=copy.digest,
            promoted_by=self.author.arn,
            promoted_at=self.author.now,
        )
        known = copy.target.referrers(copy.digest)
        if is_recorded(copy.target, known.found, record):
            return None
        artifact = record.artifact(copy.root.descriptor())
        manifest = record_manifest(artifact)
        subjects = dict(copy.subjects)
        if not known.is_native:
            tag = fallback_tag(copy.digest)
            # The record alone may be written once: an image without signatures can be promoted.
            if options.is_immutable(tag) and copy.target.digests_of([tag]):
                raise immutable_fallback_tag(copy.target, tag)
            added: tuple[Descriptor, ...] = subjects.get(copy.digest, ())
            subjects[copy.digest] = (*added, manifest.descriptor())
        return Plan(
            source=Memory(artifact, "the promotion record"),
            target=copy.target,
            root=manifest,
            tag=None,
            blobs=tuple(BlobStep(blob, SEND) for blob in manifest.blobs),
            manifests=(ManifestStep(manifest),),
            subjects=tuple(subjects.items()),
        )


def recorded_once(planned: Iterable[PlannedPromotion]) -> list[PlannedPromotion]:
    """Return promotions of which each image has at most one record, also under several tags."""
    seen: set[tuple[str, str]] = set()
    found = []
    for one in planned:
        key = (one.image.target, one.digest)
        found.append(
            replace(one, record=None, copy=replace(one.copy, subjects=())) if key in seen else one
        )
        seen.add(key)
    return found
