"""``ecrctl promote`` with Debian's registry and token authentication behind ECR's quirks."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ecrctl.errors import ExitCode
from ecrctl.pins.pinning import live_tag
from tests.ecrctl.images.conftest import connection
from tests.ecrctl.images.samples import Bundle
from tests.ecrctl.images.servers.debian import TokenServer

from .conftest import BUILD, WORKLOAD, Pair


@pytest.fixture
def aliased(pair: Pair, debian: int, tokens: TokenServer) -> Pair:
    """Return environments whose repositories, of two names, are in Debian's registry."""
    pair.quirks.registry, pair.quirks.aws = debian, pair.emulator.port
    # The embedded AWS does not have the images: only the registry itself can be asked.
    pair.quirks.allowed = {"GetAuthorizationToken"}
    answer = pair.aws(("111111111111", "us-east-1")).ecr.get_authorization_token()
    tokens.accepted.add(answer["authorizationData"][0]["authorizationToken"])
    pair.write(prod=WORKLOAD + BUILD.format(f"prod/{pair.name}"), name=f"prod/{pair.name}")
    return pair


def test_an_image_is_promoted_with_tokens_and_a_second_run_sends_nothing(
    aliased: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = aliased.push(bundle, image)
    aliased.quirks.cut_after = 100_000
    end = aliased.promote(f"{aliased.name}:v1")
    assert (end.code, aliased.pins) == (ExitCode.TOOL_ERROR, ""), end.out
    aliased.quirks.cut_after = None
    end = aliased.promote(f"{aliased.name}:v1")
    other = f"prod/{aliased.name}"
    assert (end.code, end.last) == (ExitCode.SUCCESS, f"{other}@{digest}"), end.err
    assert " 4 already there" in end.out
    pin = {"repository": other, "tag": "v1", "digest": digest}
    assert yaml.safe_load(aliased.pins) == {"api": pin}
    found = connection(f"http://127.0.0.1:{aliased.quirks.registry}").repository(other)
    live = live_tag("prod", digest)
    assert found.digests_of(["v1", live]) == {"v1": digest, live: digest}
    assert len(found.referrers(digest).found) == 1
    aliased.quirks.requests.clear()
    assert aliased.promote(f"{aliased.name}:v1").code == ExitCode.SUCCESS
    assert aliased.quirks.count("PUT") == 0
    assert not [one for one in aliased.quirks.requests if "/blobs/" in one]
