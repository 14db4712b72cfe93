"""What the report has of one repository."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from ecrctl.aws.clients import Aws
from ecrctl.aws.image_records import StoredImage, stored_images
from ecrctl.aws.newest_images import age_order, describing_tag
from ecrctl.aws.unread import Unread
from ecrctl.images.promotion.records import PromotionRecord
from ecrctl.images.scanning.findings import PlatformScan
from ecrctl.images.usage.owners import Owners, loss_warnings, owners_of
from ecrctl.images.usage.pins import Pin
from ecrctl.images.usage.uses import Use, Workloads
from environments.settings import EnvironmentSettings, RepositorySettings

from .cost import monthly_usd, size_of
from .document import (
    ImageDocument,
    InUse,
    LifecycleDocument,
    LifecycleSummaryDocument,
    NewestDocument,
    PinDocument,
    PromotionDocument,
    RepositoryDocument,
    UseDocument,
)
from .lifecycle import Evaluation, evaluate
from .promotions import ReadPromotions
from .scans import read_image_scans, scan_document

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What all repositories of a report have in common.

    :param pins: those of all environments that name an image of the registry.
    :param workloads: ``None`` where nobody asked which images are in use.
    """

    settings: EnvironmentSettings
    aws: Aws
    now: datetime
    pins: Sequence[Pin]
    workloads: Workloads | None
    read_promotions: ReadPromotions

    @property
    def account(self) -> str:
        """The account of the registry."""
        return self.settings.account

    @property
    def uses(self) -> list[Use]:
        """The workloads that run an image of the registry."""
        if self.workloads is None:
            return []
        return self.workloads.of_registry(self.settings.account, self.settings.region)


def read_repository(scope: Scope, repository: RepositorySettings) -> RepositoryDocument:
    """Return what can be read of a repository, and what cannot."""
    reader = _Reader(scope, repository)
    images = reader.images()
    if images is None:
        return reader.without_images()
    return reader.document(images)


@dataclass
class _Reader:
    """Reads one repository."""

    scope: Scope
    repository: RepositorySettings
    unread: Unread = field(default_factory=Unread)
    is_deployed: bool | None = None
    # Whether the images that each index lists are known.
    is_whole: bool = True
    # Whether the image may run where nobody looked.
    has_outsiders: bool = False

    @property
    def name(self) -> str:
        return self.repository.name

    def images(self) -> list[StoredImage] | None:
        """Return the images, the newest first; ``None`` where they cannot be read."""
        for with_children in (True, False):
            with self.unread.denied():
                found = stored_images(
                    self.scope.aws, self.scope.account, self.name, with_children=with_children
                )
                self.is_deployed, self.is_whole = found is not None, with_children
                if found is None:
                    self.unread.add(f"The repository '{self.name}' is not deployed.")
                    return None
                return sorted(found, key=_age, reverse=True)
        return None

    def without_images(self) -> RepositoryDocument:
        """Return what is known of a repository whose images cannot be read."""
        owners = owners_of(self.name, (), self.scope.pins, self.scope.uses)
        return RepositoryDocument(
            name=self.name,
            deployed=self.is_deployed,
            images=None,
            archived_images=None,
            size_bytes=None,
            monthly_usd=None,
            newest=None,
            last_pulled_at=None,
            scan=None,
            promotions=None,
            pinned_by=_pins(one for one in self.scope.pins if one.image.repository == self.name),
            in_use="unknown" if self.scope.workloads else "not asked",
            used_by=_uses(one for one in self.scope.uses if one.image.repository == self.name),
            has_lifecycle_policy=None,
            lifecycle=None,
            details=[],
            unread=self.unread.sentences,
            notes=list(owners.missing) if self.is_deployed is False else [],
        )

    def document(self, images: Sequence[StoredImage]) -> RepositoryDocument:
        """Return the repository whose images are read."""
        records = [one.record for one in images]
        owners = owners_of(self.name, records, self.scope.pins, self.scope.uses)
        self._note_outsiders()
        evaluation = Evaluation()
        if self.is_whole:
            evaluation = evaluate(
                self.scope.aws,
                self.scope.account,
                self.name,
                records,
                now=self.scope.now,
                unread=self.unread,
            )
        newest = _newest(images)
        asked = _asked(images, newest, owners)
        scans = self._of_each(asked, partial(read_image_scans, self.scope.aws, self.scope.account))
        promotions = self._of_each(asked, self.scope.read_promotions)
        size = size_of(images)
        details = [self._detail(one, owners, evaluation, scans, promotions) for one in images]
        pulls = [one.last_pulled_at for one in records if one.last_pulled_at]
        uses = [one for one in self.scope.uses if one.image.repository == self.name]
        return RepositoryDocument(
            name=self.name,
            deployed=True,
            images=len(images),
            archived_images=sum(one.storage_class == "archive" for one in records),
            size_bytes=size,
            monthly_usd=monthly_usd(size),
            newest=newest,
            last_pulled_at=max(pulls, default=None),
            scan=None if scans is None else scan_document(scans.values()),
            promotions=None if promotions is None else _promotions(*promotions.values()),
            pinned_by=_pins(one for one in self.scope.pins if one.image.repository == self.name),
            in_use=self._in_use(is_used=bool(uses)),
            used_by=_uses(uses),
            has_lifecycle_policy=evaluation.has_policy,
            lifecycle=_summary(self.name, evaluation, owners),
            details=details,
            unread=self.unread.sentences,
            notes=list(owners.missing),
        )

    def _note_outsiders(self) -> None:
        """Note the places where an image may run that were not looked at."""
        if self.scope.workloads is None:
            return
        if self.repository.spec.pull:
            self.has_outsiders = True
            self.unread.add(
                f"Others may pull from '{self.name}' by its policy, and their workloads were not "
                f"looked at. `ecrctl access {self.scope.settings.name}` lists who may pull."
            )
        own = (self.scope.account, self.scope.settings.region)
        for pin in self.scope.pins:
            if pin.image.repository == self.name and pin.place != own:
                account, region = pin.place
                self.has_outsiders = True
                self.unread.add(
                    f"'{pin.environment}' pins an image of '{self.name}', and its workloads in "
                    f"account {account}, {region} were not looked at."
                )

    def _in_use(self, *, is_used: bool) -> InUse:
        workloads = self.scope.workloads
        if workloads is None:
            return "not asked"
        if is_used:
            return "yes"
        has_gap = workloads.unread or self.has_outsiders or not self.is_whole
        return "unknown" if has_gap else "no"

    def _of_each(
        self, digests: Iterable[str], read: Callable[[str, str], Found]
    ) -> dict[str, Found] | None:
        """Return what a function reads of each image; ``None`` where it may not be read.

        :param read: reads an image by its repository and digest.
        """
        found = {}
        is_read = False
        with self.unread.denied():
            for digest in digests:
                found[digest] = read(self.name, digest)
            is_read = True
        return found if is_read else None

    def _detail(
        self,
        image: StoredImage,
        owners: Owners,
        evaluation: Evaluation,
        scans: Mapping[str, tuple[PlatformScan, ...]] | None,
        promotions: Mapping[str, list[PromotionRecord]] | None,
    ) -> ImageDocument:
        record = image.record
        uses = owners.uses.get(record.digest, ())
        verdict = (evaluation.verdicts or {}).get(record.digest)
        scan = (scans or {}).get(record.digest)
        records = (promotions or {}).get(record.digest)
        return ImageDocument(
            digest=record.digest,
            tags=list(record.tags),
            pushed_at=record.pushed_at,
            last_pulled_at=record.last_pulled_at,
            size_bytes=image.size,
            index=image.is_index,
            status=record.status,
            pinned_by=_pins(owners.pins.get(record.digest, ())),
            in_use=self._in_use(is_used=bool(uses)),
            used_by=_uses(uses),
            lifecycle=LifecycleDocument(
                outcome=verdict.outcome,
                rule=verdict.rule.priority if verdict.rule else None,
                reason=verdict.reason,
            )
            if verdict
            else None,
            scan=scan_document([scan]) if scan else None,
            promotions=None if records is None else _promotions(records),
        )


def _asked(
    images: Sequence[StoredImage], newest: NewestDocument | None, owners: Owners
) -> list[str]:
    """Return the digests of the images whose scans and promotions are read."""
    digests = [one.record.digest for one in images]
    return [
        digest
        for digest in digests
        if (newest and newest.digest == digest)
        or owners.pins.get(digest)
        or owners.uses.get(digest)
    ]


def _promotions(*records: Iterable[PromotionRecord]) -> list[PromotionDocument]:
    every = sorted(
        (one for some in records for one in some), key=lambda one: (one.promoted_at, one.source)
    )
    return [
        PromotionDocument(
            source=one.source, promoted_by=one.promoted_by, promoted_at=one.promoted_at
        )
        for one in every
    ]


def _age(image: StoredImage) -> tuple[datetime, bool, str]:
    return age_order(image.record.pushed_at, image.record.digest, is_index=image.is_index)


def _newest(newest_first: Iterable[StoredImage]) -> NewestDocument | None:
    for image in newest_first:
        record = image.record
        if record.status == "active" and (tag := describing_tag(record.tags)):
            return NewestDocument(digest=record.digest, tag=tag, pushed_at=record.pushed_at)
    return None


def _pins(pins: Iterable[Pin]) -> list[PinDocument]:
    found = sorted({(one.environment, one.name) for one in pins})
    return [PinDocument(environment=environment, name=name) for environment, name in found]


def _uses(uses: Iterable[Use]) -> list[UseDocument]:
    found = sorted({(one.kind, one.name, one.image.reference) for one in uses})
    return [
        UseDocument(kind=kind, name=name, reference=reference) for kind, name, reference in found
    ]


def _summary(name: str, evaluation: Evaluation, owners: Owners) -> LifecycleSummaryDocument | None:
    if evaluation.verdicts is None:
        return None
    verdicts = evaluation.verdicts.values()
    return LifecycleSummaryDocument(
        expires=[one.image.digest for one in verdicts if one.outcome == "expired"],
        archives=[one.image.digest for one in verdicts if one.outcome == "archived"],
        warnings=list(loss_warnings(name, verdicts, owners)),
    )
