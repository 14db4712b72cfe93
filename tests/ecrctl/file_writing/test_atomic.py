"""Files that are replaced as a whole: their permissions, and what a killed writer left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.file_writing.atomic import replace_text


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Return a file's permissions."""
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("existing", [None, 0o644, 0o600])
def test_a_secret_has_its_permissions_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: int | None
) -> None:
    file = tmp_path / "secret"
    seen: list[tuple[int, int]] = []
    if existing is not None:
        file.write_text("old")
        file.chmod(existing)
    sync = os.fsync

    def observe(descriptor: int) -> None:
        found = os.fstat(descriptor)
        seen.append((found.st_mode & 0o777, found.st_size))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", observe)
    replace_text(file, "new", mode=0o600)
    assert (file.read_text(), mode(file), seen) == ("new", 0o600, [(0o600, len("new"))])


def test_without_a_mode_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    file.chmod(0o640)
    replace_text(file, "new")
    assert (file.read_text(), mode(file)) == ("new", 0o640)


def test_a_file_that_another_process_has_just_made_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "secret", tmp_path / "other"
    (tmp_path / ".secret.new").symlink_to(other)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    with pytest.raises(FileExistsError):
        replace_text(file, "new", mode=0o600)
    assert not other.exists()


def test_what_a_killed_writer_left_is_neither_followed_nor_reused(tmp_path: Path) -> None:
    file, other = tmp_path / "secret", tmp_path / "other"
    other.write_text("other")
    (tmp_path / ".secret.new").symlink_to(other)
    replace_text(file, "new", mode=0o600)
    assert (file.read_text(), other.read_text(), file.is_symlink()) == ("new", "other", False)
