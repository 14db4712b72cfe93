"""``ecrctl promote`` between two accounts and two regions of the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import yaml

from ecrctl.errors import ExitCode
from ecrctl.images.oci import Manifest, fallback_tag, parse_manifest, signature_tags
from ecrctl.images.promotion.records import promotion_records
from ecrctl.pins.pinning import live_tag
from tests.ecrctl.images.samples import Bundle, layer

from .conftest import BUILD, SOURCE, TARGET, WORKLOAD, Pair

EXCEPT_FALLBACK_TAGS = (
    'tag_immutability: {mode: IMMUTABLE_WITH_EXCLUSION, exclusion_filters: ["sha256-*"]}'
)


def sign(pair: Pair, bundle: Bundle, image: dict[str, Any]) -> dict[str, str]:
    """Sign an image of ``dev`` in both forms; return the digests by the tags that list them."""
    repository = pair.repository(SOURCE)
    native, older = bundle.signature(image), bundle.image(b"older", note="signature")
    index = bundle.index(native)
    written = {signature_tags(image["digest"])[0]: older, fallback_tag(image["digest"]): index}
    for one in (native, older):
        for blob in manifest_of(bundle, one).blobs:
            repository.put_blob(blob, partial(opened, bundle.contents[blob.digest]))
    repository.put_manifest(manifest_of(bundle, native))
    for tag, one in written.items():
        repository.put_manifest(manifest_of(bundle, one), tag)
    return {"native": native["digest"], "older": older["digest"]}


@contextmanager
def opened(content: bytes) -> Iterator[Iterator[bytes]]:
    """Open some content as a blob."""
    yield iter([content])


def manifest_of(bundle: Bundle, one: dict[str, Any]) -> Manifest:
    """Return a manifest of a bundle."""
    return parse_manifest(bundle.contents[one["digest"]], one["mediaType"], "a test's image")


def test_the_very_image_is_there_tagged_pinned_and_recorded(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    end = pair.promote(f"{pair.name}:v1")
    assert (end.code, end.last) == (ExitCode.SUCCESS, f"{pair.name}@{digest}"), end.err
    target = pair.repository(TARGET)
    live = live_tag("prod", digest)
    assert target.digests_of(["v1", live]) == {"v1": digest, live: digest}
    pin = {"repository": pair.name, "tag": "v1", "digest": digest}
    assert yaml.safe_load(pair.pins) == {"api": pin}
    [record] = promotion_records(target, digest)
    assert record.source == f"{SOURCE[0]}.dkr.ecr.{SOURCE[1]}.amazonaws.com/{pair.name}"
    assert record.destination == f"{TARGET[0]}.dkr.ecr.{TARGET[1]}.amazonaws.com/{pair.name}"
    assert TARGET[0] in record.promoted_by
    for one in ("v1", *(child.digest for child in manifest_of(bundle, image).children)):
        manifest = target.manifest(one)
        assert manifest
        assert manifest.content == bundle.contents[manifest.digest]


def test_a_second_run_adds_nothing_and_asks_for_no_blob(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    pair.promote(f"{pair.name}:v1")
    pair.quirks.requests.clear()
    end = pair.promote(f"{pair.name}:v1")
    assert end.code == ExitCode.SUCCESS
    assert "everything was already there" in end.out
    assert pair.quirks.count("PUT") == 0
    assert not [one for one in pair.quirks.requests if "/blobs/" in one]
    assert len(promotion_records(pair.repository(TARGET), digest)) == 1


def test_both_forms_of_signatures_are_promoted(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    pair.write(setting=EXCEPT_FALLBACK_TAGS)
    digest = pair.push(bundle, image)
    signatures = sign(pair, bundle, image)
    assert pair.promote(f"{pair.name}:v1").code == ExitCode.SUCCESS
    target = pair.repository(TARGET)
    older = signature_tags(digest)[0]
    assert target.digests_of([older]) == {older: signatures["older"]}
    referrers = [one.digest for one in target.referrers(digest).found]
    assert signatures["native"] in referrers
    assert len(referrers) == 2  # with the record
    assert target.manifest(signatures["native"])


def test_without_referrers_the_image_comes_alone(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    sign(pair, bundle, image)
    assert pair.promote(f"{pair.name}:v1", "--without-referrers").code == ExitCode.SUCCESS
    target = pair.repository(TARGET)
    assert not target.referrers(digest).found
    assert not target.digests_of(signature_tags(digest))
    assert digest in pair.pins


def test_signatures_that_an_immutable_tag_would_list_are_refused_before_anything_is_sent(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    sign(pair, bundle, image)
    pair.quirks.requests.clear()
    end = pair.promote(f"{pair.name}:v1")
    assert end.code == ExitCode.TOOL_ERROR
    assert f"the tag {fallback_tag(digest)}, which would list" in end.sentence
    assert pair.quirks.count("PUT") == pair.quirks.count("POST", "/v2/") == 0
    assert pair.repository(TARGET).digests_of(["v1"]) == {}


def test_an_immutable_fallback_tag_is_one_sentence_before_anything_is_sent(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    other = bundle.index(bundle.image(b"another", note="referrer"))
    target = pair.repository(TARGET)
    target.put_manifest(manifest_of(bundle, other), fallback_tag(digest))
    pair.quirks.requests.clear()
    end = pair.promote(f"{pair.name}:v1")
    assert (end.code, end.sentence) == (
        ExitCode.TOOL_ERROR,
        f"The registry of '{pair.name}' lacks the referrers API, and the tag "
        f"{fallback_tag(digest)}, which would list the image's signatures in its place, is "
        "immutable. "
        'Exclude "sha256-*" from the tag immutability of the repository, or copy the image with '
        "--without-referrers.",
    )
    assert pair.quirks.count("PUT") == pair.quirks.count("POST", "/v2/") == 0
    assert pair.pins == ""
    assert pair.promote(f"{pair.name}:v1", "--without-referrers").code == ExitCode.SUCCESS
    assert target.digests_of(["v1"]) == {"v1": digest}


def test_a_plan_moves_nothing(pair: Pair, bundle: Bundle, image: dict[str, Any]) -> None:
    pair.push(bundle, image)
    pair.quirks.requests.clear()
    end = pair.promote(f"{pair.name}:v1", "--plan")
    assert end.code == ExitCode.SUCCESS
    assert end.last == "Plan: 1 to promote, 0 already there. Nothing was moved."
    assert pair.quirks.count("PUT") == pair.quirks.count("POST", "/v2/") == 0
    assert pair.pins == ""


def test_a_cut_run_leaves_no_tag_and_the_next_one_sends_the_rest(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    pair.quirks.cut_after = 100_000
    end = pair.promote(f"{pair.name}:v1")
    assert end.code == ExitCode.TOOL_ERROR
    assert len(end.sentence.splitlines()) == 1
    target = pair.repository(TARGET)
    assert not target.digests_of(["v1", live_tag("prod", digest)])
    assert pair.pins == ""
    pair.quirks.cut_after = None
    end = pair.promote(f"{pair.name}:v1")
    assert end.code == ExitCode.SUCCESS
    assert " 4 already there" in end.out
    assert target.digests_of(["v1"]) == {"v1": digest}


def test_a_pin_of_the_source_names_its_digest(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    pair.write(dev=WORKLOAD)
    pinned = f"api: {{repository: {pair.name}, tag: v1, digest: {digest}}}\n"
    (pair.program.folder / "dev.images.yaml").write_text(pinned)
    assert pair.promote("api").last == f"{pair.name}@{digest}"
    assert digest in pair.pins


def test_a_digest_is_promoted_without_a_tag_of_its_own(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    assert pair.promote(f"{pair.name}@{digest}").code == ExitCode.SUCCESS
    live = live_tag("prod", digest)
    assert pair.repository(TARGET).digests_of(["v1", live]) == {live: digest}
    assert yaml.safe_load(pair.pins) == {"api": {"repository": pair.name, "digest": digest}}


def test_a_repository_of_another_name_is_found_by_the_names_of_images(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    other = f"prod/{pair.name}"
    pair.create(TARGET, other)
    digest = pair.push(bundle, image)
    pair.write(prod=WORKLOAD + BUILD.format(other), name=other)
    end = pair.promote(f"{pair.name}:v1")
    pair.aws(TARGET).ecr.delete_repository(repositoryName=other, force=True)
    assert end.last == f"{other}@{digest}", end.err
    assert yaml.safe_load(pair.pins)["api"]["repository"] == other


def test_a_repository_that_the_target_lacks_is_one_sentence(pair: Pair) -> None:
    pair.write(name="team/other")
    end = pair.promote(f"{pair.name}:v1")
    assert end.code == ExitCode.FAULT
    assert end.sentence.startswith(f"The environment 'prod' declares no repository '{pair.name}'")


def test_a_repository_is_no_image(pair: Pair) -> None:
    end = pair.promote(pair.name)
    assert (end.code, end.sentence) == (
        ExitCode.FAULT,
        f"'{pair.name}' is a repository. Name one of its images, with {pair.name}:TAG or "
        f"{pair.name}@DIGEST, or add --all for every image.",
    )


def test_an_unknown_pin_is_one_sentence(pair: Pair) -> None:
    end = pair.promote("apy")
    assert (end.code, end.sentence) == (
        ExitCode.FAULT,
        "The environment 'dev' has no pin 'apy'. Known: none. Name a pin, REPOSITORY:TAG or "
        "REPOSITORY@DIGEST.",
    )


def test_another_image_under_an_immutable_tag_is_refused(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    first = pair.push(bundle, image)
    pair.promote(f"{pair.name}:v1")
    repository = pair.aws(SOURCE).ecr
    repository.delete_repository(repositoryName=pair.name, force=True)
    pair.create(SOURCE, pair.name)
    second = pair.push(bundle, bundle.image(layer(7)))
    pins = pair.pins
    pair.quirks.requests.clear()
    end = pair.promote(f"{pair.name}:v1")
    assert end.code == ExitCode.TOOL_ERROR
    assert first in end.sentence
    assert second in end.sentence
    assert pair.quirks.count("PUT") == 0
    assert pair.pins == pins


def test_credentials_of_another_account_are_one_sentence(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    pair.push(bundle, image)
    pair.aws(TARGET).ecr.delete_repository(repositoryName=pair.name, force=True)
    end = pair.promote(f"{pair.name}:v1")
    pair.create(TARGET, pair.name)
    assert end.code == ExitCode.TOOL_ERROR
    assert pair.name in end.sentence
    assert pair.pins == ""


def test_json_names_both_ends(pair: Pair, bundle: Bundle, image: dict[str, Any]) -> None:
    digest = pair.push(bundle, image)
    [found] = json.loads(pair.promote(f"{pair.name}:v1", "--format", "json").out)
    assert (found["digest"], found["tag"], found["pins"], found["recorded"]) == (
        digest,
        "v1",
        ["api"],
        True,
    )
    assert found["copied"]["sent"]["blobs"] == 5
    assert found["copied"]["planned"] is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), 2), (("--all", "unknown"), 1), (("a:b", "--tags", "v*"), 2), (("unknown",), 1)],
)
def test_a_wrong_command_line_is_one_sentence(
    pair: Pair, arguments: tuple[str, ...], code: int
) -> None:
    end = pair.promote(*arguments)
    assert (end.code, len(end.err.splitlines())) == (code, 1)


def test_all_tagged_images_are_promoted_once(pair: Pair, bundle: Bundle) -> None:
    tags = [f"v1.{number}" for number in range(3)] + ["old"]
    digests = {
        tag: pair.push(bundle, bundle.image(layer(number)), tag)
        for number, tag in enumerate(tags, 20)
    }
    end = pair.promote("--all", "--tags", "v1.*")
    assert end.code == ExitCode.SUCCESS, end.err
    assert "3 promoted, 0 already there." in end.out
    target = pair.repository(TARGET)
    del digests["old"]
    assert target.digests_of(tags) == digests
    assert pair.pins == ""
    pair.quirks.requests.clear()
    end = pair.promote("--all", "--tags", "v1.*", pair.name)
    assert end.last == "0 promoted, 3 already there."
    assert not [one for one in pair.quirks.requests if "/v2/" in one]
    signed = bundle.image(layer(20))
    sign(pair, bundle, signed)
    end = pair.promote("--all", "--tags", "v1.*")
    assert end.code == ExitCode.TOOL_ERROR  # the fallback tag has the record, and is immutable
    assert "--without-referrers" in end.sentence


def test_an_image_that_no_workload_runs_is_not_pinned(
    pair: Pair, bundle: Bundle, image: dict[str, Any]
) -> None:
    digest = pair.push(bundle, image)
    pair.write(dev="")
    end = pair.promote(f"{pair.name}:v1")
    assert end.code == ExitCode.SUCCESS
    assert f"prod: no workload is known to run {pair.name}, so it is not pinned." in end.out
    assert pair.pins == ""
    assert pair.repository(TARGET).digests_of([live_tag("prod", digest)])


def test_an_image_with_two_tags_has_one_record(pair: Pair, bundle: Bundle) -> None:
    image = bundle.image(layer(40))
    digest = pair.push(bundle, image, "v1")
    pair.push(bundle, image, "stable")
    pair.quirks.requests.clear()
    end = pair.promote("--all")
    assert end.code == ExitCode.SUCCESS, end.err
    # Two tags, the record, and the list of referrers.
    assert pair.quirks.count("PUT", "/manifests/") == 4
    target = pair.repository(TARGET)
    assert target.digests_of(["v1", "stable"]) == {"v1": digest, "stable": digest}
    assert len(promotion_records(target, digest)) == 1
    assert pair.promote("--all").last == "0 promoted, 2 already there."
