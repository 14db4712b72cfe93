"""Which image of a repository a workload or a pin means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.images.usage.owners import owners_of
from ecrctl.images.usage.uses import ImageIdentity, Use, identity_of

HOST = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"
INDEX, CHILD, OTHER, GONE = (f"sha256:{letter * 64}" for letter in "abcd")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
IMAGES = [
    ImageRecord(digest=INDEX, pushed_at=NOW, tags=("v1",), children=(CHILD,)),
    ImageRecord(digest=CHILD, pushed_at=NOW),
    ImageRecord(digest=OTHER, pushed_at=NOW, tags=("latest",)),
]


def use(image: str, digest: str | None = None) -> Use:
    """Return a use of an image."""
    found = identity_of(image, digest)
    assert found
    return Use(kind="ECS service", name="main/api", image=found)


def used(image: str, digest: str | None = None) -> set[str]:
    """Return the digests of the images that one use counts for."""
    return set(owners_of("team/api", IMAGES, (), [use(image, digest)]).uses)


@pytest.mark.parametrize(
    ("image", "digest", "expected"),
    [
        (f"{HOST}/team/api:v1", None, {INDEX}),
        (f"{HOST}/team/api:v1", CHILD, {INDEX, CHILD}),
        (f"{HOST}/team/api@{INDEX}", None, {INDEX}),
        # The digest of the reference decides, not the tag beside it.
        (f"{HOST}/team/api:v1@{OTHER}", None, {OTHER}),
        (f"{HOST}/team/api", None, {OTHER}),
        # What a workload names by digest is the image, whatever its runtime reports.
        (f"{HOST}/team/api@{INDEX}", GONE, {INDEX}),
        # The tag belongs to another image by now.
        (f"{HOST}/team/api:v1", GONE, set()),
        (f"{HOST}/team/web:v1", None, set()),
    ],
)
def test_the_image_of_a_use_is_found(image: str, digest: str | None, expected: set[str]) -> None:
    assert used(image, digest) == expected


def test_a_use_whose_image_is_gone_is_missing() -> None:
    owners = owners_of("team/api", IMAGES, (), [use(f"{HOST}/team/api:v1", GONE)])
    assert owners.missing == (f"ECS service main/api names team/api@{GONE}, which is not there.",)


@pytest.mark.parametrize(
    "image", ["nginx", "docker.io/library/nginx:1", "public.ecr.aws/a/b:1", f"{HOST}/Team:1", ""]
)
def test_an_image_of_another_registry_is_no_image_of_private_ecr(image: str) -> None:
    assert identity_of(image) is None


def test_an_identity_has_account_region_and_repository() -> None:
    assert identity_of(f"{HOST}/team/api:v1") == ImageIdentity(
        account="111111111111", region="eu-west-1", repository="team/api", tag="v1", digest=None
    )
