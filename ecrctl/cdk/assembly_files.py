"""The files of a cloud assembly, which another user may have written: read as data, within limits.

No file outside of the assembly is read, and no file can keep the reader busy for long.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from checked_files.fault_text import document_problem
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import file_errors, read_json

# CloudFormation accepts templates of 1 MB, and the CDK may indent them.
MOST_MEGABYTES = 16
_CURE = "Run `cdk synth` again."
_ORIGIN = "Check where the assembly comes from."
Model = TypeVar("Model", bound=BaseModel)


class AssemblyFiles:
    """The files in the folder of an assembly.

    :raises UserError: where an entry of the folder is a link out of it, or no file or folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = folder.resolve()
        for entry in _entries(folder):
            self._check(entry)

    def inside(self, folder: Path, name: str) -> Path:
        """Return the path of a file that another one names, relative to its folder."""
        path = folder / name
        if not self._contains(path):
            raise UserError(
                f"{folder / 'manifest.json'} must not name a file outside of its cloud assembly, "
                f"got '{name}'. {_ORIGIN}"
            )
        return path

    def read(self, file: Path) -> Any:
        """Return the content of a JSON file."""
        with file_errors(f"{file} cannot be read"):
            size = file.stat().st_size
        if size > MOST_MEGABYTES * 1_000_000:
            raise UserError(
                f"{file} must have at most {MOST_MEGABYTES} MB, got {size // 1_000_000} MB. "
                "CloudFormation refuses templates of more than 1 MB: split the stack."
            )
        return read_json(file, _CURE, exit_code=ExitCode.TOOL_ERROR)

    def read_as(self, model: type[Model], file: Path, value: Any, kind: str) -> Model:
        """Return a value of a file as a model.

        :param kind: the kind of the value, such as ``the manifest of a cloud assembly``.
        """
        try:
            return model.model_validate(value)
        except ValidationError as error:
            problem = document_problem(error)
            raise UserError(f"{file} is not {kind}: {problem}. {_CURE}") from None

    def _check(self, entry: os.DirEntry[str]) -> None:
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            if not self._contains(Path(entry.path)):
                raise UserError(
                    f"{entry.path} must not be a link out of its cloud assembly. {_ORIGIN}"
                )
        elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise UserError(f"{entry.path} must be a file or a folder. {_ORIGIN}")

    def _contains(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self._root)
        # A loop of links, or a name that no file can have.
        except (OSError, RuntimeError, ValueError):
            return False


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield every entry below a folder, without following links."""
    waiting = [str(folder)]
    while waiting:
        with file_errors(f"{waiting[-1]} cannot be read"), os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
