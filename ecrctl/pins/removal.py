"""The work of ``ecrctl unpin``: remove a pin that no workload requires."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checked_files.fault_text import name_hint
from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing.yaml_documents import change_document
from ecrctl.output.documents import UnpinDocument
from environments.faults import EnvironmentFault
from environments.loading import load_environment, pins_path
from environments.reading import read_pins

from .pinning import HEADER


def unpin_image(environment: str, directory: Path, image: str) -> UnpinDocument:
    """Remove a pin, and return what was done.

    :raises UserError: before anything is changed, where there is no such pin, or where the files
        would have faults without it.
    """
    load_environment(environment, directory, with_pins=False)
    path = pins_path(environment, directory)
    known = read_pins(path).names
    if image not in known:
        raise UserError(
            f"{path.name} has no pin '{image}'{name_hint(image, known)}", ExitCode.FAULT
        )
    with tempfile.TemporaryDirectory(prefix="ecrctl-unpin-") as scratch:
        # A report of faults names the folder and the file.
        copy = Path(scratch) / directory.name
        copy.mkdir()
        for file in directory.glob("*.yaml"):
            shutil.copy(file, copy)
        _remove(pins_path(environment, copy), image)
        try:
            load_environment(environment, copy)
        except EnvironmentFault as fault:
            raise UserError(
                f"the pin '{image}' cannot be removed, because the files would have faults "
                f"without it:\n{fault}",
                ExitCode.FAULT,
            ) from None
    _remove(path, image)
    return UnpinDocument(environment=environment, image=image, file=path.name)


def _remove(path: Path, image: str) -> None:
    def without(pins: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: pin for name, pin in pins.items() if name != image}

    change_document(path, without, header=HEADER)
