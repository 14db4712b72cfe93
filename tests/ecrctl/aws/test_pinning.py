"""Tagging a pinned image as live."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.aws.pinning import mark_live
from ecrctl.images.oci import digest_of

REPOSITORY = "pinning/index"
ACCOUNT = "000000000000"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def repository(aws: Aws) -> Iterator[str]:
    """Return a repository that exists for one test."""
    aws.ecr.create_repository(repositoryName=REPOSITORY)
    yield REPOSITORY
    aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST])
def test_an_image_is_tagged_as_live_under_its_own_media_type(
    aws: Aws, repository: str, media_type: str
) -> None:
    # Without a media type in the manifest, only the request states it.
    manifest = json.dumps({"schemaVersion": 2, "manifests": []})
    digest = digest_of(manifest.encode())
    aws.ecr.put_image(
        repositoryName=repository,
        imageManifest=manifest,
        imageManifestMediaType=media_type,
        imageDigest=digest,
        imageTag="v1",
    )
    # The embedded AWS keeps the type of an image that it has, so the request itself is examined.
    requests: list[dict[str, Any]] = []
    aws.session.events.register(
        "provide-client-params.ecr.PutImage", lambda params, **_: requests.append(params)
    )
    mark_live(aws, ACCOUNT, repository, digest, "live-dev-1")
    (request,) = requests
    assert (request["imageManifest"], request["imageManifestMediaType"]) == (manifest, media_type)
    (image,) = aws.ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["v1", "live-dev-1"])
