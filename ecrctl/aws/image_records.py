"""Images as ECR describes them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.errors import UserError
from ecrctl.images.registry import ACCEPTED_MANIFESTS

from .clients import Aws, as_user_errors, or_none

_INDEX_TYPES = tuple(kind for kind in ACCEPTED_MANIFESTS if "index" in kind or "list" in kind)
_MANIFESTS_A_CALL = 100


def images_from_ecr(aws: Aws, account: str, repository: str) -> list[ImageRecord]:
    """Return the images of a repository, each image index with the images that it lists."""
    with as_user_errors(f"Reading the images of '{repository}'"):
        if or_none(lambda: aws.ecr.describe_repositories(repositoryNames=[repository])) is None:
            raise UserError(
                f"The repository '{repository}' does not exist in account {account}, "
                f"{aws.region}. Deploy it first, or add --images FILE."
            )
        pages = aws.ecr.get_paginator("describe_images").paginate(
            registryId=account, repositoryName=repository
        )
        details = list(pages.search("imageDetails[]"))
        children = _children(aws, account, repository, details)
    return [_record(detail, children) for detail in details]


def digest_in_ecr(aws: Aws, account: str, repository: str, reference: str) -> str | None:
    """Return the digest of the image with a tag or digest; ``None`` where there is none."""
    image_id: Any = {"imageDigest" if ":" in reference else "imageTag": reference}
    answer = or_none(
        lambda: aws.ecr.describe_images(
            registryId=account, repositoryName=repository, imageIds=[image_id]
        )
    )
    return answer["imageDetails"][0]["imageDigest"] if answer and answer["imageDetails"] else None


def _children(
    aws: Aws, account: str, repository: str, details: list[Any]
) -> Mapping[str, tuple[str, ...]]:
    indexes = [
        detail["imageDigest"]
        for detail in details
        if detail.get("imageManifestMediaType") in _INDEX_TYPES
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
        children=children.get(detail["imageDigest"], ()),
    )
