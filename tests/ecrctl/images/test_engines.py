"""Local engines: buildah itself, and programs that take the arguments of Docker and podman."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.errors import ExitCode
from ecrctl.images.stores import engine
from ecrctl.images.stores.local_places import machine_architecture
from ecrctl.local.emulator import Emulator
from tests.installed_tools import require_tool

from .program import Program, program_at
from .samples import Bundle, digest_of, layer
from .servers.fake import FakeRegistry

NAME = "team/api"
# Saves an archive that is ready, and keeps the one that it loads.
ENGINE = """\
#!{python}
import pathlib, shutil, sys
folder = pathlib.Path({folder!r})
arguments = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(arguments) + "\\n")
if (folder / "fails").exists():
    sys.exit((folder / "fails").read_text())
if arguments[0] == "save":
    shutil.copy(folder / "ready.tar", arguments[arguments.index("--output") + 1])
if arguments[0] == "load":
    shutil.copy(arguments[arguments.index("--input") + 1], folder / "loaded.tar")
"""


@pytest.fixture
def program(
    fake: FakeRegistry, emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Program]:
    """Return the program with a small registry."""
    with program_at(fake.port, emulator, (tmp_path, NAME), capsys) as found:
        yield found


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose docker and podman are the only engines of this machine."""
    folder = tmp_path / "engines"
    folder.mkdir()
    for name in ("docker", "podman"):
        script = folder / name
        script.write_text(ENGINE.format(python=sys.executable, folder=str(folder)))
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def docker_archive(path: Path, *layers: bytes) -> None:
    """Write an archive as Docker saves it: layers that are not compressed, the first one twice."""
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [digest_of(one) for one in (*layers, layers[0])]},
    }
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    manifest = [
        {"Config": "config.json", "RepoTags": ["api:v1"], "Layers": [*names, "again/layer.tar"]}
    ]
    files = {"config.json": json.dumps(config).encode(), **dict(zip(names, layers, strict=True))}
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            source = path.with_name("content")
            source.write_bytes(content)
            archive.add(source, name)
        link = tarfile.TarInfo("again/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../0/layer.tar"
        archive.addfile(link)


@pytest.fixture
def index(tmp_path: Path) -> tuple[Path, str]:
    """Return a layout with an index, and the digest of the image for this machine."""
    bundle = Bundle()
    own = bundle.image(layer(1), layer(2), layer(1), architecture=machine_architecture())
    listed = bundle.index(own, bundle.image(layer(3), architecture="s390x"))
    return bundle.write(tmp_path / "source", {"v1": listed}), str(own["digest"])


def test_an_image_of_docker_is_pushed_compressed(
    program: Program, engines: Path, fake: FakeRegistry
) -> None:
    docker_archive(engines / "ready.tar", layer(1), layer(2))
    end = program.push("docker:api:v1")
    assert end.code == ExitCode.SUCCESS, end.err
    [call] = (engines / "calls").read_text().splitlines()
    assert call.startswith("save --output ")
    assert call.endswith(" api:v1")
    _, content = fake.manifests[NAME][fake.tags[NAME]["v1"]]
    layers = json.loads(content)["layers"]
    assert len(layers) == 3
    assert layers[0] == layers[2]
    assert {one["mediaType"] for one in layers} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
    assert program.push("docker:api:v1").last == end.last


def test_an_image_of_podman_keeps_its_digest(
    program: Program, engines: Path, tmp_path: Path
) -> None:
    bundle = Bundle()
    packed = bundle.add(b"\x1f\x8b compressed", "application/vnd.oci.image.layer.v1.tar+gzip")
    image = bundle.image(packed=[packed])
    folder = bundle.write(tmp_path / "saved", {"v1": image})
    with tarfile.open(engines / "ready.tar", "w") as archive:
        archive.add(folder, ".")
    end = program.push("podman:api:v1")
    assert end.last == f"{NAME}@{image['digest']}", end.err
    assert " --format oci-archive " in (engines / "calls").read_text()


def test_a_damaged_archive_of_docker_is_refused(program: Program, engines: Path) -> None:
    docker_archive(engines / "ready.tar", layer(1))
    content = (engines / "ready.tar").read_bytes()
    (engines / "ready.tar").write_bytes(content.replace(b"file-1", b"file-2"))
    end = program.push("docker:api:v1")
    assert end.code == ExitCode.TOOL_ERROR
    assert "has another content than its config states. Save the image again." in end.sentence


@pytest.mark.parametrize("kind", ["docker", "podman", "engine"])
def test_the_image_of_this_machine_is_loaded(
    program: Program, engines: Path, index: tuple[Path, str], kind: str
) -> None:
    source, digest = index
    program.push(source)
    end = program.pull(f"{kind}:api:v1")
    assert (end.code, end.last) == (ExitCode.SUCCESS, f"{NAME}@{digest}"), end.err
    with tarfile.open(engines / "loaded.tar") as archive:
        [read] = json.loads(archive.extractfile("manifest.json").read())  # type: ignore[union-attr]
        listed = json.loads(archive.extractfile("index.json").read())["manifests"]  # type: ignore[union-attr]
        assert set(read["Layers"]) < set(archive.getnames())
    assert read["RepoTags"] == ["api:v1"]
    assert len(read["Layers"]) == 3
    assert [one["digest"] for one in listed] == [digest]


def test_an_engine_that_fails_is_one_sentence(
    program: Program, engines: Path, index: tuple[Path, str]
) -> None:
    (engines / "fails").write_text("warning\nError: No such image: api:v1\n")
    assert program.push("docker:api:v1").sentence == (
        "docker cannot save the image 'api:v1': Error: No such image: api:v1. Check the name, and "
        "that docker runs."
    )
    (engines / "fails").unlink()
    program.push(index[0])
    (engines / "fails").write_text("no space left on device")
    assert program.pull("podman:api:v1").sentence.startswith(
        "podman cannot load the image 'api:v1': no space left on device."
    )


def test_an_engine_that_is_missing_is_one_sentence(program: Program, engines: Path) -> None:
    assert program.push("buildah:api:v1").sentence == (
        "buildah is not installed on this machine. Install it, or name another engine or an "
        "archive."
    )
    (engines / "fails").write_text("no daemon")
    (engines / "podman").unlink()
    assert program.push("engine:api:v1").sentence == (
        "This machine has no running Docker, and neither podman nor buildah. Start Docker, or name "
        "an OCI layout or archive."
    )


def test_without_a_daemon_of_docker_another_engine_is_used(engines: Path) -> None:
    assert engine.engine_of("engine").kind == "docker"
    (engines / "docker").write_text("#!/bin/false\n")
    assert engine.engine_of("engine").kind == "podman"


def test_buildah_loads_and_saves(
    program: Program,
    index: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buildah = require_tool("buildah")
    settings = tmp_path / "storage.conf"
    folders = "\n".join(f'{one} = "{tmp_path / one}"' for one in ("graphroot", "runroot"))
    settings.write_text(f'[storage]\ndriver = "vfs"\n{folders}\n')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(settings))
    source, _ = index
    program.push(source)
    loaded = program.pull("buildah:localhost/api:v1")
    assert loaded.code == ExitCode.SUCCESS, loaded.err
    names = subprocess.run([buildah, "images"], check=True, capture_output=True, text=True).stdout
    assert "localhost/api" in names
    end = program.push("buildah:localhost/api:v1", "v2")
    assert end.code == ExitCode.SUCCESS, end.err
    back = tmp_path / "back"
    program.pull(back, ":v2")
    [entry] = json.loads((back / "index.json").read_bytes())["manifests"]
    blobs = back / "blobs" / "sha256"
    manifest = json.loads((blobs / entry["digest"].partition(":")[2]).read_bytes())
    config = json.loads((blobs / manifest["config"]["digest"].partition(":")[2]).read_bytes())
    contents = [digest_of(layer(number)) for number in (1, 2, 1)]
    assert config["rootfs"]["diff_ids"] == contents
