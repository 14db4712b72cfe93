"""An OCI image in memory: its manifest, its blobs and its digest.

Source: OCI image specification, "Image Manifest".
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class OciImage:
    """An image: its manifest, and the blobs that the manifest names."""

    manifest: bytes
    blobs: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """The digest of the image."""
        return digest_of(self.manifest)


def digest_of(content: bytes) -> str:
    """Return the digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
