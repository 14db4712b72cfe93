"""Files that are replaced as a whole: a reader finds the old content or the new one."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def check_replaceable(path: Path) -> None:
    """Raise an :class:`OSError` for a file that its user has made read-only.

    Without this check such a file could be replaced, because that needs access to its folder alone.
    """
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def replace_text(path: Path, text: str) -> None:
    """Replace the content of a file, or create it.

    A killed process leaves the file as it was. The new content is written beside it under a name
    that the next run uses again. Call this in the block of a lock, because two writers would share
    that name.

    :raises OSError: where the folder, or the existing file, cannot be written to.
    """
    # A symbolic link stays one, and the file that it names is replaced.
    target = path.resolve()
    check_replaceable(target)
    mode = target.stat().st_mode if target.exists() else None
    new = target.with_name(f".{target.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            new.chmod(stat.S_IMODE(mode))
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
