"""How images are named."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.rules.ecr import images
from constructs_lib.rules.ecr.tag_immutability import TagImmutability

NAMES = st.from_regex(
    re.compile(
        r"(?:[a-z0-9]{1,4}(?:[._-][a-z0-9]{1,4}){0,2}/){0,2}[a-z0-9]{2,4}(?:[._-][a-z0-9]{1,3})?"
    ),
    fullmatch=True,
)


@pytest.mark.parametrize("name", ["ab", "team/api", "a.b_c-d/e1", "a" * 256])
def test_names_that_ecr_takes_have_no_fault(name: str) -> None:
    assert images.repository_name_faults(name) == []


@pytest.mark.parametrize("name", ["Team/api", "team//api", "api-", "-api", "a--b", "t\u00e9am"])
def test_names_that_ecr_refuses_have_one_fault(name: str) -> None:
    (fault,) = images.repository_name_faults(name)
    assert str(fault) == (
        "a repository's name must consist of lower-case letters and digits, joined by single "
        f"'/', '-', '_' or '.', got '{name}'. Write it like 'team/api'."
    )


@pytest.mark.parametrize("name", ["", "a", "a" * 257])
def test_names_of_a_length_that_ecr_refuses_are_refused_with_it(name: str) -> None:
    (fault,) = images.repository_name_faults(name)
    assert str(fault) == (
        f"a repository's name must have 2 to 256 characters, got {len(name)} ('{name[:40]}'). "
        "Choose another name."
    )


def test_deploying_latest_is_refused() -> None:
    (fault,) = images.reference_faults(tag="latest", digest=None)
    assert str(fault) == (
        "tag: an image cannot be deployed by the tag 'latest', which identifies no version. "
        "Write the image's digest, or a tag that names its version."
    )


@pytest.mark.parametrize(
    "digest", ["sha256:abc", "a" * 64, "sha512:" + "a" * 64, "sha256:" + "A" * 64]
)
def test_a_digest_of_the_wrong_form_is_refused(digest: str) -> None:
    (fault,) = images.reference_faults(tag=None, digest=digest)
    assert str(fault) == (
        "digest: an image digest must be 'sha256:' and 64 lower-case hexadecimal digits, "
        f"got '{digest[:80]}'. Copy it from the registry, or run `ecrctl pin`."
    )


def test_an_image_without_tag_and_digest_is_refused() -> None:
    (fault,) = images.reference_faults(tag=None, digest=None)
    assert str(fault) == "an image requires a digest or a tag, got neither. Write its digest."


@pytest.mark.parametrize("tag", ["-v1", ".v1", "v 1", "", "v" * 129])
def test_a_tag_of_the_wrong_form_is_refused(tag: str) -> None:
    (fault,) = images.tag_faults(tag)
    assert str(fault) == (
        "an image tag must have 1 to 128 letters, digits, '_', '.' and '-', "
        f"and cannot begin with '.' or '-', got '{tag[:140]}'. Choose another tag."
    )


def test_text_that_names_no_public_repository_is_refused() -> None:
    (fault,) = images.public_repository_faults("docker.io/library/busybox")
    assert str(fault) == (
        "repository: a repository that is written as text must be one of ECR Public, such as "
        "'public.ecr.aws/docker/library/busybox', got 'docker.io/library/busybox'. Pull other "
        "images through a cache, or push them to a private repository."
    )


@pytest.mark.parametrize(
    "repository",
    [
        "public.ecr.aws/docker/library/busybox",
        "public.ecr.aws/a1b2c3/api",
        "public.ecr.aws/team-x/a__b/c--d",
    ],
)
def test_a_repository_of_ecr_public_is_taken(repository: str) -> None:
    assert images.public_repository_faults(repository) == []


@pytest.mark.parametrize("repository", ["public.ecr.aws/api", "public.ecr.aws/team/API", "public"])
def test_a_repository_of_ecr_public_has_an_alias_and_a_name(repository: str) -> None:
    faults = images.public_repository_faults(repository)
    assert [fault.path for fault in faults] == ["repository"]


@pytest.mark.parametrize(
    ("tag", "immutability", "paths"),
    [
        ("v1", TagImmutability(), []),
        ("v1", TagImmutability(mode="MUTABLE"), ["tag"]),
        ("v1", None, ["tag"]),
        ("v1", TagImmutability.immutable_except_signatures(), []),
        ("sha256-1.sig", TagImmutability.immutable_except_signatures(), ["tag"]),
    ],
)
def test_a_tag_that_may_move_is_refused(
    tag: str, immutability: TagImmutability | None, paths: list[str]
) -> None:
    faults = images.moving_tag_faults(tag, "team/api", immutability)
    assert [fault.path for fault in faults] == paths


def test_every_fault_of_a_reference_names_its_field() -> None:
    faults = images.reference_faults(tag="-", digest="sha256:1")
    assert [fault.path for fault in faults] == ["tag", "digest"]
    assert not list(images.reference_faults(tag="v1", digest="sha256:" + "a" * 64))
    assert not list(images.reference_faults(tag="v" * 128, digest=None))


@pytest.mark.parametrize(
    ("region", "uri"),
    [
        ("us-west-2", "123456789012.dkr.ecr.us-west-2.amazonaws.com/a/b"),
        ("cn-north-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b"),
        ("us-gov-west-1", "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/a/b"),
        ("us-isob-east-1", "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/a/b"),
        ("eusc-de-east-1", "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu/a/b"),
    ],
)
def test_a_uri_is_right_in_every_partition(region: str, uri: str) -> None:
    assert images.repository_uri("123456789012", region, "a/b") == uri


def test_an_arn_names_its_partition() -> None:
    arn = images.repository_arn("123456789012", "cn-north-1", "a/b")
    assert arn == "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a/b"


def test_a_digest_wins_over_a_tag() -> None:
    assert images.reference_suffix(tag="v1", digest="sha256:1") == "@sha256:1"
    assert images.reference_suffix(tag="v1", digest=None) == ":v1"


@given(NAMES, NAMES)
def test_different_names_have_different_logical_ids(one: str, other: str) -> None:
    ids = {images.repository_logical_id(one), images.repository_logical_id(other)}
    assert len(ids) == len({one, other})
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,255}", logical_id) for logical_id in ids)


def test_the_longest_names_still_have_logical_ids_of_their_own() -> None:
    names = ["a/" * 127 + "ab", "a/" * 127 + "ac", "a" * 250]
    ids = {images.repository_logical_id(name) for name in names}
    assert len(ids) == len(names)
    assert max(map(len, ids)) <= 255


def test_a_logical_id_is_the_name_as_far_as_it_fits() -> None:
    assert images.repository_logical_id("a/b-c.d_e") == "RepositoryaSlashbDashcDotdUnderscoree"
    assert images.repository_logical_id("a" * 245) == "Repository" + "a" * 245
    shortened = images.repository_logical_id("a" * 246)
    assert shortened.startswith("Repository" + "a" * 180 + "H")
    assert len(shortened) == 255
