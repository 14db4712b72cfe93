"""Files that an environment file names: in its folder, of limited size, and nothing else.

A file outside of the folder could be a secret of the machine that runs the synth, and its content
would be published.
"""

from pathlib import Path

from constructs_lib.rules.faults import Fault


def read_beside(path: str, file: Path, largest: int) -> tuple[bytes, list[Fault]]:
    """Return the content of a file that an environment file names, and the faults of its path.

    :param path: the path, relative to the folder of the environment file.
    :param file: the environment file.
    :param largest: the bytes that the content can have.
    """
    folder = file.parent.resolve()
    try:
        # A link is followed before its place is checked.
        found = (folder / path).resolve()
        message = _problem(path, found, folder, largest)
        return (b"", [Fault("", message)]) if message else (found.read_bytes(), [])
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path of a file"
        return b"", [Fault("", f"cannot read '{path[:120]}': {reason}. Write the path of a file.")]


def _problem(path: str, found: Path, folder: Path, largest: int) -> str:
    if not found.is_relative_to(folder):
        return (
            f"a file must be in the folder '{folder.name}' of the environment file, got "
            f"'{path[:120]}'. Move the file there."
        )
    if not found.is_file():
        return (
            f"there is no file '{path[:120]}' in the folder '{folder.name}' of the environment "
            "file. Write a path relative to that folder."
        )
    size = found.stat().st_size
    if size > largest:
        return f"the file '{path[:120]}' can have at most {largest:,} bytes, got {size:,}."
    return ""
