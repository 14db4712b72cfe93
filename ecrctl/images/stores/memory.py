"""An image in memory as a place that contains images."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ecrctl.images.oci import Descriptor, Manifest, OciImage, parse_manifest

from .store import Referrers, named


@dataclass(frozen=True, slots=True)
class Memory:
    """One small image, which is only read: a :class:`~ecrctl.images.stores.store.Source`."""

    image: OciImage
    name: str = "memory"

    def describe(self, reference: str) -> str:
        """Return how messages name an image."""
        return named(self.name, reference)

    def manifest(self, reference: str) -> Manifest | None:
        """Return the manifest of the image."""
        if reference != self.image.digest:
            return None
        return parse_manifest(self.image.manifest, None, self.describe(reference))

    def digests_of(self, references: Collection[str]) -> Mapping[str, str]:
        """Return the image's digest, if it is asked for."""
        return {one: one for one in references if one == self.image.digest}

    def referrers(self, digest: str) -> Referrers:
        """Return no manifest: an image in memory has no signature."""
        del digest
        return Referrers((), is_native=True)

    @contextmanager
    def open_blob(self, blob: Descriptor) -> Iterator[Iterator[bytes]]:
        """Open a blob."""
        yield iter([self.image.blobs[blob.digest]])
