"""OCI image layouts: a folder, or an archive of one.

Source: OCI image specification 1.1, "Image Layout".
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from ecrctl.counts import counted
from ecrctl.errors import UserError
from ecrctl.files import file_errors
from ecrctl.images.oci import (
    INDEX_TYPE,
    Descriptor,
    Manifest,
    digest_of,
    is_digest,
    parse_manifest,
)

from .files import Files, Folder
from .store import OpenBlob, Referrers

REF_NAME = "org.opencontainers.image.ref.name"
_INDEX, _VERSION = "index.json", "oci-layout"
_SIGNATURE = "sha256-"
_TEMPORARY = ".ecrctl-"
_MAKE_ROOM = "Free some space, or choose another target."


@dataclass(frozen=True, slots=True)
class Layout:
    """An OCI image layout that is read: a :class:`~ecrctl.images.stores.store.Source`."""

    files: Files

    @property
    def name(self) -> str:
        """The path of the layout."""
        return self.files.name

    def describe(self, reference: str) -> str:
        """Return how messages name an image."""
        return f"'{self.name}{'@' if is_digest(reference) else ':'}{reference}'"

    def entries(self) -> tuple[Descriptor, ...]:
        """Return the entries of the layout's index."""
        content = self.files.read(_INDEX)
        if content is None:
            raise UserError(
                f"{self.name} is no OCI layout: it has no {_INDEX}. Write one, for example with "
                f"`docker buildx build --output type=oci,dest=FILE .` or `skopeo copy`."
            )
        return parse_manifest(content, INDEX_TYPE, f"{self.name}/{_INDEX}").children

    def choose(self, tag: str | None) -> str:
        """Return the digest of the image with a tag, or of the only image."""
        entries = self.entries()
        tags = sorted({found for one in entries if (found := _tag(one))})
        known = f"It has {', '.join(tags[:10])}." if tags else "It has no tags."
        if tag is not None:
            tagged = [one.digest for one in entries if _tag(one) == tag]
            if not tagged:
                raise UserError(f"{self.name} has no image with the tag '{tag}'. {known}")
            return tagged[-1]
        images = {one.digest for one in entries if not (_tag(one) or "").startswith(_SIGNATURE)}
        if len(images) > 1:
            # Signatures and other referrers stand beside the image that they belong to.
            images = {one for one in images if not self._is_referrer(one)}
        if len(images) != 1:
            cure = (
                f"Name one by its tag, such as ':{tags[0]}'."
                if tags
                else "Write it again, with a tag."
            )
            raise UserError(
                f"{self.name} has {counted(len(images), 'image')}, and one must be named. {known} "
                f"{cure}"
            )
        return images.pop()

    def manifest(self, reference: str) -> Manifest | None:
        """Return the manifest of a tag or digest; its content must have the digest."""
        digest = self.digests_of([reference]).get(reference)
        content = self.files.read(blob_path(digest)) if digest else None
        if digest is None or content is None:
            return None
        if digest_of(content) != digest:
            raise UserError(
                f"{self.describe(digest)} is damaged: its content has the digest "
                f"{digest_of(content)}. Write the layout again."
            )
        return parse_manifest(content, None, self.describe(reference))

    def digests_of(self, references: Collection[str]) -> Mapping[str, str]:
        """Return the digests of the tags and digests that exist."""
        tagged = {_tag(one): one.digest for one in self.entries()}
        found: dict[str, str] = {}
        for one in references:
            digest = one if is_digest(one) else tagged.get(one)
            if digest and self.files.size(blob_path(digest)) is not None:
                found[one] = digest
        return found

    def referrers(self, digest: str) -> Referrers:
        """Return the entries whose subject is an image."""
        found = [one for one in self.entries() if self._subject(one.digest) == digest]
        return Referrers(tuple(found), is_native=True)

    def has_blob(self, blob: Descriptor) -> bool:
        """Return whether a blob is there, with its content."""
        if self.files.size(blob_path(blob.digest)) != blob.size:
            return False
        content = hashlib.sha256()
        with self.files.open(blob_path(blob.digest)) as pieces:
            for piece in pieces:
                content.update(piece)
        return f"sha256:{content.hexdigest()}" == blob.digest

    def open_blob(self, blob: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """Open a blob."""
        if self.files.size(blob_path(blob.digest)) is None:
            raise UserError(f"{self.name} lacks the blob {blob.digest}. Write the layout again.")
        return self.files.open(blob_path(blob.digest))

    def _is_referrer(self, digest: str) -> bool:
        return self._subject(digest) is not None

    def _subject(self, digest: str) -> str | None:
        found = self.manifest(digest)
        return found.subject.digest if found and found.subject else None


@dataclass(frozen=True, slots=True)
class WritableLayout(Layout):
    """An OCI image layout in a folder: a :class:`~ecrctl.images.stores.store.Store`.

    A file appears as a whole or not at all, and the index that lists an image comes last.
    """

    files: Folder
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @staticmethod
    def at(folder: Path) -> "WritableLayout":
        """Return the layout of a folder, which is created where it does not exist."""
        layout = WritableLayout(Folder(folder))
        blobs = folder / "blobs" / "sha256"
        with file_errors(f"{folder} cannot be written", "Choose another folder."):
            others = [one.name for one in folder.iterdir()] if folder.is_dir() else []
            if others and _VERSION not in others and not _is_ours(others):
                raise UserError(
                    f"{folder} is no OCI layout and has other files. Choose a new folder."
                )
            blobs.mkdir(parents=True, exist_ok=True)
            for left in (*blobs.glob(f"{_TEMPORARY}*"), *folder.glob(f"{_TEMPORARY}*")):
                left.unlink(missing_ok=True)  # of a run that was killed
        if layout.files.size(_INDEX) is None:
            layout._write_index(())
        if layout.files.size(_VERSION) is None:
            layout._write(_VERSION, b'{"imageLayoutVersion": "1.0.0"}\n')
        return layout

    def mount_blob(self, blob: Descriptor, repository: str) -> bool:
        """Return false: a layout has no other repositories."""
        del blob, repository
        return False

    def put_blob(self, blob: Descriptor, opened: OpenBlob) -> None:
        """Write a blob beside its place, and move it there when it is whole."""
        with opened() as pieces:
            self._write(blob_path(blob.digest), pieces)

    def put_manifest(
        self, manifest: Manifest, tag: str | None = None, *, is_child: bool = False
    ) -> None:
        """Write a manifest, and list it unless another manifest does."""
        self._write(blob_path(manifest.digest), manifest.content)
        if tag is None and is_child:
            return
        with self._lock:
            entries = [one for one in self.entries() if tag is None or _tag(one) != tag]
            if tag is None and any(one.digest == manifest.digest for one in entries):
                return
            names = {REF_NAME: tag} if tag else {}
            self._write_index((*entries, manifest.descriptor(names)))

    def _write_index(self, entries: Collection[Descriptor]) -> None:
        document = {
            "schemaVersion": 2,
            "mediaType": INDEX_TYPE,
            "manifests": [one.document() for one in entries],
        }
        self._write(_INDEX, (json.dumps(document, indent=2) + "\n").encode())

    def _write(self, path: str, content: bytes | Iterator[bytes]) -> None:
        target = self.files.path / path
        pieces = iter([content]) if isinstance(content, bytes) else content
        descriptor, temporary = -1, ""
        with file_errors(f"{target} cannot be written", _MAKE_ROOM):
            try:
                descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=target.parent)
                with os.fdopen(descriptor, "wb") as file:
                    for piece in pieces:
                        file.write(piece)
                Path(temporary).chmod(0o644)
                Path(temporary).replace(target)
            except BaseException:
                if temporary:
                    with suppress(OSError):
                        Path(temporary).unlink()
                raise


def blob_path(digest: str) -> str:
    """Return the path of a blob inside a layout."""
    return f"blobs/{digest.replace(':', '/', 1)}"


def _is_ours(names: Collection[str]) -> bool:
    return all(name.startswith(".") or name == "blobs" for name in names)


def _tag(entry: Descriptor) -> str | None:
    """Return the tag of an entry: its name, or the end of a whole image name."""
    name = entry.annotations.get(REF_NAME)
    if name and "/" in name:
        name = name.rpartition("/")[2].partition(":")[2]
    return name or None
