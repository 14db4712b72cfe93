"""Images as documents: digests, descriptors, manifests and indexes, and their limits.

Sources: OCI image specification 1.1, "Image Manifest", "Image Index" and "Content Descriptors";
Docker's "Image Manifest V 2, Schema 2"; Amazon ECR user guide, "Service quotas".
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecrctl.errors import UserError
from ecrctl.files import json_value

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST_TYPE = "application/vnd.docker.distribution.manifest.list.v2+json"
# An image index is a manifest too.
ACCEPTED_MANIFESTS = (MANIFEST_TYPE, INDEX_TYPE, DOCKER_MANIFEST_TYPE, DOCKER_LIST_TYPE)
INDEX_TYPES = (INDEX_TYPE, DOCKER_LIST_TYPE)

MOST_MANIFEST_BYTES = 4 * 1024 * 1024
MOST_LAYER_BYTES = 52_000 * 1024 * 1024
# ECR documents no number. Every layer is an entry of the manifest, whose size ends the list; a
# container runtime mounts at most 127.
MOST_LAYERS = 127
MOST_CHILDREN = 1_000
SIGNATURE_SUFFIXES = ("sig", "att", "sbom")

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FOREIGN = ("nondistributable", "foreign")
_RUNNABLE_CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
_NAMED_DIGITS = 12


@dataclass(frozen=True, slots=True)
class OciImage:
    """An image in memory: its manifest, and the blobs that the manifest names."""

    manifest: bytes
    blobs: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """The digest of the image."""
        return digest_of(self.manifest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A reference to a blob or a manifest."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Mapping[str, Any] = field(default_factory=dict)
    is_foreign: bool = False
    artifact_type: str | None = None

    @property
    def is_attestation(self) -> bool:
        """Whether this is one of buildx's attestations in an index of platforms."""
        kind = self.annotations.get("vnd.docker.reference.type")
        return kind == "attestation-manifest" or self.platform.get("os") == "unknown"

    def document(self) -> dict[str, Any]:
        """Return the descriptor as an index lists it."""
        found: dict[str, Any] = {
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.size,
        }
        if self.artifact_type:
            found["artifactType"] = self.artifact_type
        if self.annotations:
            found["annotations"] = dict(self.annotations)
        if self.platform:
            found["platform"] = dict(self.platform)
        return found


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or an index: its bytes, which the digest identifies, and what it refers to.

    :param blobs: the config and the layers of an image, each once.
    :param children: the manifests of an index, each once.
    :param subject: the image that a signature, attestation or other artifact belongs to.
    """

    content: bytes
    media_type: str
    digest: str
    blobs: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_index(self) -> bool:
        """Whether this is an index of manifests."""
        return self.media_type in INDEX_TYPES

    def descriptor(self, annotations: Mapping[str, str] | None = None) -> Descriptor:
        """Return the descriptor of this manifest."""
        return Descriptor(
            media_type=self.media_type,
            digest=self.digest,
            size=len(self.content),
            annotations=self.annotations if annotations is None else annotations,
            artifact_type=self.artifact_type,
        )


def digest_of(content: bytes) -> str:
    """Return the digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def is_digest(text: str) -> bool:
    """Return whether a reference is a digest that this project can verify."""
    return bool(_DIGEST.fullmatch(text))


def short(digest: str) -> str:
    """Return the beginning of a digest, for a person."""
    return digest.partition(":")[2][:_NAMED_DIGITS] or digest[:_NAMED_DIGITS]


def signature_tags(digest: str) -> list[str]:
    """Return the tags by which cosign signs an image in a registry without referrers."""
    return [f"{fallback_tag(digest)}.{suffix}" for suffix in SIGNATURE_SUFFIXES]


def fallback_tag(digest: str) -> str:
    """Return the tag of the index of referrers, in a registry without the referrers API."""
    return digest.replace(":", "-", 1)


def parse_manifest(content: bytes, media_type: str | None, where: str) -> Manifest:
    """Return a manifest or an index.

    :param media_type: the type that the registry or the index states, if it states one.
    :param where: the beginning of an error's message, such as ``'team/api:v1'``.
    :raises UserError: where the content is no manifest that ECR accepts.
    """
    if len(content) > MOST_MANIFEST_BYTES:
        raise UserError(
            f"{where}: a manifest must have at most 4 MiB, got {len(content):,} bytes. Build the "
            "image with fewer layers or annotations."
        )
    try:
        document = json_value(content.decode())
    except ValueError:
        raise _not_a_manifest(where) from None
    if not isinstance(document, dict):
        raise _not_a_manifest(where)
    kind = _media_type(document, media_type, where)
    reader = _Reader(where)
    is_index = kind in INDEX_TYPES
    subject = document.get("subject")
    return Manifest(
        content=content,
        media_type=kind,
        digest=digest_of(content),
        blobs=() if is_index else reader.blobs(document),
        children=reader.children(document) if is_index else (),
        subject=reader.descriptor(subject, "subject") if subject else None,
        artifact_type=_artifact_type(document),
        annotations=_texts(document.get("annotations")),
    )


def _not_a_manifest(where: str) -> UserError:
    return UserError(
        f"{where} is not an image: its content is no manifest of OCI or Docker. Check the "
        "source, the endpoint and the proxy settings."
    )


def _media_type(document: Mapping[str, Any], stated: str | None, where: str) -> str:
    own = document.get("mediaType")
    stated = (stated or "").partition(";")[0].strip().lower()
    kind = own if isinstance(own, str) else stated
    if kind not in ACCEPTED_MANIFESTS and not own:
        # The type is optional in documents of OCI.
        kind = INDEX_TYPE if "manifests" in document else kind
        kind = MANIFEST_TYPE if {"config", "layers"} <= document.keys() else kind
    if document.get("schemaVersion") == 1:
        raise UserError(
            f"{where} has a manifest of Docker's schema 1, which ECR refuses. Pull the image with "
            "a current Docker and push it again."
        )
    if kind not in ACCEPTED_MANIFESTS:
        raise _not_a_manifest(where)
    # Read as one type by one program and as another by the next, a document would be two images.
    is_stated_otherwise = stated in ACCEPTED_MANIFESTS and (stated in INDEX_TYPES) != (
        kind in INDEX_TYPES
    )
    if is_stated_otherwise or ("manifests" in document and "layers" in document):
        raise UserError(
            f"{where} has layers and manifests, or is stated as another media type than its own, "
            f"{kind}. Build and push the image again."
        )
    return kind


def _artifact_type(document: Mapping[str, Any]) -> str | None:
    kind = document.get("artifactType")
    config = document.get("config")
    if not kind and isinstance(config, dict):
        kind = config.get("mediaType")
    return kind if isinstance(kind, str) and kind else None


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(text, str)}


@dataclass(frozen=True, slots=True)
class _Reader:
    where: str

    def blobs(self, document: Mapping[str, Any]) -> tuple[Descriptor, ...]:
        layers = document.get("layers")
        config = document.get("config")
        if not isinstance(layers, list) or not isinstance(config, dict):
            raise _not_a_manifest(self.where)
        is_runnable = config.get("mediaType") in _RUNNABLE_CONFIGS
        if is_runnable and len(layers) > MOST_LAYERS:
            raise UserError(
                f"{self.where} has {len(layers)} layers, and no container runtime mounts more than "
                f"{MOST_LAYERS}. Join instructions of the Dockerfile, or build it in several "
                "stages."
            )
        found = [
            self.descriptor(config, "config"),
            *(self.descriptor(one, f"layers[{number}]") for number, one in enumerate(layers)),
        ]
        for one in found:
            if one.size > MOST_LAYER_BYTES:
                raise UserError(
                    f"{self.where}: a layer must have at most 52,000 MiB in ECR, got "
                    f"{one.size // 1024**2:,} MiB. Divide the layer."
                )
        return tuple({one.digest: one for one in found}.values())

    def children(self, document: Mapping[str, Any]) -> tuple[Descriptor, ...]:
        listed = document.get("manifests")
        if not isinstance(listed, list):
            raise _not_a_manifest(self.where)
        if len(listed) > MOST_CHILDREN:
            raise UserError(
                f"{self.where}: an index must list at most {MOST_CHILDREN:,} manifests, got "
                f"{len(listed):,}. Build an index for each purpose."
            )
        found = (self.descriptor(one, f"manifests[{number}]") for number, one in enumerate(listed))
        return tuple({one.digest: one for one in found}.values())

    def descriptor(self, value: Any, path: str) -> Descriptor:
        """Return a descriptor whose digest can be verified."""
        if not isinstance(value, dict):
            raise self._refused(path, "is no descriptor")
        digest, size, kind = (value.get(name) for name in ("digest", "size", "mediaType"))
        if not isinstance(digest, str) or not is_digest(digest):
            raise self._refused(path, f"requires a sha256 digest, got {str(digest)[:80]!r}")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise self._refused(path, f"requires a size, got {str(size)[:80]!r}")
        if not isinstance(kind, str):
            raise self._refused(path, "requires a media type")
        artifact_type = value.get("artifactType")
        platform = value.get("platform")
        return Descriptor(
            media_type=kind,
            digest=digest,
            size=size,
            annotations=_texts(value.get("annotations")),
            platform=platform if isinstance(platform, dict) else {},
            is_foreign=bool(value.get("urls")) and any(word in kind for word in _FOREIGN),
            artifact_type=artifact_type if isinstance(artifact_type, str) else None,
        )

    def _refused(self, path: str, problem: str) -> UserError:
        return UserError(
            f"{self.where} is damaged: `{path}` of its manifest {problem}. Build the image again."
        )
