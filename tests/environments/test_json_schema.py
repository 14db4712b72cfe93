"""The JSON Schemas that editors use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from environments.json_schema import DIRECTORY, schemas, text


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_schemas_are_those_of_the_model(name: str) -> None:
    assert (DIRECTORY / name).read_text() == text(schemas()[name]), "run `make snapshot`"


def test_every_file_is_valid_by_the_schema_it_names(environments: Path) -> None:
    files = sorted(environments.glob("*.yaml"))
    assert files
    for file in files:
        first = file.read_text().splitlines()[0]
        schema = json.loads((DIRECTORY / Path(first.partition("$schema=")[2]).name).read_text())
        data: Any = yaml.safe_load(file.read_text())
        jsonschema.validate(data, schema)


def test_the_schema_refuses_an_unknown_setting() -> None:
    with pytest.raises(jsonschema.ValidationError, match="regoin"):
        jsonschema.validate(
            {"account": "1", "region": "a", "regoin": "b"}, schemas()["environment.schema.json"]
        )


def undescribed(schema: object, path: str = "") -> Iterator[str]:
    """Yield the path of every key of a schema that has no description."""
    if isinstance(schema, list):
        for one in schema:
            yield from undescribed(one, path)
    if not isinstance(schema, dict):
        return
    for name, value in schema.get("properties", {}).items():
        if not value.get("description"):
            yield f"{path}/{name}"
    for key, value in schema.items():
        yield from undescribed(value, f"{path}/{key}")


@pytest.mark.parametrize("name", sorted(schemas()))
def test_an_editor_describes_every_key(name: str) -> None:
    assert list(undescribed(schemas()[name])) == []


@pytest.mark.parametrize("name", sorted(schemas()))
def test_descriptions_use_the_words_of_a_file(name: str) -> None:
    assert not re.search(r'"description": "[^"]*\b(True|False|None)\b', text(schemas()[name]))
