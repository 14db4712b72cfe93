"""Layouts, archives and engines, opened as places that contain images."""

import json
import platform
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ecrctl.errors import UserError
from ecrctl.file_writing.locks import locked
from ecrctl.files import called, file_errors
from ecrctl.images.oci import Manifest
from ecrctl.images.references import DOCKER_ARCHIVE, LAYOUT, Place

from .docker_archive import converted
from .engine import engine_of
from .files import UNPACKED, Archive, Folder, open_archive
from .layout import Layout, WritableLayout, blob_path

_MAKE_ROOM = "Free some space, or choose another target."
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@contextmanager
def opened_source(place: Place) -> Iterator[tuple[Layout, str]]:
    """Yield the place that an image is read from, and the image's digest."""
    if place.kind == LAYOUT:
        path = Path(place.name)
        if not path.is_dir():
            hint = " It is a file: write oci-archive:FILE." if path.is_file() else ""
            raise UserError(f"The folder {path} does not exist.{hint} Check --from.")
        layout = Layout(Folder(path))
        yield layout, layout.choose(place.tag)
        return
    with tempfile.TemporaryDirectory(prefix="ecrctl-") as name:
        work = Path(name)
        path = Path(place.name)
        if place.is_engine:
            path = work / "saved.tar"
        with called(work / "saved.tar", f"the image '{place}'"), called(work / UNPACKED, str(path)):
            if place.is_engine:
                engine_of(place.kind).save(place.name, path)
            archive = open_archive(path, work)
            if place.kind == DOCKER_ARCHIVE or (place.is_engine and not _is_compressed(archive)):
                yield converted(archive, place.tag, work)
                return
            layout = Layout(archive)
            yield layout, layout.choose(place.tag)


def _is_compressed(archive: Archive) -> bool:
    """Return whether an engine's archive is a whole OCI layout with the layers of a registry.

    Docker writes its own form, with or without an index of OCI whose layers are not compressed.
    """
    if archive.size("index.json") is None or archive.size("oci-layout") is None:
        return False
    layout = Layout(archive)
    left = [one.digest for one in layout.entries()]
    while left:
        found = layout.manifest(left.pop())
        if found is None:
            return False
        left += [one.digest for one in found.children]
        for blob in found.blobs:
            is_plain = blob.media_type.endswith((".tar", ".layer"))
            if is_plain or archive.size(blob_path(blob.digest)) is None:
                return False
    return True


@contextmanager
def opened_target(place: Place) -> Iterator[WritableLayout]:
    """Yield the place that an image is written to, and complete it where the block succeeds."""
    path = Path(place.name)
    with ExitStack() as stack:
        if place.kind == LAYOUT:
            with file_errors(f"{path} cannot be written", "Choose another folder."):
                path.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(path / "index.json"))
            yield WritableLayout.at(path)
            return
        parent = None if place.is_engine else path.resolve().parent
        if parent and not parent.is_dir():
            raise UserError(f"The folder {parent} does not exist. Create it first.")
        with file_errors(f"{parent or 'The temporary folder'} cannot be written", _MAKE_ROOM):
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix=".ecrctl-", dir=parent))
        layout = WritableLayout.at(Path(name) / "layout")
        yield layout
        archive = Path(name) / "image.tar"
        _pack(layout.files.path, archive)
        if place.is_engine:
            engine_of(place.kind).load(archive, place.name)
            return
        with file_errors(f"{path} cannot be written", _MAKE_ROOM):
            archive.replace(path)


def prepared_for_engine(layout: WritableLayout, image: Manifest, name: str) -> None:
    """Add the file by which Docker of every version reads the archive of an image.

    :param name: the name that the engine gives to the image.
    """
    # The layers as the manifest lists them: the same one can be there twice.
    listed = json.loads(image.content)
    tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    document = [
        {
            "Config": blob_path(listed["config"]["digest"]),
            "RepoTags": [tagged],
            "Layers": [blob_path(one["digest"]) for one in listed["layers"]],
        }
    ]
    path = layout.files.path / "manifest.json"
    with file_errors(f"{path} cannot be written", _MAKE_ROOM):
        path.write_text(json.dumps(document), encoding="utf-8")


def machine_architecture() -> str:
    """Return the architecture of this machine in the words of OCI."""
    machine = platform.machine().lower()
    return _ARCHITECTURES.get(machine, machine)


def _pack(folder: Path, archive: Path) -> None:
    """Write a layout as an archive: the same bytes for the same layout."""
    with (
        file_errors(f"{archive} cannot be written", _MAKE_ROOM),
        tarfile.open(archive, "w") as tar,
    ):
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            entry = tarfile.TarInfo(str(path.relative_to(folder)))
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(entry, file)
            # Each blob is there once: in the folder, or in the archive.
            with suppress(OSError):
                path.unlink()
