"""The JSON Schemas with which editors check environment files while a person writes them."""

import json
from pathlib import Path
from typing import Any

from checked_files.schema import file_schema

from .model.environment import EnvironmentModel
from .model.limits import LIMITS
from .model.repository import Pins

DIRECTORY = Path(__file__).parent / "schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Return each schema by the name of its file."""
    return {
        "environment.schema.json": file_schema(EnvironmentModel, LIMITS),
        "images.schema.json": file_schema(Pins, LIMITS),
    }


def text(schema: dict[str, Any]) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (DIRECTORY / name).write_text(text(schema), encoding="utf-8")
