"""The interface of every place that contains images."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ecrctl.images.oci import Descriptor, Manifest, is_digest

# The size of a piece of a blob: large enough for few calls, small enough for many at a time.
CHUNK = 256 * 1024

# Opens a blob from its beginning; called again for each attempt.
OpenBlob = Callable[[], AbstractContextManager[Iterator[bytes]]]


class TagIsImmutable(Exception):
    """Raised when a registry refuses to move a tag to another image."""


@dataclass(frozen=True, slots=True)
class Referrers:
    """The manifests whose subject is an image.

    :param is_native: whether the place finds them by itself. Otherwise an index under a tag that
        follows from the image's digest lists them, and its writer keeps it up to date.
    """

    found: tuple[Descriptor, ...]
    is_native: bool


class Source(Protocol):
    """A place that images are read from: a repository, an OCI layout or an engine's archive."""

    @property
    def name(self) -> str:
        """The name in messages, such as ``team/api`` or the path of a folder."""

    def describe(self, reference: str) -> str:
        """Return how messages name an image, such as ``'team/api:v1'``."""

    def manifest(self, reference: str) -> Manifest | None:
        """Return the manifest of a tag or digest; ``None`` where there is none."""

    def digests_of(self, references: Collection[str]) -> Mapping[str, str]:
        """Return the digests of the tags and digests that exist."""

    def referrers(self, digest: str) -> Referrers:
        """Return the manifests whose subject is an image."""

    def open_blob(self, blob: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """Open a blob. Its content is not verified: the copy does so.

        :raises Transient: where another attempt may succeed, also while the blob is read.
        """


class Store(Source, Protocol):
    """A place that images are also written to: a repository, or an OCI layout in a folder."""

    def has_blob(self, blob: Descriptor) -> bool:
        """Return whether a blob is there and need not be sent."""

    def mount_blob(self, blob: Descriptor, repository: str) -> bool:
        """Take a blob from another repository of the same registry, if that is possible."""

    def put_blob(self, blob: Descriptor, opened: OpenBlob) -> None:
        """Write a blob as a whole or not at all, by one attempt.

        :raises Transient: where another attempt may succeed.
        """

    def put_manifest(
        self, manifest: Manifest, tag: str | None = None, *, is_child: bool = False
    ) -> None:
        """Write a manifest, under a tag if there is one.

        :param is_child: whether an index that is written later lists the manifest.
        :raises TagIsImmutable: where the tag belongs to another image and cannot be moved.
        """


def named(repository: str, reference: str) -> str:
    """Return how a message names an image."""
    return f"'{repository}{'@' if is_digest(reference) else ':'}{reference}'"
