"""The run of planned promotions: the image, its record, and the pins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ecrctl.errors import UserError
from ecrctl.images.copying.plan import PRESENT, BlobStep, CopyOptions, Plan
from ecrctl.images.copying.progress import Progress, Silent, shown_progress
from ecrctl.images.copying.run import Result, immutable_tag, run_copy
from ecrctl.images.stores.store import TagIsImmutable
from ecrctl.pins.pinning import Target, write_pin

from .ends import End
from .planning import PlannedPromotion


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion that was carried out.

    :param pin_file: the file that was written, where the image is pinned.
    """

    planned: PlannedPromotion
    result: Result
    pin_file: Path | None


@dataclass(slots=True)
class Promoter:
    """Carries out promotions to one registry.

    :param folder: the folder of environment files.
    """

    target: End
    folder: Path
    options: CopyOptions
    # What this run has written, by repository: images share layers and platforms.
    _done: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def run(self, planned: Sequence[PlannedPromotion]) -> Iterator[Promoted]:
        """Carry out promotions, and yield each when its image is there and pinned."""
        with shown_progress() as progress:
            for one in planned:
                result = self._copied(one.copy, progress)
                if one.record:
                    self._copied(one.record, Silent())
                yield Promoted(one, result, self._pinned(one))

    def _copied(self, plan: Plan, progress: Progress) -> Result:
        done = self._done[plan.target.name]
        left = replace(
            plan,
            blobs=tuple(
                BlobStep(step.blob, PRESENT) if step.blob.digest in done else step
                for step in plan.blobs
            ),
            manifests=tuple(
                step for step in plan.manifests if step.tag or step.manifest.digest not in done
            ),
        )
        try:
            result = run_copy(left, self.options, progress)
        except TagIsImmutable as refusal:
            raise immutable_tag(refusal, plan) from None
        done |= {step.blob.digest for step in plan.blobs}
        done |= {step.manifest.digest for step in plan.manifests}
        return result

    def _pinned(self, one: PlannedPromotion) -> Path | None:
        if not one.image.pins:
            return None
        tags = [tag for tag in (one.image.tag, one.live) if tag]
        found = one.copy.target.digests_of([*tags, one.digest])
        for tag in tags:
            # A success of the registry alone does not prove that the tag protects this image.
            if found.get(tag) != one.digest:
                raise UserError(
                    f"The tag {tag} of '{one.copy.target.name}' belongs to "
                    f"{found.get(tag, 'no image')} after it was written for {one.digest}. Promote "
                    "the image again."
                )
        path = None
        for name in one.image.pins:
            path = write_pin(
                Target(self.folder, self.target.settings.name, name),
                repository=one.image.target,
                tag=one.image.tag,
                digest=one.digest,
            )
        return path
