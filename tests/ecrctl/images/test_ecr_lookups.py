"""The look-up of many images by ECR's own API, with the embedded AWS behind a counting proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.images.copying.run import push_image
from ecrctl.images.stores.ecr import EcrRepository
from ecrctl.local.emulator import Emulator
from ecrctl.local.sample_image import sample_image

from .servers.quirks import Quirks

NAME = "many/api"
DIGESTS = {f"v{number}": sample_image(str(number)).digest for number in range(6)}


@pytest.fixture
def quirks(emulator: Emulator) -> Iterator[Quirks]:
    """Run the counting proxy before the embedded AWS, with six images behind it."""
    ecr = emulator.clients().ecr
    ecr.create_repository(repositoryName=NAME, imageTagMutability="IMMUTABLE")
    with Quirks(emulator.port).running() as proxy:
        target = EcrRepository.of_account(clients(emulator, proxy), emulator.account, NAME)
        for number in range(6):
            push_image(target, f"v{number}", sample_image(str(number)))
        proxy.requests.clear()
        yield proxy
    ecr.delete_repository(repositoryName=NAME, force=True)


@pytest.fixture
def repository(emulator: Emulator, quirks: Quirks) -> EcrRepository:
    """Return the repository, seen through the proxy."""
    return EcrRepository.of_account(clients(emulator, quirks), emulator.account, NAME)


def clients(emulator: Emulator, proxy: Quirks) -> Aws:
    """Return clients that reach the embedded AWS through the proxy."""
    return Aws(emulator.clients().session, emulator.region, proxy.url)


def test_many_images_are_looked_up_by_one_call(repository: EcrRepository, quirks: Quirks) -> None:
    quirks.requests.clear()
    absent = "sha256:" + "0" * 64
    found = repository.digests_of([*DIGESTS, *DIGESTS.values(), "none", absent])
    assert found == DIGESTS | {one: one for one in DIGESTS.values()}
    assert (quirks.count("POST"), quirks.count("HEAD")) == (1, 0)


def test_two_tags_of_one_image_are_both_found(repository: EcrRepository) -> None:
    image = sample_image("3")
    push_image(repository, "again", image)
    found = repository.digests_of([*DIGESTS, "again"])
    assert found == DIGESTS | {"again": image.digest}


def test_more_than_a_hundred_are_several_calls(repository: EcrRepository, quirks: Quirks) -> None:
    quirks.requests.clear()
    found = repository.digests_of([f"none-{number}" for number in range(250)] + ["v1"])
    assert found == {"v1": DIGESTS["v1"]}
    assert (quirks.count("POST"), quirks.count("HEAD")) == (3, 0)


def test_without_the_permission_each_image_is_looked_up_alone(
    repository: EcrRepository, quirks: Quirks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository.aws.ecr, "batch_get_image", refused("AccessDeniedException"))
    quirks.requests.clear()
    assert repository.digests_of([*DIGESTS, "none"]) == DIGESTS
    assert quirks.count("HEAD") == 7


def test_another_refusal_is_one_sentence(
    repository: EcrRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository.aws.ecr, "batch_get_image", refused("ServerException"))
    with pytest.raises(UserError, match=f"^Looking up the images of '{NAME}' failed at "):
        repository.digests_of(DIGESTS)


def refused(code: str) -> Any:
    """Return a call of AWS that is refused."""

    def call(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "BatchGetImage")

    return call
