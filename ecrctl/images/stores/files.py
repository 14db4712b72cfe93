"""The files of a layout: in a folder, or in an archive that is read in place."""

import gzip
import lzma
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from ecrctl.errors import UserError
from ecrctl.files import file_errors
from ecrctl.images.oci import MOST_MANIFEST_BYTES

from .store import CHUNK

# The name of a decompressed archive in its temporary folder.
UNPACKED = "archive.tar"
_MOST_MEMBERS = 100_000
_MOST_LINKS = 8
_GZIP, _XZ, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


class Files(Protocol):
    """Files by their path inside a layout."""

    @property
    def name(self) -> str:
        """The path of the folder or archive."""

    def size(self, path: str) -> int | None:
        """Return the size of a file; ``None`` where there is none."""

    def open(self, path: str) -> AbstractContextManager[Iterator[bytes]]:
        """Open a file, as pieces."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a small file; ``None`` where there is none."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a folder."""

    path: Path

    @property
    def name(self) -> str:
        """The path of the folder."""
        return str(self.path)

    def size(self, path: str) -> int | None:
        """Return the size of a file; ``None`` where there is none."""
        file = self.path / path
        with file_errors(f"{file} cannot be read"):
            return file.stat().st_size if file.is_file() else None

    @contextmanager
    def open(self, path: str) -> Iterator[Iterator[bytes]]:
        """Open a file, as pieces."""
        file = self.path / path
        with file_errors(f"{file} cannot be read"):
            opened = file.open("rb")
        with opened:
            yield _pieces(opened, None, file)

    def read(self, path: str) -> bytes | None:
        """Return the content of a small file; ``None`` where there is none."""
        return _small(self, path)


@dataclass(frozen=True, slots=True)
class Archive:
    """The files of a tar archive, which is read in place: nothing is unpacked.

    :param members: the place of each file in the archive: its offset and its size.
    """

    path: Path
    members: Mapping[str, tuple[int, int]]

    @property
    def name(self) -> str:
        """The path of the archive."""
        return str(self.path)

    def size(self, path: str) -> int | None:
        """Return the size of a file; ``None`` where there is none."""
        found = self.members.get(path)
        return found[1] if found else None

    @contextmanager
    def open(self, path: str) -> Iterator[Iterator[bytes]]:
        """Open a file, as pieces."""
        offset, size = self.members[path]
        with file_errors(f"{self.path} cannot be read"):
            opened = self.path.open("rb")
            opened.seek(offset)
        with opened:
            yield _pieces(opened, size, self.path)

    def read(self, path: str) -> bytes | None:
        """Return the content of a small file; ``None`` where there is none."""
        return _small(self, path)


def open_archive(path: Path, work: Path) -> Archive:
    """Return the files of an archive.

    :param work: a temporary folder, for an archive that is compressed.
    """
    with file_errors(f"{path} cannot be read"), path.open("rb") as file:
        start = file.read(len(_XZ))
    if start.startswith(_ZSTD):
        raise UserError(f"{path} is compressed with zstd. Decompress it first with `unzstd`.")
    if start.startswith((_GZIP, _XZ)):
        path = _decompressed(path, work / UNPACKED, is_gzip=start.startswith(_GZIP))
    try:
        with file_errors(f"{path} cannot be read"), tarfile.open(path, "r:") as archive:
            return Archive(path, _members(path, archive))
    except tarfile.TarError:
        raise UserError(f"{path} is no tar archive, or ends early. Write it again.") from None


def _decompressed(path: Path, target: Path, *, is_gzip: bool) -> Path:
    try:
        with (
            file_errors(f"{path} cannot be decompressed"),
            cast("BinaryIO", gzip.open(path) if is_gzip else lzma.open(path)) as opened,
            target.open("wb") as output,
        ):
            shutil.copyfileobj(opened, output, CHUNK)
    except (EOFError, lzma.LZMAError, ValueError):
        raise UserError(f"{path} cannot be decompressed: it is damaged. Write it again.") from None
    return target


def _members(path: Path, archive: tarfile.TarFile) -> dict[str, tuple[int, int]]:
    files: dict[str, tuple[int, int]] = {}
    links: dict[str, str] = {}
    for number, member in enumerate(archive):
        if number > _MOST_MEMBERS:
            raise UserError(f"{path} has more than {_MOST_MEMBERS:,} files, so it is no image.")
        name = str(PurePosixPath(member.name))
        if member.isreg():
            files[name] = (member.offset_data, member.size)
        elif member.issym():  # Docker's archives name the same layer twice so
            links[name] = _joined(str(PurePosixPath(name).parent), member.linkname)
        elif member.islnk():
            links[name] = str(PurePosixPath(member.linkname))
    for name in links:
        target = name
        for _ in range(_MOST_LINKS):
            target = links.get(target, target)
        if target in files:
            files[name] = files[target]
    return files


def _joined(parent: str, link: str) -> str:
    parts: list[str] = [] if parent == "." else parent.split("/")
    for part in link.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", "..", ""):
            parts.append(part)
    return "/".join(parts)


def _pieces(file: BinaryIO, size: int | None, path: Path) -> Iterator[bytes]:
    left = size
    while left is None or left > 0:
        # Reported here: within a request it would look like an error of the connection.
        with file_errors(f"{path} cannot be read"):
            piece = file.read(CHUNK if left is None else min(CHUNK, left))
        if not piece:
            return
        left = None if left is None else left - len(piece)
        yield piece


def _small(files: Files, path: str) -> bytes | None:
    size = files.size(path)
    if size is None:
        return None
    if size > MOST_MANIFEST_BYTES:
        raise UserError(f"{files.name}: {path} has more than 4 MiB, so it is no manifest.")
    with files.open(path) as pieces:
        return b"".join(pieces)
