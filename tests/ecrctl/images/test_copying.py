"""Copies between layouts and registries: Debian's with tokens and ECR's quirks, and a small one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ecrctl.images.copying.mounts import KnownBlobs
from ecrctl.images.copying.plan import CopyOptions, plan_copy
from ecrctl.images.copying.run import Result, run_copy
from ecrctl.images.stores.files import Folder
from ecrctl.images.stores.layout import Layout, WritableLayout
from ecrctl.images.stores.registry import Repository
from ecrctl.images.stores.store import Source, Store
from tests.installed_tools import require_tool

from .conftest import connection
from .samples import Bundle, layer
from .servers.debian import BASIC, PASSWORD, USER, TokenServer
from .servers.fake import FakeRegistry
from .servers.quirks import Quirks


def copied(
    source: Source,
    reference: str,
    target: Store,
    tag: str | None,
    options: CopyOptions | None = None,
) -> Result:
    """Copy an image."""
    chosen = options or CopyOptions()
    return run_copy(plan_copy(source, reference, target, tag, chosen), chosen)


@pytest.fixture
def bundle() -> Bundle:
    """Return an empty bundle."""
    return Bundle()


@pytest.fixture
def layout(bundle: Bundle, tmp_path: Path) -> Layout:
    """Return a layout with an index of two platforms, as ``v1``."""
    index = bundle.index(
        bundle.image(layer(1), layer(2, 900_000)),
        bundle.image(layer(1), layer(3), architecture="arm64"),
    )
    return Layout(Folder(bundle.write(tmp_path / "source", {"v1": index})))


def test_an_index_arrives_as_a_whole(
    layout: Layout, quirks: Quirks, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    target = connection(quirks.url).repository(f"whole/{request.node.name}", writable=True)
    result = copied(layout, "v1", target, "v1")
    assert (result.count("sent"), result.count("send")) == (0, 5)
    assert quirks.count("PATCH") == 0
    assert [one.split("?")[0].rpartition("/")[2][:7] for one in quirks.requests][-1] == "v1"
    back = WritableLayout.at(tmp_path / "back")
    assert copied(target, "v1", back, "v1").plan.digest == result.plan.digest
    names = {path.name for path in (tmp_path / "source" / "blobs" / "sha256").iterdir()}
    assert {path.name for path in (tmp_path / "back" / "blobs" / "sha256").iterdir()} == names
    assert quirks.bucket_headers
    assert all("Authorization" not in headers for headers in quirks.bucket_headers)


def test_a_second_copy_sends_nothing(layout: Layout, quirks: Quirks) -> None:
    target = connection(quirks.url).repository("twice/api", writable=True)
    copied(layout, "v1", target, "v1")
    quirks.requests.clear()
    result = copied(layout, "v1", target, "v1")
    assert result.plan.is_empty
    assert quirks.count("PUT") == quirks.count("POST") == quirks.count("HEAD", "/blobs/") == 0


def test_blobs_of_another_repository_are_mounted(layout: Layout, quirks: Quirks) -> None:
    registry = connection(quirks.url)
    known = KnownBlobs.of_registry(registry.host)
    options = CopyOptions(known=known)
    copied(layout, "v1", registry.repository("mount/a", writable=True), "v1", options)
    quirks.requests.clear()
    options = CopyOptions(known=KnownBlobs.of_registry(registry.host))
    result = copied(layout, "v1", registry.repository("mount/b", writable=True), "v1", options)
    assert result.count("mount") == 5
    assert quirks.count("PUT", "/blobs/") == 0


def test_a_repository_of_the_same_registry_is_mounted_without_a_cache(
    layout: Layout, quirks: Quirks
) -> None:
    registry = connection(quirks.url)
    source = registry.repository("same/a", writable=True)
    copied(layout, "v1", source, "v1")
    result = copied(source, "v1", registry.repository("same/b", writable=True), "v1")
    assert result.count("mount") == 5


def test_a_mount_that_the_registry_refuses_is_an_upload(layout: Layout, quirks: Quirks) -> None:
    registry = connection(quirks.url)
    known = KnownBlobs.of_registry(registry.host)
    known.add(
        "no/such", [f"sha256:{path.name}" for path in Path(layout.name, "blobs/sha256").iterdir()]
    )
    target = registry.repository("unmounted/api", writable=True)
    result = copied(layout, "v1", target, "v1", CopyOptions(known=known))
    assert result.count("send") == 5
    assert quirks.count("POST") == 5  # the upload that a refused mount opens is used


def test_skopeo_reads_what_is_pushed_and_pushes_what_is_read(
    layout: Layout, quirks: Quirks, tmp_path: Path, debian: int
) -> None:
    skopeo = require_tool("skopeo")
    target = connection(quirks.url).repository("skopeo/api", writable=True)
    pushed = copied(layout, "v1", target, "v1")
    # skopeo needs a registry that follows the specification.
    login = ("--tls-verify=false", "--creds", f"{USER}:{PASSWORD}")
    image = f"docker://127.0.0.1:{debian}/skopeo/api"
    command = [skopeo, "inspect", "--raw", *login, f"{image}:v1"]
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    assert raw == pushed.plan.root.content
    subprocess.run(
        [
            *(skopeo, "copy", "--all", "--dest-tls-verify=false"),
            *("--dest-creds", f"{USER}:{PASSWORD}", f"oci:{layout.name}:v1", f"{image}:v2"),
        ],
        check=True,
        capture_output=True,
    )
    back = WritableLayout.at(tmp_path / "back")
    assert copied(target, "v2", back, "v2").plan.digest == pushed.plan.digest
    command = [skopeo, "inspect", "--raw", f"oci:{tmp_path / 'back'}:v2"]
    assert subprocess.run(command, check=True, capture_output=True).stdout == raw


def test_a_token_is_requested_once_for_each_scope(
    layout: Layout, quirks: Quirks, tokens: TokenServer
) -> None:
    tokens.requests.clear()
    copied(layout, "v1", connection(quirks.url).repository("token/api", writable=True), "v1")
    scopes = [one["scope"] for one in tokens.requests]
    assert scopes == [["repository:token/api:pull,push"]]


def test_a_token_that_expires_during_the_copy_is_replaced(
    layout: Layout, quirks: Quirks, tokens: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "seconds", 1)
    target = connection(quirks.url).repository("expiring/api", writable=True)
    assert target.manifest("v1") is None
    [held] = target.registry.http.authorization._tokens.items()
    target.registry.http.authorization._tokens[held[0]] = ("no.longer.valid", held[1][1] + 1e6)
    assert copied(layout, "v1", target, "v1").manifests == 3


def test_signatures_are_copied_in_both_forms(
    bundle: Bundle, fake: FakeRegistry, tmp_path: Path
) -> None:
    image = bundle.image(layer(1))
    signature = bundle.signature(image)
    of_signature = bundle.signature(signature, b"signed again")
    older = bundle.image(b"an older signature")
    tag = image["digest"].replace(":", "-") + ".sig"
    folder = bundle.write(tmp_path / "signed", {"v1": image, tag: older}, signature, of_signature)
    target = connection(fake.url).repository("team/api", writable=True)
    copied(Layout(Folder(folder)), "v1", target, "v1")
    assert set(fake.manifests["team/api"]) == {
        one["digest"] for one in (image, signature, of_signature, older)
    }
    assert fake.tags["team/api"] == {"v1": image["digest"], tag: older["digest"]}
    assert [one.digest for one in target.referrers(image["digest"]).found] == [signature["digest"]]
    # The image's own tag comes last.
    assert [one for one in fake.requests if one.startswith("PUT") and "manifests" in one][-1] == (
        "PUT /v2/team/api/manifests/v1"
    )
    again = connection(fake.url).repository("team/other", writable=True)
    assert copied(target, "v1", again, "v1").manifests == 5
    assert fake.tags["team/other"] == fake.tags["team/api"]
    back = WritableLayout.at(tmp_path / "back")
    copied(again, "v1", back, "v1")
    assert [one.digest for one in back.referrers(image["digest"]).found] == [signature["digest"]]


def test_a_registry_without_the_referrers_api_gets_the_tag_schema(
    bundle: Bundle, quirks: Quirks, fake: FakeRegistry, tmp_path: Path
) -> None:
    image = bundle.image(layer(1))
    first, second = bundle.signature(image), bundle.signature(image, b"another")
    folder = bundle.write(tmp_path / "signed", {"v1": image}, first)
    target = connection(quirks.url).repository("schema/api", writable=True)
    copied(Layout(Folder(folder)), "v1", target, "v1")
    tag = image["digest"].replace(":", "-")
    listed = target.manifest(tag)
    assert listed is not None
    assert [one.digest for one in listed.children] == [first["digest"]]
    folder = bundle.write(tmp_path / "signed", {"v1": image}, second)
    copied(Layout(Folder(folder)), "v1", target, "v1")
    found = target.referrers(image["digest"])
    assert not found.is_native
    assert {one.digest for one in found.found} == {first["digest"], second["digest"]}
    native = connection(fake.url).repository("team/api", writable=True)
    copied(target, "v1", native, "v1")
    assert len(native.referrers(image["digest"]).found) == 2
    document = json.loads(native.manifest(first["digest"]).content)  # type: ignore[union-attr]
    assert document["artifactType"]


def test_without_referrers_the_image_is_copied_alone(
    bundle: Bundle, fake: FakeRegistry, tmp_path: Path
) -> None:
    image = bundle.image(layer(1))
    folder = bundle.write(tmp_path / "signed", {"v1": image}, bundle.signature(image))
    target = connection(fake.url).repository("team/api", writable=True)
    copied(Layout(Folder(folder)), "v1", target, "v1", CopyOptions(referrers=False))
    assert set(fake.manifests["team/api"]) == {image["digest"]}


def test_credentials_are_in_no_representation(quirks: Quirks) -> None:
    target: Repository = connection(quirks.url).repository("secret/api", writable=True)
    target.manifest("v1")
    shown = repr(target)
    held = [token for token, _ in target.registry.http.authorization._tokens.values()]
    assert held
    assert not [one for one in (BASIC, PASSWORD, *held) if one in shown]
