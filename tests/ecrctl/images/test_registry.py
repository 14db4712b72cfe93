"""The registry protocol, against the embedded AWS."""

from __future__ import annotations

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.copying.run import push_image
from ecrctl.images.oci import Manifest, parse_manifest
from ecrctl.images.stores.registry import Registry, Repository
from ecrctl.images.stores.store import TagIsImmutable
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


@pytest.fixture
def immutable(registry: Registry) -> Repository:
    """Return the repository whose tags cannot be moved."""
    return registry.repository("push/immutable", writable=True)


@pytest.fixture
def mutable(registry: Registry) -> Repository:
    """Return the repository whose tags can be moved."""
    return registry.repository("push/mutable", writable=True)


def content(repository: Repository, reference: str) -> bytes:
    """Return the bytes of a manifest."""
    found = repository.manifest(reference)
    assert found is not None
    return found.content


def test_the_client_stays_on_loopback_though_aws_names_the_real_registry(
    registry: Registry, aws: Aws
) -> None:
    endpoint = aws.ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"]
    assert "amazonaws.com" in endpoint
    assert registry.http.base_url.startswith("http://localhost:")


def test_what_is_pushed_is_what_is_pulled(immutable: Repository) -> None:
    image = sample_image()
    push_image(immutable, "v1", image)
    assert content(immutable, image.digest) == image.manifest
    assert content(immutable, "v1") == image.manifest


def test_an_immutable_tag_cannot_be_moved_to_other_content(immutable: Repository) -> None:
    push_image(immutable, "v2", sample_image())
    with pytest.raises(TagIsImmutable):
        push_image(immutable, "v2", sample_image("other"))
    assert content(immutable, "v2") == sample_image().manifest


def test_the_same_content_under_an_immutable_tag_is_a_success(immutable: Repository) -> None:
    for _ in range(2):
        push_image(immutable, "v3", sample_image("the same"))


def test_a_mutable_tag_moves(mutable: Repository) -> None:
    push_image(mutable, "v1", sample_image())
    push_image(mutable, "v1", sample_image("other"))
    assert content(mutable, "v1") == sample_image("other").manifest


def test_a_repository_that_does_not_exist_is_named(registry: Registry) -> None:
    target = registry.repository("no/such", writable=True)
    with pytest.raises(UserError, match="Pushing 'no/such:v1' failed: 404 NAME_UNKNOWN") as refusal:
        target.put_manifest(_manifest(), "v1")
    assert "Deploy the repository first" in str(refusal.value)


def test_an_image_that_does_not_exist_is_none(mutable: Repository) -> None:
    assert mutable.manifest("v9") is None
    assert mutable.digests_of(["v9"]) == {}


def test_the_token_is_in_no_representation(registry: Registry) -> None:
    token = registry.http.authorization.basic
    assert token
    assert token not in repr(registry)


def _manifest() -> Manifest:
    return parse_manifest(sample_image().manifest, None, "the sample")
