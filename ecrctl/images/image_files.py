"""Images in a JSON file, the input of a lifecycle preview."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import AwareDatetime, ConfigDict, ValidationError

from checked_files.fault_text import faults_of
from checked_files.models import validated
from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.files import fault_list, read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImageInFile(ImageRecord):
    """An image in a file; its times are ISO 8601 with a time zone."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    pushed_at: AwareDatetime
    last_pulled_at: AwareDatetime | None = None
    archived_at: AwareDatetime | None = None
    activated_at: AwareDatetime | None = None


def images_from_file(path: Path) -> list[ImageRecord]:
    """Return the images in a JSON file: a list of mappings; raise all faults at once."""
    try:
        images: list[ImageRecord] = validated(list[_ImageInFile], read_json(path))
    except ValidationError as error:
        raise fault_list(path, faults_of(error, _ImageInFile)) from None
    return images
