"""Locks between processes."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from ecrctl.errors import UserError
from ecrctl.file_writing.locks import locked
from tests.support import ROOT

HOLD = """\
import sys, time
from pathlib import Path
from ecrctl.file_writing.locks import locked
sys.argv = ["ecrctl", "pin", "dev", "a b"]
with locked(Path({path!r})):
    print("locked", flush=True)
    time.sleep(60)
"""


def locking(path: Path) -> subprocess.Popen[str]:
    """Start another process, and return it once it has the lock."""
    code = HOLD.format(path=str(path))
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


def test_a_second_process_waits_for_a_bounded_time_and_names_the_first(tmp_path: Path) -> None:
    file = tmp_path / "dev.images.yaml"
    process = locking(file)
    try:
        with pytest.raises(UserError) as refusal, locked(file, seconds=0.2):
            raise AssertionError
    finally:
        process.kill()
        process.communicate()
    assert str(refusal.value) == (
        f"{file} is in use by process {process.pid} (`ecrctl pin dev 'a b'`). Wait until that "
        f"process ends, or stop it with `kill {process.pid}`."
    )


def test_a_process_that_is_killed_leaves_no_lock(tmp_path: Path) -> None:
    process = locking(tmp_path / "file")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [path.name for path in tmp_path.iterdir()] == [".file.lock"]
    with locked(tmp_path / "file", seconds=0):
        assert (tmp_path / ".file.lock").read_text().startswith(f"{os.getpid()}\n")
    assert list(tmp_path.iterdir()) == []


def test_one_thread_at_a_time_has_the_lock(tmp_path: Path) -> None:
    inside: list[int] = []
    seen: list[int] = []

    def enter(number: int) -> None:
        for _ in range(20):
            with locked(tmp_path / "file"):
                inside.append(number)
                seen.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 160


def test_a_lock_on_a_file_that_was_removed_meanwhile_excludes_no_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    with ExitStack() as others:

        def lock_late(descriptor: int, operation: int) -> None:
            # Between the opening and the lock, the first process ends and a second one begins.
            monkeypatch.setattr(fcntl, "flock", lock)
            (tmp_path / ".file.lock").unlink()
            others.enter_context(locked(tmp_path / "file"))
            lock(descriptor, operation)

        monkeypatch.setattr(fcntl, "flock", lock_late)
        with pytest.raises(UserError), locked(tmp_path / "file", seconds=0.1):
            raise AssertionError


def test_a_lock_is_released_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), locked(tmp_path / "file"):
        raise RuntimeError
    with locked(tmp_path / "file", seconds=0):
        pass


def test_a_holder_that_wrote_nothing_yet_is_another_process(tmp_path: Path) -> None:
    with locked(tmp_path / "file"):
        (tmp_path / ".file.lock").write_text("")
        with pytest.raises(UserError) as refusal, locked(tmp_path / "file", seconds=0):
            raise AssertionError
    assert str(refusal.value) == (
        f"{tmp_path / 'file'} is in use by another process. Wait until that process ends."
    )


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "dev.images.yaml"
    with pytest.raises(UserError) as refusal, locked(file):
        raise AssertionError
    assert str(refusal.value) == f"{file} cannot be written: No such file or directory."


def test_a_symbolic_link_has_the_lock_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with locked(tmp_path / "link"), pytest.raises(UserError), locked(tmp_path / "file", seconds=0):
        raise AssertionError
