"""Pins: what is checked before one is written, the file, and the tag of a live image."""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.oci import ACCEPTED_MANIFESTS, digest_of
from ecrctl.pins.pinning import (
    Target,
    check_target,
    live_tag,
    mark_live,
    pinnable_digest,
    write_pin,
)
from tests.ecrctl.aws.stubs import StubClient, stub_aws

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
    aws.ecr.meta.events.register(
        "provide-client-params.ecr.PutImage", lambda params, **_: requests.append(params)
    )
    mark_live(aws, ACCOUNT, repository, digest, "live-dev-1")
    (request,) = requests
    assert (request["imageManifest"], request["imageManifestMediaType"]) == (manifest, media_type)
    (image,) = aws.ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert (image["imageDigest"], image["imageTags"]) == (digest, ["v1", "live-dev-1"])


DIGEST = "sha256:" + "a" * 64
FILES = {
    "dev.yaml": """\
account: "111111111111"
region: us-east-1
repositories: [{name: team/api, pull: {accounts: ["222222222222"]}}]
ecs_tasks: [{name: api, image: api, memory_mib: 64}]
""",
    "prod.yaml": """\
account: "222222222222"
region: us-east-1
ecs_tasks: [{name: api, image: api, memory_mib: 64}]
""",
}
FILE_HEAD = """\
# yaml-language-server: $schema=schema/images.schema.json
# Written by `ecrctl pin`: the digest is what a reviewer approves.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of environments, of which dev declares the repository."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_live_tag_follows_from_the_environment_and_the_digest() -> None:
    assert live_tag("dev", f"sha256:0123456789abcdef{'0' * 48}") == "live-dev-0123456789ab"
    assert live_tag("dev", DIGEST) != live_tag("prod", DIGEST)


def test_the_digest_of_a_tag_is_looked_up_in_the_registry_of_the_account() -> None:
    ecr = StubClient(describe_images=lambda **_: {"imageDetails": [{"imageDigest": DIGEST}]})
    assert pinnable_digest(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, "v1") == DIGEST
    request = {
        "registryId": ACCOUNT,
        "repositoryName": REPOSITORY,
        "imageIds": [{"imageTag": "v1"}],
    }
    assert ecr.requests == [("describe_images", request)]


def test_a_tag_without_details_has_no_image() -> None:
    ecr = StubClient(describe_images=lambda **_: {"imageDetails": []})
    with pytest.raises(UserError) as refusal:
        pinnable_digest(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, "v1")
    assert str(refusal.value) == (
        f"The repository '{REPOSITORY}' has no image with the tag 'v1' in account {ACCOUNT}, "
        "us-east-1. Push the image first."
    )


def denied(**_: Any) -> NoReturn:
    """Deny a call."""
    raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeImages")


def test_a_role_that_only_pushes_can_pin() -> None:
    image = {"imageId": {"imageDigest": DIGEST, "imageTag": "v1"}, "imageManifest": "{}"}
    ecr = StubClient(describe_images=denied, batch_get_image=lambda **_: {"images": [image]})
    assert pinnable_digest(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, "v1") == DIGEST


def test_a_role_that_only_pushes_cannot_pin_what_cannot_be_pulled() -> None:
    ecr = StubClient(describe_images=denied, batch_get_image=lambda **_: {"images": []})
    with pytest.raises(UserError, match="has no image with the tag 'v1'"):
        pinnable_digest(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, "v1")


@pytest.mark.parametrize(
    ("status", "obstacle"),
    [
        ("ARCHIVED", "archived, so no workload can pull it"),
        ("ACTIVATING", "being restored from the archive, so no workload can pull it yet"),
    ],
)
def test_an_image_that_no_workload_can_pull_is_not_pinned(status: str, obstacle: str) -> None:
    detail = {"imageDigest": DIGEST, "imageStatus": status}
    ecr = StubClient(describe_images=lambda **_: {"imageDetails": [detail]})
    with pytest.raises(UserError) as refusal:
        pinnable_digest(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, "v1")
    assert str(refusal.value) == (
        f"The image '{REPOSITORY}:v1' is {obstacle}. Restore it with `aws ecr "
        f"update-image-storage-class --repository-name {REPOSITORY} --image-id "
        f"imageDigest={DIGEST} --target-storage-class STANDARD`, and pin it when its status is "
        "ACTIVE."
    )


class Tagging(StubClient):
    """A repository with one image, whose tag appears when it is put.

    :param before: the digest that the tag has from the beginning.
    :param after: the digest that the tag has after PutImage.
    :param refusal: the code of PutImage's error; empty where PutImage succeeds.
    """

    def __init__(
        self, before: str | None = None, after: str | None = None, *, refusal: str = ""
    ) -> None:
        self.tagged = before

        def describe(**_: Any) -> Any:
            return {"imageDetails": [{"imageDigest": self.tagged}] if self.tagged else []}

        def put(**_: Any) -> Any:
            self.tagged = after
            if refusal:
                raise ClientError({"Error": {"Code": refusal}}, "PutImage")
            return {"image": IMAGE}

        super().__init__(
            describe_images=describe,
            batch_get_image=lambda **_: {"images": [IMAGE]},
            put_image=put,
        )

    @property
    def changes(self) -> list[Any]:
        """The requests that change something."""
        return [request for name, request in self.requests if name == "put_image"]


IMAGE = {"imageManifest": "{}", "imageManifestMediaType": OCI_INDEX}
OTHER = f"sha256:{'c' * 64}"
TAG = "live-dev-1"


def test_an_image_is_tagged_in_the_registry_of_the_account() -> None:
    ecr = Tagging(after=DIGEST)
    mark_live(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, DIGEST, TAG)
    owner = {"registryId": ACCOUNT, "repositoryName": REPOSITORY}
    read = {"imageIds": [{"imageDigest": DIGEST}], "acceptedMediaTypes": list(ACCEPTED_MANIFESTS)}
    assert ("batch_get_image", owner | read) in ecr.requests
    assert ecr.changes == [owner | IMAGE | {"imageTag": TAG, "imageDigest": DIGEST}]
    # The tag is read back after the change.
    assert ecr.requests[-1][0] == "describe_images"


def test_an_image_that_has_its_tag_is_left_alone() -> None:
    ecr = Tagging(before=DIGEST)
    mark_live(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, DIGEST, TAG)
    assert ecr.changes == []


@pytest.mark.parametrize("code", ["ImageAlreadyExistsException", "ImageTagAlreadyExistsException"])
def test_a_tag_that_another_pin_has_just_added_is_a_success(code: str) -> None:
    ecr = Tagging(after=DIGEST, refusal=code)
    mark_live(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, DIGEST, TAG)
    assert len(ecr.changes) == 1


@pytest.mark.parametrize("ecr", [Tagging(before=OTHER), Tagging(after=OTHER)])
def test_a_tag_of_another_image_is_not_moved(ecr: Tagging) -> None:
    with pytest.raises(UserError) as refusal:
        mark_live(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, DIGEST, TAG)
    assert str(refusal.value) == (
        f"The tag {TAG} of the repository '{REPOSITORY}' belongs to another image, {OTHER}, and "
        f"must belong to {DIGEST}. Delete the tag, and pin the image again."
    )


def test_a_success_without_a_tag_is_no_success() -> None:
    with pytest.raises(UserError) as refusal:
        mark_live(stub_aws(ecr=Tagging()), ACCOUNT, REPOSITORY, DIGEST, TAG)
    assert str(refusal.value) == (
        f"The repository '{REPOSITORY}' has no tag {TAG} after PutImage succeeded, so nothing "
        "protects the image. Pin it again."
    )


def test_an_image_that_does_not_exist_cannot_be_tagged() -> None:
    ecr = StubClient(
        describe_images=lambda **_: {"imageDetails": []},
        batch_get_image=lambda **_: {"images": []},
    )
    with pytest.raises(UserError) as refusal:
        mark_live(stub_aws(ecr=ecr), ACCOUNT, REPOSITORY, DIGEST, TAG)
    assert (
        str(refusal.value) == f"The repository '{REPOSITORY}' has no image {DIGEST}. Push it first."
    )


@pytest.mark.parametrize("mutability", ["MUTABLE", "IMMUTABLE"])
def test_images_pinned_at_the_same_time_keep_their_own_tags(aws: Aws, mutability: str) -> None:
    name = f"pinning/{mutability.lower()}"
    aws.ecr.create_repository(repositoryName=name, imageTagMutability=mutability)  # type: ignore[arg-type]
    manifests = [json.dumps({"schemaVersion": 2, "config": number}) for number in range(3)]
    digests = [digest_of(manifest.encode()) for manifest in manifests]
    for manifest in manifests:
        aws.ecr.put_image(
            repositoryName=name, imageManifest=manifest, imageManifestMediaType=OCI_MANIFEST
        )

    def pin(digest: str) -> None:
        mark_live(aws, ACCOUNT, name, digest, live_tag("dev", digest))

    try:
        with ThreadPoolExecutor(9) as pool:
            list(pool.map(pin, digests * 6))
        details = aws.ecr.describe_images(repositoryName=name)["imageDetails"]
    finally:
        aws.ecr.delete_repository(repositoryName=name, force=True)
    assert {detail["imageDigest"]: detail["imageTags"] for detail in details} == {
        digest: [live_tag("dev", digest)] for digest in digests
    }


def test_a_target_belongs_to_the_environment_that_declares_the_repository(folder: Path) -> None:
    own, other = Target(folder, "dev", "api"), Target(folder, "prod", "api", registry="dev")
    assert check_target(own, repository="team/api", tag="v1").name == "dev"
    assert check_target(other, repository="team/api", tag="v1").name == "dev"


def test_every_fault_of_a_target_is_named_at_once(folder: Path) -> None:
    with pytest.raises(UserError) as refusal:
        check_target(
            Target(folder, "prod", "apy", registry="dev"), repository="team/apy", tag="latest"
        )
    assert refusal.value.exit_code is ExitCode.FAULT
    assert str(refusal.value) == (
        "the image cannot be pinned: 3 faults:\n  - --tag: an image cannot be deployed by the "
        "tag 'latest', which identifies no version. Write the image's digest, or a tag that "
        "names its version.\n  - no workload of 'prod' runs an image named 'apy'; did you mean "
        "'api'? Known: api.\n  - the environment 'dev' declares no repository 'team/apy'; did "
        "you mean 'team/api'? Known: team/api."
    )


@pytest.mark.parametrize("pins", ["none", "a file", "a link"])
def test_a_pin_that_cannot_be_written_is_named_before_the_image_is_tagged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, pins: str
) -> None:
    path, where = folder / "dev.images.yaml", folder
    if pins == "a file":
        path.touch()
    if pins == "a link":
        where = folder / "elsewhere"
        path.symlink_to(where / "pins.yaml")
    asked: list[Path] = []

    def refuse(*, dir: Path) -> NoReturn:  # noqa: A002 - the function's own name
        asked.append(dir)
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(UserError) as refusal:
        check_target(Target(folder, "dev", "api"), repository="team/api", tag="v1")
    assert str(refusal.value) == f"{path} cannot be written: Read-only file system."
    assert asked == [where]


def test_a_check_of_the_folder_leaves_no_file(folder: Path) -> None:
    before = sorted(folder.iterdir())
    check_target(Target(folder, "dev", "api"), repository="team/api", tag="v1")
    assert sorted(folder.iterdir()) == before


def test_a_file_of_pins_that_is_read_only_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "dev.images.yaml"
    path.touch()
    original = Path.open

    def refuse(file: Path, mode: str = "r", **options: Any) -> Any:
        if (file, mode) == (path, "r+b"):
            raise OSError(errno.EACCES, "Permission denied")
        return original(file, mode, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError) as refusal:
        check_target(Target(folder, "dev", "api"), repository="team/api", tag="v1")
    assert str(refusal.value) == f"{path} cannot be written: Permission denied."


def test_another_environment_may_declare_the_repository(folder: Path) -> None:
    with pytest.raises(UserError) as refusal:
        check_target(Target(folder, "dev", "api"), repository="site", tag="v1")
    assert str(refusal.value) == (
        "the image cannot be pinned: the environment 'dev' declares no repository 'site'. "
        "Known: team/api. If another environment declares it, add --registry ENV."
    )


def test_a_pin_is_added_to_the_others_in_the_order_of_their_names(folder: Path) -> None:
    path = write_pin(
        Target(folder, "dev", "web"), repository="team/web", tag="v\u0131", digest=DIGEST
    )
    assert path == folder / "dev.images.yaml"
    target = Target(folder, "dev", "api", registry="prod")
    write_pin(target, repository="team/api", tag="v1", digest=DIGEST)
    # The environment's own registry is not stated.
    write_pin(
        Target(folder, "dev", "cli", registry="dev"), repository="cli", tag="v2", digest=DIGEST
    )
    assert path.read_text(encoding="utf-8") == (
        f"{FILE_HEAD}"
        f"api:\n  registry: prod\n  repository: team/api\n  tag: v1\n  digest: {DIGEST}\n"
        f"cli:\n  repository: cli\n  tag: v2\n  digest: {DIGEST}\n"
        f"web:\n  repository: team/web\n  tag: v\u0131\n  digest: {DIGEST}\n"
    )


def test_a_pin_is_written_into_an_empty_file(folder: Path) -> None:
    (folder / "dev.images.yaml").write_text("# none yet\n")
    path = write_pin(Target(folder, "dev", "api"), repository="a", tag="v1", digest=DIGEST)
    assert path.read_text() == (
        f"# none yet\napi:\n  repository: a\n  tag: v1\n  digest: {DIGEST}\n"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- api\n", "a mapping is expected here."),
        ("api: {}\napi: {}\n", "the file is not valid YAML: "),
    ],
)
def test_a_file_of_pins_with_a_fault_is_not_written_over(
    folder: Path, text: str, fault: str
) -> None:
    (folder / "dev.images.yaml").write_text(text)
    target = Target(folder, "dev", "api")
    with pytest.raises(UserError) as checked:
        check_target(target, repository="team/api", tag="v1")
    with pytest.raises(UserError) as refusal:
        write_pin(target, repository="team/api", tag="v1", digest=DIGEST)
    assert str(refusal.value) == str(checked.value)
    assert str(refusal.value).startswith(f"dev.images.yaml: {fault}")
    assert refusal.value.exit_code is ExitCode.FAULT
    assert (folder / "dev.images.yaml").read_text() == text
