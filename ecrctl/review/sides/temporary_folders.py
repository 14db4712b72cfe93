"""Temporary folders for the files of an app: in memory where there is room, or else on the disk.

An app has thousands of small files. Some disks, such as those of virtual machines, take half a
millisecond to create one, so that the copy takes longer than much of the synth.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecrctl.git import size_of

_PREFIX = "ecrctl-"
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the folders in it are private
# A synth writes files as well, and assets can be large.
_LEAST_FREE_BYTES = 4 * 1024**3
_MOST_BYTES = 256 * 1024**2


@contextmanager
def temporary_folder(repository: Path, commit: str | None) -> Iterator[Path]:
    """Yield a new folder that only this user can read, and delete it afterwards.

    The folder is below ``TMPDIR`` where that is set.

    :param commit: the commit whose files will be in it; the working tree where it is ``None``.
    """
    is_chosen = any(name in os.environ for name in ("TMPDIR", "TEMP", "TMP"))
    in_memory = not is_chosen and _is_usable(_IN_MEMORY)
    in_memory = in_memory and size_of(repository, commit) <= _MOST_BYTES
    parent = _IN_MEMORY if in_memory else None
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent) as name:
        yield Path(name)


def _is_usable(folder: Path) -> bool:
    """Return whether a folder has room, and programs in it can be run."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    runs_programs = not found.f_flag & os.ST_NOEXEC
    return runs_programs and found.f_bavail * found.f_frsize >= _LEAST_FREE_BYTES
