"""The pins that a file had before, from git."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from checked_files.models import validated
from checked_files.yaml_files import read_yaml_text
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import file_errors
from ecrctl.git import commits_that_change, file_of_commit, top_folder
from environments.model.repository import PinModel


class EarlierPin(NamedTuple):
    """A pin as a commit has it."""

    pin: PinModel
    commit: str


def previous_pin(path: Path, image: str) -> EarlierPin:
    """Return the newest pin of an image in git that is another one than that of the file now.

    :raises UserError: where git has none.
    """
    with file_errors(f"{path} cannot be read"):
        current = _pin_in(path, path.read_text(encoding="utf-8"), image) if path.exists() else None
    repository = top_folder(path.parent)
    name = path.resolve().relative_to(repository.resolve()).as_posix()
    for commit in commits_that_change(repository, "HEAD", name):
        text = file_of_commit(repository, commit, name)
        pin = _pin_in(path, text or "", image)
        # The digest is what runs; a tag alone is another name of it.
        if pin is not None and (current is None or pin.digest != current.digest):
            return EarlierPin(pin, commit)
    raise UserError(
        f"git has no earlier pin of '{image}' in {path.name}. Name the image with "
        "--repository and --digest instead of --previous.",
        ExitCode.FAULT,
    )


def _pin_in(path: Path, text: str, image: str) -> PinModel | None:
    """Return the pin in a version of the file; ``None`` where it has none that can be used."""
    data: Any = read_yaml_text(path, text).data
    given = data.get(image) if isinstance(data, Mapping) else None
    try:
        pin: PinModel = validated(PinModel, given)
    except ValidationError:
        return None
    return pin if pin.digest else None
