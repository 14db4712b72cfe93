"""Images built by buildah, and the commands of the other builders."""

from __future__ import annotations

import json
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ecrctl.errors import UserError
from ecrctl.images.building.builders import build_archive, chosen_builder
from ecrctl.images.building.sources import BuildSource
from environments.model.images import BuildModel
from tests.installed_tools import require_tool

DOCKERFILE = """\
FROM scratch AS base
COPY hello /hello
FROM base AS labelled
ARG VERSION=none
LABEL version=$VERSION
FROM labelled
CMD ["/hello"]
"""
# Records its arguments and variables, and writes what it is told to.
RECORDER = """#!/bin/sh
printf '%s\\n' "$@" > "$RECORD"
echo "$SOURCE_DATE_EPOCH" >> "$RECORD"
echo "the builder's output"
exit "${FAILS:-0}"
"""


@pytest.fixture
def source(tmp_path: Path) -> BuildSource:
    """Return the files of an image."""
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "hello").write_text("hello")
    return BuildSource(
        context=context, dockerfile=context / "Dockerfile", tag="v1", seconds=1_700_000_000
    )


@pytest.fixture
def buildah(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return buildah's name; its images are in a folder of the test."""
    require_tool("buildah")
    settings = tmp_path / "storage.conf"
    settings.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/root"\nrunroot = "{tmp_path}/run"\n'
    )
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(settings))
    # A container has no namespaces of its own to give away.
    monkeypatch.setenv("BUILDAH_ISOLATION", "chroot")
    return "buildah"


def blobs_of(archive: Path) -> dict[str, bytes]:
    """Return the files of an archive."""
    with tarfile.open(archive) as tar:
        return {
            one.name: content.read() for one in tar if (content := tar.extractfile(one)) is not None
        }


def top(archive: Path) -> tuple[str, Any]:
    """Return the digest of the image in an archive, and its manifest or index."""
    files = blobs_of(archive)
    (entry,) = json.loads(files["index.json"])["manifests"]
    content = files[f"blobs/sha256/{entry['digest'].partition(':')[2]}"]
    assert f"sha256:{sha256(content).hexdigest()}" == entry["digest"]
    return entry["digest"], json.loads(content)


def config_of(archive: Path, manifest: Any) -> Any:
    """Return the configuration of an image in an archive."""
    name = manifest["config"]["digest"].partition(":")[2]
    return json.loads(blobs_of(archive)[f"blobs/sha256/{name}"])


def test_the_same_files_are_the_same_image(
    buildah: str, source: BuildSource, tmp_path: Path
) -> None:
    build = BuildModel(context="context", arguments={"VERSION": "7"})
    archives = [tmp_path / f"{number}.tar" for number in range(2)]
    for one in archives:
        build_archive(buildah, build, source, one)
    (first, manifest), (second, _) = map(top, archives)
    assert first == second
    config = config_of(archives[0], manifest)
    assert (config["architecture"], config["os"]) == ("amd64", "linux")
    assert config["config"]["Labels"]["version"] == "7"
    assert config["config"]["Cmd"] == ["/hello"]


def test_a_target_is_the_last_stage_that_is_built(
    buildah: str, source: BuildSource, tmp_path: Path
) -> None:
    build = BuildModel(context="context", target="labelled")
    build_archive(buildah, build, source, tmp_path / "image.tar")
    config = config_of(tmp_path / "image.tar", top(tmp_path / "image.tar")[1])
    assert config["config"]["Labels"]["version"] == "none"
    assert "Cmd" not in config["config"]


def test_several_platforms_are_an_index(buildah: str, source: BuildSource, tmp_path: Path) -> None:
    build = BuildModel(context="context", platforms=("linux/amd64", "linux/arm64"))
    build_archive(buildah, build, source, tmp_path / "image.tar")
    _, index = top(tmp_path / "image.tar")
    assert {one["platform"]["architecture"] for one in index["manifests"]} == {"amd64", "arm64"}


def test_a_failing_build_is_one_sentence_after_the_builders_output(
    buildah: str, source: BuildSource, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source.dockerfile.write_text("FROM scratch\nCOPY missing /\n")
    with pytest.raises(UserError) as refusal:
        build_archive(buildah, BuildModel(context="context"), source, tmp_path / "image.tar")
    assert str(refusal.value).startswith("`buildah build` failed with exit code ")
    assert str(refusal.value).endswith(
        "; its output is above. Correct the Dockerfile, or the builder's settings."
    )
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "missing" in shown.err


def _recorder(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(RECORDER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    record = folder / "record"
    monkeypatch.setenv("RECORD", str(record))
    return record


def test_docker_builds_every_platform_at_once_without_provenance(
    source: BuildSource,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    record = _recorder(tmp_path / "bin", monkeypatch, "docker")
    build = BuildModel(
        context="context",
        platforms=("linux/amd64", "linux/arm64"),
        target="labelled",
        arguments={"VERSION": "a b"},
    )
    archive = tmp_path / "image.tar"
    build_archive("docker", build, source, archive)
    assert record.read_text().splitlines() == [
        *("buildx", "build", "--provenance=false", "--platform", "linux/amd64,linux/arm64"),
        *("--file", str(source.dockerfile), "--target", "labelled", "--build-arg", "VERSION=a b"),
        *("--output", f"type=oci,dest={archive},rewrite-timestamp=true", str(source.context)),
        "1700000000",
    ]
    assert capfd.readouterr() == ("", "the builder's output\n")
    monkeypatch.setenv("FAILS", "17")
    with pytest.raises(UserError, match="`docker buildx build` failed with exit code 17; "):
        build_archive("docker", build, source, archive)


def test_the_first_builder_that_works_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("buildah", "podman", "docker"):
        _recorder(tmp_path, monkeypatch, name)
        monkeypatch.setenv("PATH", f"{tmp_path}")
        assert chosen_builder() == name
    assert chosen_builder("podman") == "podman"
    # Docker without buildx, or without a daemon.
    monkeypatch.setenv("FAILS", "1")
    assert chosen_builder() == "podman"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            None,
            "no builder works here. One is required: docker must be on the path, with buildx and "
            "a running daemon; or podman must be on the path; or buildah must be on the path",
        ),
        ("docker", "docker must be on the path, with buildx and a running daemon"),
        ("podman", "podman must be on the path"),
    ],
)
def test_a_builder_that_does_not_work_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None, reason: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as refusal:
        chosen_builder(name)
    assert str(refusal.value) == (
        f"{reason}. Or push an image that was built elsewhere, with --from."
    )


def test_an_unknown_builder_is_refused() -> None:
    with pytest.raises(UserError) as refusal:
        chosen_builder("kaniko")
    assert str(refusal.value) == "--builder must be docker, podman or buildah, got 'kaniko'."
