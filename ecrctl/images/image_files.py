"""Images in a JSON file, the input of a lifecycle preview."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from checked_files.fault_text import faults_of
from constructs_lib.rules.lifecycle.preview import ImageRecord
from constructs_lib.rules.lifecycle.rule import StorageClass
from ecrctl.files import fault_list, read_json


class _Image(BaseModel):
    """An image in a file; its times are ISO 8601 with a time zone."""

    model_config = ConfigDict(extra="forbid")

    digest: str
    pushed_at: AwareDatetime
    tags: list[str] = []
    last_pulled_at: AwareDatetime | None = None
    archived_at: AwareDatetime | None = None
    activated_at: AwareDatetime | None = None
    storage_class: StorageClass = "standard"
    children: list[str] = []

    def record(self) -> ImageRecord:
        """Return the image as the rules take it."""
        fields = self.model_dump()
        for name in ("tags", "children"):
            fields[name] = tuple(fields[name])
        return ImageRecord(**fields)


_IMAGES: TypeAdapter[list[_Image]] = TypeAdapter(list[Annotated[_Image, Field()]])


def images_from_file(path: Path) -> list[ImageRecord]:
    """Return the images in a JSON file: a list of mappings; raise all faults at once."""
    try:
        images = _IMAGES.validate_python(read_json(path))
    except ValidationError as error:
        raise fault_list(path, faults_of(error, _Image)) from None
    return [image.record() for image in images]
