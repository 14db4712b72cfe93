"""The newest image of a repository."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ecrctl.aws.newest_images import TaggedImage, describing_tag, newest_image
from ecrctl.errors import UserError

from .stubs import StubClient, stub_aws

SIGNATURE = f"sha256-{'a' * 64}"


def detail(digest: str, day: int, *tags: str) -> dict[str, Any]:
    """Return an image as ECR describes it."""
    pushed = datetime(2026, 11, day, tzinfo=UTC)
    named = {"imageTags": list(tags)} if tags else {}
    return {"imageDigest": digest, "imagePushedAt": pushed, **named}


def newest(*details: dict[str, Any]) -> TaggedImage:
    """Return the newest of some images, which are on pages of their own."""
    pages = [{"imageDetails": [one]} for one in details] or [{"imageDetails": []}]
    return newest_image(stub_aws(ecr=StubClient(describe_images=lambda **_: pages)), "1", "team/a")


def test_the_image_that_was_pushed_last_is_the_newest() -> None:
    assert newest(detail("b", 2, "v2"), detail("c", 3, "v1"), detail("a", 1, "v3")) == (
        TaggedImage("c", "v1")
    )


def test_of_images_of_the_same_second_an_index_is_the_newest() -> None:
    index = {"imageManifestMediaType": "application/vnd.oci.image.index.v1+json"}
    found = newest(detail("a", 1, "v1") | index, detail("b", 1, "v1-arm64"))
    assert found == TaggedImage("a", "v1")


def test_images_without_a_tag_and_signatures_do_not_count() -> None:
    found = newest(detail("a", 1, "v1"), detail("b", 2), detail("c", 3, f"{SIGNATURE}.sig"))
    assert found == TaggedImage("a", "v1")


def test_a_repository_without_a_tagged_image_is_refused() -> None:
    with pytest.raises(UserError, match="The repository 'team/a' has no tagged image"):
        newest(detail("b", 2))


@pytest.mark.parametrize(
    ("tags", "tag"),
    [
        (["latest", "1.2", "1.2.3", "live-dev-0123456789ab"], "1.2.3"),
        (["live-dev-0123456789ab", "latest"], "latest"),
        (["live-dev-0123456789ab"], "live-dev-0123456789ab"),
        (["a", "b"], "b"),
        ([SIGNATURE, f"{SIGNATURE}.att", "v1"], "v1"),
        ([SIGNATURE, f"{SIGNATURE}.sig"], ""),
        ([], ""),
    ],
)
def test_the_tag_that_describes_best_is_a_version(tags: list[str], tag: str) -> None:
    assert describing_tag(tags) == tag
    assert describing_tag(reversed(tags)) == tag
