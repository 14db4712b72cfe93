"""Images of tests: layers of any size, indexes, signatures, as OCI layouts."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
SIGNATURE = "application/vnd.dev.sigstore.bundle.v0.3+json"


def digest_of(content: bytes) -> str:
    """Return the digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def as_json(document: Any) -> bytes:
    """Return a document as JSON."""
    return json.dumps(document, separators=(",", ":")).encode()


def layer(seed: int, size: int = 2_000) -> bytes:
    """Return a layer with one file of random bytes."""
    content = random.Random(seed).randbytes(size)  # noqa: S311 - the same at each run
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(f"file-{seed}")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@dataclass
class Bundle:
    """Manifests and blobs by digest, which refer to each other."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def add(self, content: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Add some content, and return its descriptor."""
        digest = digest_of(content)
        self.contents[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content), **more}

    def image(
        self,
        *layers: bytes,
        architecture: str = "amd64",
        note: str = "",
        subject: dict[str, Any] | None = None,
        packed: Sequence[dict[str, Any]] = (),
        **more: Any,
    ) -> dict[str, Any]:
        """Add an image, and return its descriptor.

        :param packed: the descriptors of layers that are elsewhere.
        """
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Labels": {"note": note}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(one) for one in layers]},
        }
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.add(as_json(config), CONFIG),
            "layers": [*(self.add(one, LAYER) for one in layers), *packed],
        }
        if subject:
            document["subject"] = {name: subject[name] for name in ("mediaType", "digest", "size")}
        platform = {"os": "linux", "architecture": architecture}
        return self.add(as_json(document | more), MANIFEST, platform=platform)

    def index(self, *children: dict[str, Any]) -> dict[str, Any]:
        """Add an index, and return its descriptor."""
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children)}
        return self.add(as_json(document), INDEX)

    def attestation(self, of: dict[str, Any], content: bytes) -> dict[str, Any]:
        """Add an attestation of buildx, and return its descriptor."""
        made = self.image(content, architecture="unknown")
        made["platform"] = {"os": "unknown", "architecture": "unknown"}
        made["annotations"] = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": of["digest"],
        }
        return made

    def signature(self, of: dict[str, Any], text: bytes = b"signed") -> dict[str, Any]:
        """Add a signature as cosign 3 writes it, and return its descriptor."""
        return self.image(text, subject=of, artifactType=SIGNATURE)

    def write(
        self, folder: Path, tags: dict[str, dict[str, Any]], *untagged: dict[str, Any]
    ) -> Path:
        """Write an OCI layout."""
        blobs = folder / "blobs" / "sha256"
        blobs.mkdir(parents=True, exist_ok=True)
        for digest, content in self.contents.items():
            (blobs / digest.partition(":")[2]).write_bytes(content)
        entries = [
            one | {"annotations": {"org.opencontainers.image.ref.name": tag}}
            for tag, one in tags.items()
        ]
        index = {"schemaVersion": 2, "manifests": [*entries, *untagged]}
        (folder / "index.json").write_bytes(as_json(index))
        (folder / "oci-layout").write_bytes(as_json({"imageLayoutVersion": "1.0.0"}))
        return folder
