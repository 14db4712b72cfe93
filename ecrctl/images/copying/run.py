"""The copy itself: blobs first and in parallel, then manifests, the image's tag last."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from ecrctl.errors import UserError
from ecrctl.images.oci import (
    INDEX_TYPE,
    Descriptor,
    Manifest,
    OciImage,
    fallback_tag,
    parse_manifest,
)
from ecrctl.images.stores.memory import Memory
from ecrctl.images.stores.registry import Repository
from ecrctl.images.stores.retries import FOR_AWS, Patience, retrying
from ecrctl.images.stores.store import Store, TagIsImmutable

from .plan import MOUNT, OTHER_TAG, PRESENT, SEND, THREADS, BlobStep, CopyOptions, Plan, plan_copy
from .progress import Progress, Silent

_WORDS = {PRESENT: "already there", MOUNT: "mounted", SEND: "sent"}


class Cancelled(Exception):
    """Raised in the threads of a copy after one of them has failed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a copy has done with each blob, and how many manifests it wrote."""

    plan: Plan
    actions: tuple[tuple[Descriptor, str], ...]
    manifests: int

    def count(self, action: str) -> int:
        """Return how many blobs were present, mounted or sent."""
        return sum(done == action for _, done in self.actions)

    def size(self, action: str) -> int:
        """Return how many bytes were present, mounted or sent."""
        return sum(blob.size for blob, done in self.actions if done == action)


def run_copy(plan: Plan, options: CopyOptions, progress: Progress | None = None) -> Result:
    """Carry out a plan.

    :raises TagIsImmutable: where the registry refuses to move a tag that was not known as
        immutable.
    """
    work = _Copy(plan, progress or Silent())
    actions = work.copy_blobs()
    for step in plan.manifests:
        plan.target.put_manifest(step.manifest, step.tag, is_child=step.is_child)
    for subject, added in plan.subjects:
        _list_referrers(plan.target, subject, added)
    if options.known and isinstance(plan.target, Repository):
        options.known.add(plan.target.name, [blob.digest for blob, _ in actions])
    return Result(plan, actions, len(plan.manifests))


def push_image(repository: Repository, tag: str, image: OciImage) -> None:
    """Push an image that is in memory.

    :raises TagIsImmutable: where the tag belongs to another image and cannot be moved.
    """
    options = CopyOptions()
    run_copy(plan_copy(Memory(image), image.digest, repository, tag, options), options)


def immutable_tag(refusal: TagIsImmutable, plan: Plan) -> UserError:
    """Return the error of a tag that only the registry knew as immutable."""
    found = plan.target.digests_of([plan.tag] if plan.tag else [])
    known = next(iter(found.values()), "another image")
    return UserError(
        f"The registry refuses to move the tag '{plan.tag}' of '{plan.target.name}' from {known} "
        f"to {plan.digest}: {refusal}. {OTHER_TAG}"
    )


@dataclass(slots=True)
class _Copy:
    plan: Plan
    progress: Progress
    stop: Event = field(default_factory=Event)

    def copy_blobs(self) -> tuple[tuple[Descriptor, str], ...]:
        """Copy the blobs, the largest first, so that the last thread does not end alone."""
        steps = sorted(self.plan.blobs, key=lambda step: -step.blob.size)
        with ThreadPoolExecutor(THREADS) as threads:
            try:
                futures = [threads.submit(self._step, step) for step in steps]
                done, _ = wait(futures, return_when=FIRST_EXCEPTION)
                _raise_first(done)
                return tuple(future.result() for future in futures)
            finally:
                self.stop.set()
                threads.shutdown(wait=False, cancel_futures=True)

    def _step(self, step: BlobStep) -> tuple[Descriptor, str]:
        action = step.action
        target, blob = self.plan.target, step.blob
        if action == MOUNT and not (step.repository and target.mount_blob(blob, step.repository)):
            action = SEND
        if action == SEND:
            retrying(self._patience, lambda: target.put_blob(blob, lambda: self._opened(blob)))
        self.progress.ended(blob, _WORDS[action])
        return blob, action

    @property
    def _patience(self) -> Patience:
        ends = (self.plan.target, self.plan.source)
        return next((end.patience for end in ends if isinstance(end, Repository)), FOR_AWS)

    @contextmanager
    def _opened(self, blob: Descriptor) -> Iterator[Iterator[bytes]]:
        self.progress.started(blob)
        with self.plan.source.open_blob(blob) as pieces:
            yield self._verified(blob, pieces)

    def _verified(self, blob: Descriptor, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the pieces of a blob; the last one only after the digest is known to be right.

        The target so never has all bytes of a wrong blob.
        """
        content, size, last = hashlib.sha256(), 0, b""
        for piece in pieces:
            if self.stop.is_set():
                raise Cancelled
            content.update(piece)
            size += len(piece)
            if size > blob.size:
                break
            if last:
                yield last
                self.progress.advanced(blob, len(last))
            last = piece
        if size != blob.size or f"sha256:{content.hexdigest()}" != blob.digest:
            detail = f"{size:,} of {blob.size:,} bytes"
            if size > blob.size:
                detail = f"more than {blob.size:,} bytes"
            elif size == blob.size:
                detail = "its content has another digest"
            raise UserError(
                f"The blob {blob.digest} of {self.plan.source.name} is damaged: {detail}. Build or "
                "push the image again."
            )
        if last:
            yield last
            self.progress.advanced(blob, len(last))


def _raise_first(done: "set[Future[tuple[Descriptor, str]]]") -> None:
    """Raise the error that stopped the copy, and not one of the threads that it stopped."""
    errors = [error for future in done if (error := future.exception())]
    for error in errors:
        if not isinstance(error, Cancelled):
            raise error


def _list_referrers(target: Store, subject: str, added: tuple[Descriptor, ...]) -> None:
    """Add referrers to the index that lists them, where a registry does not find them itself."""
    known = target.referrers(subject).found
    listed = {one.digest: one for one in (*known, *added)}
    document = {
        "schemaVersion": 2,
        "mediaType": INDEX_TYPE,
        "manifests": [one.document() for one in listed.values()],
    }
    content = json.dumps(document, separators=(",", ":")).encode()
    index: Manifest = parse_manifest(content, INDEX_TYPE, fallback_tag(subject))
    target.put_manifest(index, fallback_tag(subject))
