"""Files that are replaced as a whole: a reader finds the old content or the new one."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TextIO

# The umask of the process is subtracted.
_DEFAULT_MODE = 0o666


def check_replaceable(path: Path) -> None:
    """Raise an :class:`OSError` for a file that its user has made read-only.

    Without this check such a file could be replaced, because that needs access to its folder alone.
    """
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def replace_text(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replace the content of a file, or create it.

    A killed process leaves the file as it was. The new content is written beside it under a name
    that the next run uses again. Call this in the block of a lock, because two writers would share
    that name.

    :param mode: the file's permissions, which a secret requires before it is written; ``None``
        keeps those of an existing file.
    :raises OSError: where the folder, or the existing file, cannot be written to.
    """
    # A symbolic link stays one, and the file that it names is replaced.
    target = path.resolve()
    check_replaceable(target)
    existing = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    new = target.with_name(f".{target.name}.new")
    # What a killed process left could have other permissions, or be a link.
    new.unlink(missing_ok=True)
    try:
        with _created(new, mode) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        wanted = existing if mode is None else mode
        if wanted is not None:
            new.chmod(wanted)
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def _created(path: Path, mode: int | None) -> TextIO:
    permissions = _DEFAULT_MODE if mode is None else mode
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, permissions)
    return os.fdopen(descriptor, "w", encoding="utf-8")
