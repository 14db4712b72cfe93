"""Temporary folders of a review: in memory where there is room, and never for longer than it."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ecrctl.review.sides import temporary_folders
from ecrctl.review.sides.temporary_folders import temporary_folder

GIB = 1024**3
BLOCK = 4096


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder that stands for the memory; the disk is beside it."""
    for name in ("memory", "disk"):
        (tmp_path / name).mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "disk"))
    monkeypatch.setattr(temporary_folders, "_IN_MEMORY", tmp_path / "memory")
    monkeypatch.setattr(temporary_folders, "size_of", lambda *_: 1)
    set_file_system(monkeypatch)
    return tmp_path / "memory"


def set_file_system(
    monkeypatch: pytest.MonkeyPatch, *, free: float = 4 * GIB, flags: int = 0
) -> None:
    """Set the free bytes and the flags of every file system."""
    found = SimpleNamespace(f_flag=flags, f_bavail=int(free) // BLOCK, f_frsize=BLOCK)
    monkeypatch.setattr(os, "statvfs", lambda _: found)


def parent_of_a_folder() -> str:
    """Return the name of the folder around a temporary one."""
    with temporary_folder(Path(), None) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IRWXU
        (folder / "file").touch()
    assert not folder.exists()
    return folder.parent.name


def test_a_folder_is_in_memory_with_room_and_goes_with_its_files() -> None:
    assert parent_of_a_folder() == "memory"


@pytest.mark.parametrize(
    "facts",
    [{"free": 4 * GIB - BLOCK}, {"flags": os.ST_NOEXEC}, {"flags": os.ST_NOEXEC | os.ST_NOSUID}],
)
def test_a_file_system_without_room_or_programs_is_not_used(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any]
) -> None:
    set_file_system(monkeypatch, **facts)
    assert parent_of_a_folder() == "disk"


def test_a_large_repository_is_copied_to_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Path, str | None]] = []

    def size_of(repository: Path, commit: str | None) -> int:
        given.append((repository, commit))
        return GIB // 4 + 1

    monkeypatch.setattr(temporary_folders, "size_of", size_of)
    with temporary_folder(Path("app"), "abc") as folder:
        assert folder.parent.name == "disk"
    assert given == [(Path("app"), "abc")]


def test_a_machine_without_such_a_folder_uses_the_disk(places: Path) -> None:
    places.rmdir()
    assert parent_of_a_folder() == "disk"


@pytest.mark.parametrize("name", ["TMPDIR", "TEMP", "TMP"])
def test_a_chosen_folder_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "chosen").mkdir()
    monkeypatch.setenv(name, str(tmp_path / "chosen"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert parent_of_a_folder() == "chosen"
