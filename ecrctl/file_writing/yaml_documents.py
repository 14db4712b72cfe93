"""The one writer of pins and environment files, which keeps the comments and the layout."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from checked_files.yaml_edits import EditError, edited
from checked_files.yaml_files import read_yaml
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import file_errors

from .atomic import check_replaceable, replace_text
from .locks import locked

Document = Mapping[str, Any]


def check_document(path: Path) -> None:
    """Raise a :class:`UserError` unless :func:`change_document` can write a file now."""
    with locked(path):
        _data_of(path)
        with file_errors(f"{path} cannot be written"):
            check_replaceable(path)


def change_document(path: Path, change: Callable[[Document], Document], *, header: str) -> None:
    """Change the data of a YAML file, and leave every other line as it is.

    :param change: returns the new data for the data that the file has now.
    :param header: the comment at the beginning of a new file.
    :raises UserError: when the file has faults or cannot be written, or when another process
        writes it for too long.
    """
    with locked(path):
        data = _data_of(path)
        with file_errors(f"{path} cannot be read"):
            # A line break stays the one that the file has.
            text = path.read_bytes().decode() if path.exists() else ""
        text = text if text.strip() else header
        try:
            new = edited(text, change(data), header=header)
        except EditError:
            raise UserError(
                f"{path.name} cannot be changed in place, because it uses an anchor, an alias or a "
                "merge key. Replace each of them by its value.",
                ExitCode.FAULT,
            ) from None
        if new != text or not path.exists():
            with file_errors(f"{path} cannot be written"):
                replace_text(path, new)


def _data_of(path: Path) -> Document:
    if not path.exists():
        return {}
    file = read_yaml(path)
    data = {} if file.data is None else file.data
    if file.faults or not isinstance(data, Mapping):
        fault = file.faults[0] if file.faults else "a mapping is expected here."
        raise UserError(f"{path.name}: {fault}", ExitCode.FAULT)
    return data
