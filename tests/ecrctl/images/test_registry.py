"""The registry protocol, against the embedded AWS."""

from __future__ import annotations

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.registry import Registry, TagIsImmutable
from ecrctl.local.emulator import Emulator
from ecrctl.local.sample_image import sample_image


@pytest.fixture
def registry(aws: Aws, emulator: Emulator) -> Registry:
    """Connect to the registry, with one immutable and one mutable repository in it."""
    for name, mutability in (("push/immutable", "IMMUTABLE"), ("push/mutable", "MUTABLE")):
        if name not in {
            item["repositoryName"] for item in aws.ecr.describe_repositories()["repositories"]
        }:
            aws.ecr.create_repository(repositoryName=name, imageTagMutability=mutability)  # type: ignore[arg-type]
    return Registry.of_account(aws, emulator.account)


def test_the_client_stays_on_loopback_though_aws_names_the_real_registry(
    registry: Registry, aws: Aws
) -> None:
    endpoint = aws.ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"]
    assert "amazonaws.com" in endpoint
    assert registry.base_url.startswith("http://localhost:")


def test_what_is_pushed_is_what_is_pulled(registry: Registry) -> None:
    image = sample_image()
    registry.push("push/immutable", "v1", image)
    assert registry.manifest("push/immutable", image.digest) == image.manifest
    assert registry.manifest("push/immutable", "v1") == image.manifest


def test_an_immutable_tag_cannot_be_moved_to_other_content(registry: Registry) -> None:
    registry.push("push/immutable", "v2", sample_image())
    with pytest.raises(TagIsImmutable):
        registry.push("push/immutable", "v2", sample_image("other"))
    assert registry.manifest("push/immutable", "v2") == sample_image().manifest


def test_a_mutable_tag_moves(registry: Registry) -> None:
    registry.push("push/mutable", "v1", sample_image())
    registry.push("push/mutable", "v1", sample_image("other"))
    assert registry.manifest("push/mutable", "v1") == sample_image("other").manifest


def test_a_repository_that_does_not_exist_is_named(registry: Registry) -> None:
    with pytest.raises(UserError, match="Pushing to 'no/such' failed: 404 NAME_UNKNOWN"):
        registry.push("no/such", "v1", sample_image())


def test_an_image_that_does_not_exist_is_named(registry: Registry) -> None:
    with pytest.raises(UserError, match="'push/mutable:v9' could not be read: 404"):
        registry.manifest("push/mutable", "v9")


def test_the_token_is_in_no_representation(registry: Registry) -> None:
    assert registry.authorization not in repr(registry)
