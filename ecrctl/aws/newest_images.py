"""The newest image of a repository that a person tagged."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecrctl.errors import UserError
from ecrctl.images.oci import INDEX_TYPES

from .clients import Aws, as_user_errors, or_none

# Signatures of cosign, and the referrers of an image where the registry has no API for them.
_REFERRER_TAG = re.compile(r"sha256-[0-9a-f]{64}(?:\..+)?")
_LIVE, _MOVING = "live-", "latest"


@dataclass(frozen=True, slots=True)
class TaggedImage:
    """An image and the tag that describes it best."""

    digest: str
    tag: str


def newest_image(aws: Aws, account: str, repository: str) -> TaggedImage:
    """Return the image that was pushed last, among those that have a tag and can be pulled.

    :raises UserError: where there is none.
    """
    with as_user_errors(f"Reading the images of '{repository}'"):
        # Without a filter, ECR describes only images that can be pulled.
        pages = aws.ecr.get_paginator("describe_images").paginate(
            registryId=account, repositoryName=repository
        )
        details = or_none(lambda: list(pages.search("imageDetails[]")))
        if details is None:
            raise UserError(
                f"The repository '{repository}' does not exist in account {account}, "
                f"{aws.region}. Deploy it first."
            )
        # An image without tags has no member for them; one without a digest is no image of AWS.
        tags = {one["imageDigest"]: one.get("imageTags") or () for one in details}
        tagged = [one for one in details if describing_tag(tags[one["imageDigest"]])]
        if not tagged:
            raise UserError(
                f"The repository '{repository}' has no tagged image that can be pulled in account "
                f"{account}, {aws.region}. Push an image first."
            )
        newest = max(
            tagged,
            key=lambda one: age_order(
                one["imagePushedAt"],
                one["imageDigest"],
                is_index=one.get("imageManifestMediaType") in INDEX_TYPES,
            ),
        )
        return TaggedImage(newest["imageDigest"], describing_tag(tags[newest["imageDigest"]]))


def age_order(pushed_at: datetime, digest: str, *, is_index: bool) -> tuple[datetime, bool, str]:
    """Return the key that sorts images: the newest last.

    Of images that were pushed in the same second, an index lists the others.
    """
    return pushed_at, is_index, digest


def describing_tag(tags: Any) -> str:
    """Return the tag that describes an image best; empty where none does.

    A version comes before ``latest``, and both before the tag that protects a pinned image. Of
    several versions, such as 1.2 and 1.2.3, the longest is the most exact.
    """
    candidates = [tag for tag in tags if not _REFERRER_TAG.fullmatch(tag)]
    return max(candidates, key=_exactness, default="")


def _exactness(tag: str) -> tuple[bool, bool, int, str]:
    return not tag.startswith(_LIVE), tag != _MOVING, len(tag), tag
