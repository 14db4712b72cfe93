"""Images as ECR describes them, each image index with the images that it lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.aws.clients import Aws
from ecrctl.aws.image_records import ImageInEcr, digest_in_ecr, image_in_ecr, images_from_ecr
from ecrctl.images.oci import ACCEPTED_MANIFESTS
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
    ecr = ecr_with(
        [full], [described(2, imageStatus="ACTIVE"), described(3, imageStatus="ACTIVATING")]
    )
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
        ImageRecord(digest="sha256:3", pushed_at=DAYS[0], activating=True),
    ]
    assert ecr.requests == [
        (
            "describe_images",
            {
                "registryId": ACCOUNT,
                "repositoryName": NAME,
                "filter": {"imageStatus": "ANY"},
            },
        ),
    ]


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_an_image_index_has_the_images_that_it_lists(media_type: str) -> None:
    plain = [described(number, kind) for number, kind in enumerate(PLAIN, start=2)]
    ecr = ecr_with([described(1, media_type), *plain])
    found = images_from_ecr(stub_aws(ecr=ecr), ACCOUNT, NAME)
    assert [image.children for image in found] == [("sha256:1-amd64", "sha256:1-arm64"), (), ()]
    assert ecr.requests[1:] == [
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


def test_the_manifest_of_an_archived_index_is_not_requested() -> None:
    ecr = ecr_with([described(1, OCI_INDEX, imageStatus="ARCHIVED")])
    (found,) = images_from_ecr(stub_aws(ecr=ecr), ACCOUNT, NAME)
    assert (found.status, found.children) == ("archived", ())
    assert [operation for operation, _ in ecr.requests[1:]] == []


@pytest.fixture
def stubbed() -> Iterator[tuple[Aws, Stubber]]:
    """Return real clients whose ECR answers are scripted, because no emulator has an archive."""
    session = boto3.Session("a", "b", region_name="us-east-1")
    aws = Aws(session, "us-east-1", None)
    with Stubber(aws.ecr) as stubber:
        yield aws, stubber
        stubber.assert_no_pending_responses()


REQUEST = {"registryId": ACCOUNT, "repositoryName": NAME}
ANY = {"filter": {"imageStatus": "ANY"}}
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("reference", "image_id"), [("v1", {"imageTag": "v1"}), (DIGEST, {"imageDigest": DIGEST})]
)
def test_an_active_image_is_found_at_once(
    stubbed: tuple[Aws, Stubber], reference: str, image_id: dict[str, str]
) -> None:
    aws, stubber = stubbed
    answer = {"imageDetails": [{"imageDigest": DIGEST, "imageStatus": "ACTIVE"}]}
    stubber.add_response("describe_images", answer, REQUEST | {"imageIds": [image_id]})
    assert image_in_ecr(aws, ACCOUNT, NAME, reference) == ImageInEcr(DIGEST)


@pytest.mark.parametrize(
    ("status", "obstacle"),
    [
        ("ARCHIVED", "archived, so no workload can pull it"),
        ("ACTIVATING", "being restored from the archive, so no workload can pull it yet"),
    ],
)
@pytest.mark.parametrize("is_hidden", [True, False])
def test_an_image_that_no_workload_can_pull_has_the_reason(
    stubbed: tuple[Aws, Stubber], status: str, obstacle: str, is_hidden: bool
) -> None:
    aws, stubber = stubbed
    request = REQUEST | {"imageIds": [{"imageTag": "v1"}]}
    for _ in range(2):
        if is_hidden:
            stubber.add_client_error(
                "describe_images", "ImageNotFoundException", expected_params=request
            )
        answer = {"imageDetails": [{"imageDigest": DIGEST, "imageStatus": status}]}
        expected = request | (ANY if is_hidden else {})
        stubber.add_response("describe_images", answer, expected)
    assert image_in_ecr(aws, ACCOUNT, NAME, "v1") == ImageInEcr(DIGEST, obstacle)
    assert digest_in_ecr(aws, ACCOUNT, NAME, "v1") is None


def test_an_image_that_ecr_does_not_have_is_none(stubbed: tuple[Aws, Stubber]) -> None:
    aws, stubber = stubbed
    request = REQUEST | {"imageIds": [{"imageTag": "v1"}]}
    for extra in ({}, ANY):
        stubber.add_client_error(
            "describe_images", "ImageNotFoundException", expected_params=request | extra
        )
    assert image_in_ecr(aws, ACCOUNT, NAME, "v1") is None


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
    assert [len(request["imageIds"]) for _, request in ecr.requests[1:]] == calls
    assert all(image.children[0] == f"{image.digest}-amd64" for image in found)
