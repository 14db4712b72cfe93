"""Files that commands read and write, and their errors as sentences."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from constructs_lib.rules.faults import Fault

from .errors import ExitCode, UserError

# Deep enough for every template, and shallow enough for every function that calls itself.
MOST_LEVELS = 100
_TOO_DEEP = f"it nests values more than {MOST_LEVELS} levels deep"


@contextmanager
def file_errors(problem: str, cure: str = "") -> Iterator[None]:
    """Raise an error of the file system as a :class:`UserError`.

    :param problem: the beginning of the message, such as ``dev.yaml cannot be written``.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{problem}: {error.strerror}. {cure}".rstrip()) from None


@contextmanager
def called(path: Path, name: str) -> Iterator[None]:
    """Raise errors about a temporary file with a name that means something to the reader.

    :param name: such as ``the image that docker saved``.
    """
    try:
        yield
    except UserError as error:
        if str(path) not in str(error):
            raise
        raise UserError(str(error).replace(str(path), name), error.exit_code) from None


def read_json(file: Path, cure: str = "", *, exit_code: ExitCode = ExitCode.FAULT) -> Any:
    """Return the content of a JSON file.

    :param cure: the end of the message where the content is not JSON.
    :param exit_code: the command's exit code in that case.
    """
    with file_errors(f"{file} cannot be read"):
        content = file.read_bytes()
    try:
        return json_value(content.decode())
    except ValueError as error:
        raise UserError(f"{file} is not JSON: {error}. {cure}".rstrip(), exit_code) from None


def json_value(text: str) -> Any:
    """Return the value of a JSON text.

    :raises ValueError: also for a value that is nested so deeply that functions which call
        themselves could not read it, for numbers that JSON does not have, and for a name with
        which JavaScript changes an object itself.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MOST_LEVELS:
            raise ValueError(_TOO_DEEP)
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                if "__proto__" in one:
                    raise ValueError("it has a key '__proto__', which no template needs")
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        level = [one for one in inner if isinstance(one, dict | list)]
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def fault_list(file: Path, faults: Iterable[Fault]) -> UserError:
    """Return the error that names every fault of a file."""
    lines = "\n".join(f"  - {fault}" for fault in faults)
    return UserError(f"{file}:\n{lines}", ExitCode.FAULT)


def check_folder_of(option: str, file: Path | None) -> None:
    """Raise an error before the work whose result could not be written."""
    if file and not file.parent.is_dir():
        raise UserError(f"{option}: the folder {file.parent} does not exist. Create it first.")
