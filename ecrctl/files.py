"""Files that commands read and write, and their errors as sentences."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from constructs_lib.rules.faults import Fault

from .errors import ExitCode, UserError


@contextmanager
def file_errors(problem: str, cure: str = "") -> Iterator[None]:
    """Raise an error of the file system as a :class:`UserError`.

    :param problem: the beginning of the message, such as ``dev.yaml cannot be written``.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{problem}: {error.strerror}. {cure}".rstrip()) from None


def read_json(file: Path, cure: str = "", *, exit_code: ExitCode = ExitCode.FAULT) -> Any:
    """Return the content of a JSON file.

    :param cure: the end of the message where the content is not JSON.
    :param exit_code: the command's exit code in that case.
    """
    with file_errors(f"{file} cannot be read"):
        content = file.read_bytes()
    try:
        return json.loads(content.decode())
    except ValueError as error:
        raise UserError(f"{file} is not JSON: {error}. {cure}".rstrip(), exit_code) from None


def fault_list(file: Path, faults: Iterable[Fault]) -> UserError:
    """Return the error that names every fault of a file."""
    lines = "\n".join(f"  - {fault}" for fault in faults)
    return UserError(f"{file}:\n{lines}", ExitCode.FAULT)
