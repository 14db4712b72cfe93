"""Images as ECR describes them, each image index with the images that it lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.aws.image_records import images_from_ecr
from ecrctl.images.registry import ACCEPTED_MANIFESTS
from tests.ecrctl.aws.stubs import StubClient, stub_aws

ACCOUNT = "111111111111"
NAME = "team/api"
DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 5)]
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
PLAIN = ("application/vnd.oci.image.manifest.v1+json", None)
MANIFESTS_A_CALL = 100


def described(number: int, media_type: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return an image as ``DescribeImages`` returns it."""
    typed = {"imageManifestMediaType": media_type} if media_type else {}
    return {"imageDigest": f"sha256:{number}", "imagePushedAt": DAYS[0], **typed, **fields}


def ecr_with(*pages: list[dict[str, Any]]) -> StubClient:
    """Return a client of a repository; each image index lists two images named after its own."""

    def manifests(**request: Any) -> dict[str, Any]:
        digests = [item["imageDigest"] for item in request["imageIds"]]
        images = []
        for digest in digests:
            listed = [{"digest": f"{digest}-{name}"} for name in ("amd64", "arm64")]
            manifest = json.dumps({"manifests": listed})
            images.append({"imageId": {"imageDigest": digest}, "imageManifest": manifest})
        return {"images": images}

    return StubClient(
        describe_repositories=lambda **_: {"repositories": [{}]},
        describe_images=lambda **_: [{"imageDetails": page} for page in pages],
        batch_get_image=manifests,
    )


def test_every_property_of_an_image_is_read() -> None:
    full = described(
        1,
        imageTags=["v1", "v2"],
        lastRecordedPullTime=DAYS[1],
        lastArchivedAt=DAYS[2],
        lastActivatedAt=DAYS[3],
        imageStatus="ARCHIVED",
    )
    ecr = ecr_with([full], [described(2, imageStatus="ACTIVE")])
    assert images_from_ecr(stub_aws(ecr=ecr), ACCOUNT, NAME) == [
        ImageRecord(
            digest="sha256:1",
            pushed_at=DAYS[0],
            tags=("v1", "v2"),
            last_pulled_at=DAYS[1],
            archived_at=DAYS[2],
            activated_at=DAYS[3],
            storage_class="archive",
        ),
        ImageRecord(digest="sha256:2", pushed_at=DAYS[0]),
    ]
    assert ecr.requests == [
        ("describe_repositories", {"repositoryNames": [NAME]}),
        ("describe_images", {"registryId": ACCOUNT, "repositoryName": NAME}),
    ]


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_an_image_index_has_the_images_that_it_lists(media_type: str) -> None:
    plain = [described(number, kind) for number, kind in enumerate(PLAIN, start=2)]
    ecr = ecr_with([described(1, media_type), *plain])
    found = images_from_ecr(stub_aws(ecr=ecr), ACCOUNT, NAME)
    assert [image.children for image in found] == [("sha256:1-amd64", "sha256:1-arm64"), (), ()]
    assert ecr.requests[2:] == [
        (
            "batch_get_image",
            {
                "registryId": ACCOUNT,
                "repositoryName": NAME,
                "imageIds": [{"imageDigest": "sha256:1"}],
                "acceptedMediaTypes": list(ACCEPTED_MANIFESTS),
            },
        )
    ]


@pytest.mark.parametrize(
    ("count", "calls"),
    [
        (MANIFESTS_A_CALL, [MANIFESTS_A_CALL]),
        (MANIFESTS_A_CALL * 2 + 1, [MANIFESTS_A_CALL, MANIFESTS_A_CALL, 1]),
    ],
)
def test_manifests_are_read_as_many_at_once_as_ecr_accepts(count: int, calls: list[int]) -> None:
    ecr = ecr_with([described(number, OCI_INDEX) for number in range(count)])
    found = images_from_ecr(stub_aws(ecr=ecr), ACCOUNT, NAME)
    assert [len(request["imageIds"]) for _, request in ecr.requests[2:]] == calls
    assert all(image.children[0] == f"{image.digest}-amd64" for image in found)
