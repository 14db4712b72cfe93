"""Locks between processes."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from ecrctl.errors import UserError
from ecrctl.file_writing import locks
from ecrctl.file_writing.locks import locked
from tests.support import ROOT


class Clock:
    """A clock that only waiting moves on.

    :param after: is called when a wait has ended.
    """

    def __init__(self, after: Callable[[], object] = lambda: None) -> None:
        self.now, self.waits, self._after = 0.0, 0, after

    def monotonic(self) -> float:
        """Return the present time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds
        self.waits += 1
        self._after()


def open_descriptors() -> set[int]:
    """Return the descriptors of the lock's process."""
    return {number for number in range(256) if _is_open(number)}


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


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


def test_a_process_that_is_killed_leaves_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = locking(tmp_path / "file")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [path.name for path in tmp_path.iterdir()] == [".file.lock"]
    # Nothing remains of the longer command.
    monkeypatch.setattr(sys, "argv", ["ecrctl", "dev"])
    with locked(tmp_path / "file", seconds=0):
        assert (tmp_path / ".file.lock").read_text() == f"{os.getpid()}\necrctl dev\n"
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


@pytest.mark.parametrize(
    ("seconds", "waited"), [(None, locks.LOCK_SECONDS), (0.2, 0.2), (0, 0), (20, 20)]
)
def test_the_time_to_wait_is_the_given_one_or_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float | None, waited: float
) -> None:
    clock = Clock()
    monkeypatch.setattr(locks, "time", clock)
    file = tmp_path / "file"
    with locked(file), pytest.raises(UserError), locked(file, seconds=seconds):
        raise AssertionError
    assert clock.now == pytest.approx(waited, abs=0.1)
    assert (clock.waits == 0) is (waited == 0)


def test_a_lock_that_is_released_meanwhile_is_acquired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_descriptors()
    with ExitStack() as first:
        monkeypatch.setattr(locks, "time", Clock(after=first.close))
        first.enter_context(locked(tmp_path / "file"))
        with locked(tmp_path / "file"):
            assert (tmp_path / ".file.lock").exists()
    # A process that writes many files runs out of descriptors that are not closed.
    assert open_descriptors() == before
    assert list(tmp_path.iterdir()) == []


def test_a_holder_that_ends_while_it_is_looked_up_is_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(after=(tmp_path / ".file.lock").unlink)
    monkeypatch.setattr(locks, "time", clock)
    with locked(tmp_path / "file"):
        monkeypatch.setattr(locks, "_acquired", lambda _: None)
        with pytest.raises(UserError) as refusal, locked(tmp_path / "file", seconds=0.05):
            raise AssertionError
    assert str(refusal.value) == (
        f"{tmp_path / 'file'} is in use by another process. Wait until that process ends."
    )


def test_the_command_of_the_holder_is_readable_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Python passes on an argument that is not UTF-8.
    monkeypatch.setattr(sys, "argv", ["/usr/bin/ecrctl", "pin", "a b", "caf\udce9"])
    before = os.umask(0)
    try:
        with locked(tmp_path / "file"):
            with pytest.raises(UserError) as refusal, locked(tmp_path / "file", seconds=0):
                raise AssertionError
            mode = (tmp_path / ".file.lock").stat().st_mode & 0o777
    finally:
        os.umask(before)
    assert str(refusal.value) == (
        f"{tmp_path / 'file'} is in use by process {os.getpid()} (`ecrctl pin 'a b' 'caf\ufffd'`). "
        f"Wait until that process ends, or stop it with `kill {os.getpid()}`."
    )
    assert mode == 0o644


def test_a_file_system_without_locks_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    before = open_descriptors()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(UserError) as refusal, locked(tmp_path / "file"):
        raise AssertionError
    assert str(refusal.value) == f"{tmp_path / 'file'} cannot be written: No locks available."
    assert open_descriptors() == before
