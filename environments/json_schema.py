"""The JSON Schemas by which editors check environment files while they are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from .model.environment import EnvironmentModel, Pins

DIRECTORY = Path(__file__).parent / "schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Give each schema by the name of its file."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        "environment.schema.json": dialect | EnvironmentModel.model_json_schema(),
        "images.schema.json": dialect | TypeAdapter(Pins).json_schema(),
    }


def text(schema: dict[str, Any]) -> str:
    """Give a schema as it is kept."""
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (DIRECTORY / name).write_text(text(schema), encoding="utf-8")
