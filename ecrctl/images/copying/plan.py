"""What a copy would move: decided before anything is sent, and refused here where it must be."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ecrctl.errors import UserError
from ecrctl.images.oci import Descriptor, Manifest, fallback_tag
from ecrctl.images.stores.registry import Repository
from ecrctl.images.stores.store import Source, Store

from .attached import Family, family_of
from .mounts import KnownBlobs

THREADS = 6
PRESENT, MOUNT, SEND = "present", "mount", "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOptions:
    """The options of a copy.

    :param referrers: whether signatures and attestations are copied too.
    :param is_immutable: returns whether a tag of the target cannot be moved.
    :param known: repositories of the target's registry from which blobs can be mounted.
    """

    referrers: bool = True
    is_immutable: Callable[[str], bool] = lambda _tag: False
    known: KnownBlobs | None = None


@dataclass(frozen=True, slots=True)
class BlobStep:
    """A blob, and what is done with it: it is present, mounted or sent.

    :param repository: the repository from which it is mounted.
    """

    blob: Descriptor
    action: str
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class ManifestStep:
    """A manifest that is written."""

    manifest: Manifest
    tag: str | None = None
    is_child: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a copy does, in its order.

    :param manifests: the manifests to write; the image's own tag is the last.
    :param subjects: the images whose fallback tag must list their referrers, with these.
    """

    source: Source
    target: Store
    root: Manifest
    tag: str | None
    blobs: tuple[BlobStep, ...]
    manifests: tuple[ManifestStep, ...]
    subjects: tuple[tuple[str, tuple[Descriptor, ...]], ...] = ()

    @property
    def digest(self) -> str:
        """The digest of the image."""
        return self.root.digest

    @property
    def is_empty(self) -> bool:
        """Whether everything is there."""
        return not self.manifests and not self.subjects

    def count(self, action: str) -> int:
        """Return how many blobs are present, mounted or sent."""
        return sum(step.action == action for step in self.blobs)

    def size(self, action: str) -> int:
        """Return how many bytes are present, mounted or sent."""
        return sum(step.blob.size for step in self.blobs if step.action == action)


def plan_copy(
    source: Source, reference: str, target: Store, tag: str | None, options: CopyOptions
) -> Plan:
    """Return what the copy of an image would move.

    :param reference: the tag or digest of the image in the source.
    :param tag: the tag of the image in the target, if it gets one.
    :raises UserError: where the target cannot get the image.
    """
    family = family_of(source, reference, with_referrers=options.referrers)
    root = family.root
    tags = [tag] if tag else []
    present = target.digests_of([*family.manifests, *family.tags, *tags])
    if tag and not present:
        # Only an answer with a body names a repository that does not exist.
        target.manifest(tag)
    if tag and tag in present and present[tag] != root.digest and options.is_immutable(tag):
        raise _moved(target, tag, root)
    _check_signature_tags(family, target, present, options)
    # A registry with a manifest has its blobs; a folder can have been damaged since.
    is_remote = isinstance(target, Repository)
    missing = [
        one for one in family.manifests.values() if one.digest not in present or not is_remote
    ]
    subjects = _unlisted(family, target, options)
    is_tagged = is_remote and present.get(tag or root.digest) == root.digest
    steps = _manifest_steps(family, present, tag, is_tagged=is_tagged)
    return Plan(
        source=source,
        target=target,
        root=root,
        tag=tag,
        blobs=_blob_steps(source, target, missing, options.known),
        manifests=tuple(steps),
        subjects=subjects,
    )


def _manifest_steps(
    family: Family, present: Mapping[str, str], tag: str | None, *, is_tagged: bool
) -> list[ManifestStep]:
    """Return the manifests in the order in which each one finds what it refers to."""
    root = family.root
    platforms = {one.digest for one in family.platforms}
    attached = [one for one in family.manifests if one not in platforms]
    steps = [
        ManifestStep(family.manifests[one], is_child=True)
        for one in family.manifests
        if one in platforms and one != root.digest and one not in present
    ]
    by_digest = {digest: name for name, digest in family.tags.items()}
    extra = [
        ManifestStep(family.manifests[one], is_child=one in family.listed)
        for one in attached
        if one not in present and one not in by_digest
    ]
    extra += [
        ManifestStep(family.manifests[digest], name)
        for name, digest in family.tags.items()
        if present.get(name) != digest
    ]
    if extra and tag and root.digest not in present:
        # A signature comes after the image that it belongs to, and before the image's tag.
        steps.append(ManifestStep(root, is_child=True))
    steps += extra
    if not is_tagged:
        steps.append(ManifestStep(root, tag))
    return steps


def _check_signature_tags(
    family: Family, target: Store, present: Mapping[str, str], options: CopyOptions
) -> None:
    for tag, digest in family.tags.items():
        known = present.get(tag)
        if known and known != digest and options.is_immutable(tag):
            raise UserError(
                f"The tag {tag} of '{target.name}' belongs to {known} and cannot be moved to "
                f'{digest}. Exclude "sha256-*" from the tag immutability of the repository, or '
                "copy the image with --without-referrers."
            )


def _unlisted(
    family: Family, target: Store, options: CopyOptions
) -> tuple[tuple[str, tuple[Descriptor, ...]], ...]:
    """Return the referrers of each image that a fallback tag of the target must list."""
    found = []
    for subject, referrers in family.referrers.items():
        known = target.referrers(subject)
        listed = {one.digest for one in known.found}
        added = tuple(one for one in referrers if one.digest not in listed)
        if known.is_native or not added:
            continue
        tag = fallback_tag(subject)
        # An index that is written once could never list another signature.
        if options.is_immutable(tag):
            raise immutable_fallback_tag(target, tag)
        found.append((subject, added))
    return tuple(found)


def immutable_fallback_tag(target: Store, tag: str) -> UserError:
    """Return the error of an immutable tag that would have to list the referrers of an image."""
    return UserError(
        f"The registry of '{target.name}' lacks the referrers API, and the tag {tag}, which would "
        'list the image\'s signatures in its place, is immutable. Exclude "sha256-*" from the tag '
        "immutability of the repository, or copy the image with --without-referrers."
    )


def _blob_steps(
    source: Source, target: Store, manifests: Iterable[Manifest], known: KnownBlobs | None
) -> tuple[BlobStep, ...]:
    blobs = {
        blob.digest: blob
        for manifest in manifests
        for blob in manifest.blobs
        if not blob.is_foreign  # a layer that its licence keeps at its maker's own address
    }
    if not blobs:
        return ()

    def step(blob: Descriptor) -> BlobStep:
        if target.has_blob(blob):
            return BlobStep(blob, PRESENT)
        if isinstance(source, Repository) and _is_same_registry(source, target):
            return BlobStep(blob, MOUNT, source.name)
        other = known.repository_of(blob.digest, other_than=target.name) if known else None
        return BlobStep(blob, MOUNT, other) if other else BlobStep(blob, SEND)

    with ThreadPoolExecutor(THREADS) as threads:
        return tuple(threads.map(step, blobs.values()))


def _is_same_registry(source: Repository, target: Store) -> bool:
    return (
        isinstance(target, Repository)
        and source.registry.host == target.registry.host
        and source.name != target.name
    )


OTHER_TAG = "Give the new image another tag, with `ecrctl push` or by `tag:` of its build."


def _moved(target: Store, tag: str, new: Manifest) -> UserError:
    old = target.manifest(tag)
    known = old.digest if old else "another image"
    message = (
        f"The tag '{tag}' of '{target.name}' is immutable and belongs to {known}; the new "
        f"image is {new.digest}."
    )
    if old and _runnable(old) == _runnable(new):
        return UserError(
            f"{message} They differ only in the attestations that buildx adds, such as its "
            "provenance with a time stamp. Build with `--provenance=false` to get the same digest "
            "again."
        )
    return UserError(f"{message} {OTHER_TAG}")


def _runnable(image: Manifest) -> set[str]:
    """Return the digests of what runs: an index's images without their attestations."""
    if not image.is_index:
        return {image.digest}
    return {one.digest for one in image.children if not one.is_attestation}
