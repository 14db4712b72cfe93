"""Image."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from constructs_lib import Image, PrivateRepository, TagImmutability
from tests.support import only, stack_in, template_of

DIGEST = "sha256:" + "a" * 64
HOST = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"
BUSYBOX = "public.ecr.aws/docker/library/busybox"


def role(stack: Any) -> iam.Role:
    """Return a role without permissions."""
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("eu-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("us-gov-west-1", "amazonaws.com"),
        ("us-iso-east-1", "c2s.ic.gov"),
    ],
)
def test_the_uri_is_right_in_every_partition(region: str, suffix: str) -> None:
    api = PrivateRepository(stack_in(region=region), "Api", repository_name="team/api")
    host = f"111111111111.dkr.ecr.{region}.{suffix}"
    assert Image(repository=api, tag="v1").uri == f"{host}/team/api:v1"


def test_an_image_is_deployed_by_its_digest_and_its_tag_is_the_version() -> None:
    api = PrivateRepository(stack_in(), "Api", repository_name="team/api")
    image = Image(repository=api, digest=DIGEST, tag="v1")
    assert (image.uri, image.version) == (f"{HOST}/team/api@{DIGEST}", "v1")
    assert Image(repository=api, tag="v1").version is None


def test_a_named_repository_of_the_cdk_has_a_plain_uri_and_another_a_token() -> None:
    stack = stack_in()
    named = ecr.Repository(stack, "Named", repository_name="team/api")
    assert Image(repository=named, digest=DIGEST).uri == f"{HOST}/team/api@{DIGEST}"
    imported = ecr.Repository.from_repository_name(stack, "Imported", "team/web")
    assert Image(repository=imported, digest=DIGEST).uri == f"{HOST}/team/web@{DIGEST}"
    assert "${Token[" in Image(repository=ecr.Repository(stack, "Plain"), digest=DIGEST).uri


def test_a_tag_digest_or_name_that_is_known_at_deployment_is_accepted() -> None:
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    parameter = cdk.CfnParameter(stack, "Reference").value_as_string
    assert Image(repository=api, digest=parameter).uri == f"{HOST}/team/api@{parameter}"
    assert Image(repository=api, tag=parameter).uri == f"{HOST}/team/api:{parameter}"
    named = ecr.Repository.from_repository_name(stack, "Named", parameter)
    assert parameter in Image(repository=named, digest=DIGEST).uri


def moving(repository: ecr.IRepository | str) -> str:
    """Return the message with which a deployment by a tag is refused."""
    with pytest.raises(ValueError, match="tag") as refusal:
        Image(repository=repository, tag="v1")
    assert Image(repository=repository, tag="v1", tag_may_move=True).uri.endswith(":v1")
    assert Image(repository=repository, tag="v1", digest=DIGEST).uri.endswith(DIGEST)
    return str(refusal.value)


def test_a_tag_that_can_be_moved_is_refused_without_tag_may_move() -> None:
    stack = stack_in()
    mutable = PrivateRepository(
        stack,
        "Mutable",
        repository_name="team/mutable",
        tag_immutability=TagImmutability(mode="MUTABLE"),
    )
    assert moving(mutable) == (
        "Image: tag: the tag 'v1' can be moved in 'team/mutable', so it does not identify one "
        "image. Write the image's digest, or set `tag_may_move` to run the image that the tag "
        "has at each start."
    )
    assert "can be moved" in moving(ecr.Repository(stack, "Plain"))
    assert "can be moved" in moving(BUSYBOX)
    unknown = ecr.Repository.from_repository_name(stack, "Imported", "team/web")
    assert "may be movable, because its rules are unknown here, in 'team/web'" in moving(unknown)
    cached = PrivateRepository.through_cache(
        stack, "Cached", prefix="docker-hub", upstream_repository="library/busybox"
    )
    assert "can be moved in 'docker-hub/library/busybox'" in moving(cached)


def test_of_a_repository_with_exclusions_the_tag_itself_decides() -> None:
    api = PrivateRepository(
        stack_in(),
        "Api",
        repository_name="team/api",
        tag_immutability=TagImmutability(
            mode="IMMUTABLE_WITH_EXCLUSION", exclusion_filters=("dev-*",)
        ),
    )
    assert Image(repository=api, tag="v1").uri.endswith(":v1")
    with pytest.raises(ValueError, match="the tag 'dev-1' can be moved"):
        Image(repository=api, tag="dev-1")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"repository": BUSYBOX, "tag": "latest"},
            "Image: tag: an image cannot be deployed by the tag 'latest', which identifies no "
            "version. Write the image's digest, or a tag that names its version.",
        ),
        (
            {"repository": BUSYBOX, "digest": "sha256:abc"},
            "Image: digest: an image digest must be 'sha256:' and 64 lower-case hexadecimal "
            "digits, got 'sha256:abc'. Copy it from the registry, or run `ecrctl pin`.",
        ),
        (
            {"repository": "docker.io/library/busybox", "digest": DIGEST},
            "Image: repository: a repository that is written as text must be one of ECR Public, "
            "such as 'public.ecr.aws/docker/library/busybox', got 'docker.io/library/busybox'. "
            "Pull other images through a cache, or push them to a private repository.",
        ),
    ],
)
def test_what_is_no_image_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match="Image: ") as refusal:
        Image(**arguments)
    assert str(refusal.value) == sentence


def test_the_principal_that_pulls_may_fill_that_cached_repository_alone() -> None:
    stack = stack_in()
    cached = PrivateRepository.through_cache(
        stack, "Cached", prefix="docker-hub", upstream_repository="library/busybox"
    )
    Image(repository=cached, digest=DIGEST).grant_pull(role(stack))
    statements = only(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    arn = "arn:aws:ecr:eu-west-1:111111111111:repository/docker-hub/library/busybox"
    (pull,) = [item for item in statements if item["Resource"] == arn]
    assert {"ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "ecr:BatchGetImage"} <= set(
        pull["Action"]
    )
    (login,) = [item for item in statements if item["Resource"] == "*"]
    assert login["Action"] == "ecr:GetAuthorizationToken"
    assert len(statements) == 2


def test_an_image_of_ecr_public_requires_no_grant() -> None:
    stack = stack_in()
    assert Image(repository=BUSYBOX, digest=DIGEST).grant_pull(role(stack)) is None
    assert "AWS::IAM::Policy" not in json.dumps(template_of(stack))


def test_a_grant_across_accounts_names_the_statement_that_the_owner_adds() -> None:
    stack = stack_in()
    theirs = PrivateRepository.from_name(
        stack, "Theirs", repository_name="team/api", account="222222222222"
    )
    # The grant goes through the CDK, which makes another error of ours and keeps its sentence.
    with pytest.raises(RuntimeError, match="Ask its owner to add") as refusal:
        Image(repository=theirs, digest=DIGEST).grant_pull(role(stack))
    assert '"Principal": {"AWS": "arn:aws:iam::111111111111:root"}' in str(refusal.value)
    assert "ecr:BatchGetImage" in str(refusal.value)
