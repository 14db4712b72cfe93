"""The images of a reference that ECR scans: an index has none itself, its platforms have.

Source: Amazon ECR user guide, "Image scanning"; OCI image specification, "Image Index";
BuildKit, "Attestation storage".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.image_records import existing_image
from ecrctl.errors import UserError
from ecrctl.images.oci import ACCEPTED_MANIFESTS, INDEX_TYPES

_UNKNOWN = "unknown"
# BuildKit's mark of a manifest that describes another one, such as its provenance.
_ATTESTATION = "vnd.docker.reference.type"


@dataclass(frozen=True, slots=True)
class Platform:
    """An image that can be scanned.

    :param name: such as ``linux/arm64``; empty for an image that no index lists.
    :param obstacle: why it cannot be scanned; empty where it can.
    """

    name: str
    digest: str
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class ImagePlatforms:
    """An image of a repository, and what is scanned of it."""

    digest: str
    platforms: tuple[Platform, ...]


def platforms_of(aws: Aws, account: str, repository: str, reference: str) -> ImagePlatforms:
    """Return the image of a tag or digest, and its platforms.

    :raises UserError: where the repository has no such image.
    """
    found = existing_image(aws, account, repository, reference)
    if not found.obstacle and found.media_type in INDEX_TYPES:
        with as_user_errors(f"Reading the index of '{repository}@{found.digest}'"):
            index = _manifest(aws, account, repository, found.digest)
        return ImagePlatforms(found.digest, tuple(_platforms(index, found.digest)))
    problem = f"the image is {found.obstacle}" if found.obstacle else ""
    return ImagePlatforms(found.digest, (Platform("", found.digest, problem),))


def _manifest(aws: Aws, account: str, repository: str, digest: str) -> Any:
    images = aws.ecr.batch_get_image(
        registryId=account,
        repositoryName=repository,
        imageIds=[{"imageDigest": digest}],
        acceptedMediaTypes=list(ACCEPTED_MANIFESTS),
    )["images"]
    problem = f"ECR returned no image index for '{repository}@{digest}'. Try again."
    if not images:
        raise UserError(problem)
    try:
        return json.loads(images[0]["imageManifest"])
    except ValueError:
        raise UserError(problem) from None


def _platforms(index: Any, digest: str) -> Iterator[Platform]:
    listed = index.get("manifests") if isinstance(index, Mapping) else None
    items = [one for one in listed or () if isinstance(one, Mapping)]
    found = [_platform(item) for item in items if not _is_attestation(item)]
    if found:
        yield from sorted(found, key=lambda one: (one.name, one.digest))
    else:
        yield Platform("", digest, "the image index lists no platform")


def _is_attestation(item: Mapping[str, Any]) -> bool:
    platform = item.get("platform") or {}
    is_unknown = (platform.get("os"), platform.get("architecture")) == (_UNKNOWN, _UNKNOWN)
    return is_unknown or _ATTESTATION in (item.get("annotations") or {})


def _platform(item: Mapping[str, Any]) -> Platform:
    platform = item.get("platform") or {}
    parts = (platform.get(part) for part in ("os", "architecture", "variant"))
    name = "/".join(str(part) for part in parts if part)
    is_index = item.get("mediaType") in INDEX_TYPES
    obstacle = "it is an index within an index, which ECR does not scan" if is_index else ""
    return Platform(name, str(item.get("digest")), obstacle)
