"""The images of an index that are scanned."""

from __future__ import annotations

import re

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.scanning.platforms import Platform, platforms_of
from tests.ecrctl.aws.stubs import StubClient, stub_aws

from .accounts import ACCOUNT, INDEX, REPOSITORY, image, index, listed, put_manifest

DIGEST = "sha256:" + "a" * 64


def test_an_image_is_its_own_platform(moto_aws: Aws) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    found = platforms_of(moto_aws, ACCOUNT, REPOSITORY, "v1")
    assert (found.digest, found.platforms) == (digest, (Platform("", digest),))


def test_an_index_is_its_platforms_without_attestations(moto_aws: Aws) -> None:
    arm, amd, other = (put_manifest(moto_aws, image(name)) for name in ("arm", "amd", "other"))
    digest = put_manifest(
        moto_aws,
        index(
            listed(arm, "linux/arm/v8"),
            listed(amd, "linux/amd64"),
            listed("sha256:1", "unknown/unknown"),
            listed("sha256:2", "linux/x", annotations={"vnd.docker.reference.type": "x"}),
            {"digest": other},
        ),
        "v1",
    )
    found = platforms_of(moto_aws, ACCOUNT, REPOSITORY, "v1")
    assert found.digest == digest
    assert found.platforms == (
        Platform("", other),
        Platform("linux/amd64", amd),
        Platform("linux/arm/v8", arm),
    )


def test_an_index_within_an_index_is_not_scanned(moto_aws: Aws) -> None:
    inner = {"mediaType": INDEX, "digest": "sha256:1"}
    put_manifest(moto_aws, index(inner), "v1")
    (found,) = platforms_of(moto_aws, ACCOUNT, REPOSITORY, "v1").platforms
    assert found.obstacle == "it is an index within an index, which ECR does not scan"


def test_an_index_without_a_platform_is_not_scanned(moto_aws: Aws) -> None:
    digest = put_manifest(moto_aws, index(listed("sha256:1", "unknown/unknown")), "v1")
    (found,) = platforms_of(moto_aws, ACCOUNT, REPOSITORY, digest).platforms
    assert found == Platform("", digest, "the image index lists no platform")


def test_an_archived_image_is_not_scanned() -> None:
    detail = {"imageDigest": DIGEST, "imageStatus": "ARCHIVED", "imageManifestMediaType": INDEX}
    aws = stub_aws(ecr=StubClient(describe_images=lambda **_: {"imageDetails": [detail]}))
    (found,) = platforms_of(aws, ACCOUNT, REPOSITORY, "v1").platforms
    assert found.obstacle == "the image is archived, so no workload can pull it"


def test_an_image_that_does_not_exist_is_named(moto_aws: Aws) -> None:
    message = re.escape(
        "The repository 'team/api' has no image with the tag 'v9' in account 123456789012, "
        "us-east-1. Push the image first."
    )
    with pytest.raises(UserError, match=f"^{message}$"):
        platforms_of(moto_aws, ACCOUNT, REPOSITORY, "v9")


@pytest.mark.parametrize("manifest", [None, "<html>"])
def test_an_index_that_cannot_be_read_is_an_error(manifest: str | None) -> None:
    detail = {"imageDigest": DIGEST, "imageManifestMediaType": INDEX}
    images = [{"imageManifest": manifest}] if manifest else []
    ecr = StubClient(
        describe_images=lambda **_: {"imageDetails": [detail]},
        batch_get_image=lambda **_: {"images": images},
    )
    with pytest.raises(UserError, match=f"ECR returned no image index for 'team/api@{DIGEST}'"):
        platforms_of(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, "v1")
