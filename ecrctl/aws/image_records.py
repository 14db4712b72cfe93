"""Images as ECR describes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.errors import UserError
from ecrctl.images.oci import ACCEPTED_MANIFESTS, INDEX_TYPES

from .clients import Aws, as_user_errors, or_none

_MANIFESTS_A_CALL = 100
# Without this filter, ECR describes only images whose status is ACTIVE.
_ANY_STATUS: Any = {"imageStatus": "ANY"}
_OBSTACLES = {
    "ARCHIVED": "archived, so no workload can pull it",
    "ACTIVATING": "being restored from the archive, so no workload can pull it yet",
}


@dataclass(frozen=True, slots=True)
class ImageInEcr:
    """An image that a tag or digest names in ECR.

    :param obstacle: the reason why no workload can pull the image; ``None`` where one can.
    :param media_type: the type of its manifest; empty where ECR does not return it.
    """

    digest: str
    obstacle: str | None = None
    media_type: str = ""

    def how_to_restore(self, repository: str, then: str) -> str:
        """Return the sentence with the command that restores an archived image.

        :param then: what can be done with the image when it is restored, such as ``pull it``.
        """
        return (
            f"Restore it with `aws ecr update-image-storage-class --repository-name {repository} "
            f"--image-id imageDigest={self.digest} --target-storage-class STANDARD`, and {then} "
            "when its status is ACTIVE."
        )


def image_name(repository: str, reference: str) -> str:
    """Return the name of an image with a tag or digest."""
    return f"{repository}{'@' if ':' in reference else ':'}{reference}"


def existing_image(aws: Aws, account: str, repository: str, reference: str) -> ImageInEcr:
    """Return the image with a tag or digest, archived or not.

    :raises UserError: where the repository has none.
    """
    with as_user_errors(f"Looking up '{image_name(repository, reference)}'"):
        image = image_in_ecr(aws, account, repository, reference)
    if image is None:
        raise no_image(aws, account, repository, reference)
    return image


def no_image(aws: Aws, account: str, repository: str, reference: str) -> UserError:
    """Return the error of a tag or digest that a repository does not have."""
    return UserError(
        f"The repository '{repository}' has no image with the "
        f"{'digest' if ':' in reference else 'tag'} '{reference}' in account {account}, "
        f"{aws.region}. Push the image first."
    )


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image of a repository, and what it needs of the storage.

    :param size: its compressed size in bytes; 0 where ECR does not return it. That of an index is
        the size of its largest image.
    """

    record: ImageRecord
    size: int
    is_index: bool


def images_from_ecr(aws: Aws, account: str, repository: str) -> list[ImageRecord]:
    """Return the images of a repository, each image index with the images that it lists.

    :raises UserError: where the repository does not exist.
    """
    images = stored_images(aws, account, repository)
    if images is None:
        raise UserError(
            f"The repository '{repository}' does not exist in account {account}, "
            f"{aws.region}. Deploy it first, or add --images FILE."
        )
    return [image.record for image in images]


def stored_images(
    aws: Aws, account: str, repository: str, *, with_children: bool = True
) -> list[StoredImage] | None:
    """Return the images of a repository; ``None`` where it does not exist.

    :param with_children: whether to read the images that each index lists, which requires a
        permission of its own.
    """
    with as_user_errors(f"Reading the images of '{repository}'"):
        pages = aws.ecr.get_paginator("describe_images").paginate(
            registryId=account, repositoryName=repository, filter=_ANY_STATUS
        )
        details = or_none(lambda: list(pages.search("imageDetails[]")))
        if details is None:
            return None
        children = _children(aws, account, repository, details) if with_children else {}
    return [
        StoredImage(
            record=_record(detail, children),
            size=detail.get("imageSizeInBytes") or 0,
            is_index=detail.get("imageManifestMediaType") in INDEX_TYPES,
        )
        for detail in details
    ]


def image_in_ecr(aws: Aws, account: str, repository: str, reference: str) -> ImageInEcr | None:
    """Return the image with a tag or digest, archived or not; ``None`` where there is none."""
    image_id: Any = {"imageDigest" if ":" in reference else "imageTag": reference}
    request: Any = {"registryId": account, "repositoryName": repository, "imageIds": [image_id]}
    # AWS does not document whether the filter can be combined with the ID of an active image.
    for asked in (request, request | {"filter": _ANY_STATUS}):
        answer = or_none(partial(aws.ecr.describe_images, **asked))
        if answer and answer["imageDetails"]:
            detail = answer["imageDetails"][0]
            return ImageInEcr(
                digest=detail["imageDigest"],
                obstacle=_OBSTACLES.get(detail.get("imageStatus")),
                media_type=detail.get("imageManifestMediaType") or "",
            )
    return None


def pullable_image(aws: Aws, account: str, repository: str, reference: str) -> ImageInEcr | None:
    """Return the image with a tag or digest that workloads can pull.

    This needs the permission of a pull alone. It counts as a pull, so no image must be looked up in
    this way that is not about to be used.
    """
    image_id: Any = {"imageDigest" if ":" in reference else "imageTag": reference}
    answer = or_none(
        partial(
            aws.ecr.batch_get_image,
            registryId=account,
            repositoryName=repository,
            imageIds=[image_id],
            acceptedMediaTypes=list(ACCEPTED_MANIFESTS),
        )
    )
    if not answer or not answer["images"]:
        return None
    image = answer["images"][0]
    return ImageInEcr(
        digest=image["imageId"]["imageDigest"],
        media_type=image.get("imageManifestMediaType") or "",
    )


def digest_in_ecr(aws: Aws, account: str, repository: str, reference: str) -> str | None:
    """Return the digest of an image that workloads can pull; ``None`` where there is none."""
    image = image_in_ecr(aws, account, repository, reference)
    return image.digest if image and not image.obstacle else None


def _children(
    aws: Aws, account: str, repository: str, details: list[Any]
) -> Mapping[str, tuple[str, ...]]:
    indexes = [
        detail["imageDigest"]
        for detail in details
        # ECR does not return the manifest of an archived image.
        if detail.get("imageManifestMediaType") in INDEX_TYPES
        and detail.get("imageStatus") != "ARCHIVED"
    ]
    children: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(indexes), _MANIFESTS_A_CALL):
        found = aws.ecr.batch_get_image(
            registryId=account,
            repositoryName=repository,
            imageIds=[
                {"imageDigest": digest} for digest in indexes[start : start + _MANIFESTS_A_CALL]
            ],
            acceptedMediaTypes=list(ACCEPTED_MANIFESTS),
        )["images"]
        for image in found:
            listed = json.loads(image["imageManifest"]).get("manifests", [])
            children[image["imageId"]["imageDigest"]] = tuple(item["digest"] for item in listed)
    return children


def _record(detail: Mapping[str, Any], children: Mapping[str, tuple[str, ...]]) -> ImageRecord:
    def moment(name: str) -> datetime | None:
        found = detail.get(name)
        return found if isinstance(found, datetime) else None

    return ImageRecord(
        digest=detail["imageDigest"],
        pushed_at=detail["imagePushedAt"],
        tags=tuple(detail.get("imageTags", ())),
        last_pulled_at=moment("lastRecordedPullTime"),
        archived_at=moment("lastArchivedAt"),
        activated_at=moment("lastActivatedAt"),
        storage_class="archive" if detail.get("imageStatus") == "ARCHIVED" else "standard",
        activating=detail.get("imageStatus") == "ACTIVATING",
        children=children.get(detail["imageDigest"], ()),
    )
