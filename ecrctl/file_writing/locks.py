"""Locks between processes: one writer of a file, and one local run of a clone."""

import fcntl
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ecrctl.errors import UserError
from ecrctl.files import file_errors

LOCK_SECONDS = 10
_PAUSE_SECONDS = 0.05


@contextmanager
def locked(path: Path, *, seconds: float | None = None) -> Iterator[None]:
    """Exclude every other process from a path while the block runs.

    The lock is a file beside the path. The kernel releases the lock of a process that is killed.

    :param seconds: the time to wait for another process; ``LOCK_SECONDS`` when ``None``.
    :raises UserError: when another process has the lock for longer, with its number and command.
    """
    target = path.resolve()
    file = target.with_name(f".{target.name}.lock")
    deadline = time.monotonic() + (LOCK_SECONDS if seconds is None else seconds)
    with file_errors(f"{path} cannot be written"):
        while (descriptor := _acquired(file)) is None:
            if time.monotonic() >= deadline:
                raise _in_use(path, file)
            time.sleep(_PAUSE_SECONDS)
    try:
        yield
    finally:
        # Removed while the lock is kept: a process that waits notices that its file is gone.
        with suppress(OSError):
            file.unlink()
        os.close(descriptor)


def _acquired(file: Path) -> int | None:
    """Return the descriptor of a locked file, or ``None`` where another process has the lock."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == file.stat().st_ino:
            command = shlex.join(["ecrctl", *sys.argv[1:]])
            os.ftruncate(descriptor, 0)
            # An argument may have bytes that are no text, such as those of a file's name.
            os.write(descriptor, os.fsencode(f"{os.getpid()}\n{command}\n"))
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _in_use(path: Path, file: Path) -> UserError:
    try:
        number, command, *_ = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return UserError(f"{path} is in use by another process. Wait until that process ends.")
    return UserError(
        f"{path} is in use by process {number} (`{command}`). Wait until that process ends, or "
        f"stop it with `kill {number}`."
    )
