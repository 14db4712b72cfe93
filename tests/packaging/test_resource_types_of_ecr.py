"""The table of ECR's resource types has every property that the library knows, and only those."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import aws_ecr as ecr

import constructs_lib
from environments.json_schema import schemas
from tests.support import ROOT

PAGE = (ROOT / "docs" / "reference" / "resource-types-of-ecr.md").read_text()
ROWS = [
    tuple(cell.strip() for cell in line.split("|")[1:5])
    for line in PAGE.splitlines()
    if line.startswith("| `AWS::")
]
TYPES = {
    one.CFN_RESOURCE_TYPE_NAME: one
    for name, one in vars(ecr).items()
    if name.startswith("Cfn") and hasattr(one, "CFN_RESOURCE_TYPE_NAME")
}


def members(kind: type) -> Iterator[tuple[str, str]]:
    """Yield the properties of a class of the library, each with its type as text."""
    for name, one in inspect.signature(kind.__init__).parameters.items():  # type: ignore[misc]
        if name != "self":
            yield "".join(word.capitalize() for word in name.split("_")), str(one.annotation)


def properties(resource: Any, kind: type, path: str = "") -> Iterator[str]:
    """Yield the places of a type's properties, and of the properties within them."""
    for name, annotation in members(kind):
        place = f"{path}{name}"
        yield place
        for inner in sorted(set(re.findall(rf"{resource.__name__}\.(\w+Property)", annotation))):
            yield from properties(resource, getattr(resource, inner), f"{place}.")


def test_the_table_has_every_property_once() -> None:
    known = [
        (f"`{name}`", f"`{place}`")
        for name, resource in TYPES.items()
        for place in properties(resource, getattr(ecr, f"{resource.__name__}Props"))
    ]
    assert len(known) > 60
    assert sorted((row[0], row[1]) for row in ROWS) == sorted(known)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_the_construct_of_a_row_has_the_argument(row: tuple[str, ...]) -> None:
    found = re.findall(r"`(\w+)\((\w+)=\)`", row[2])
    for name, argument in found:
        assert argument in inspect.signature(getattr(constructs_lib, name).__init__).parameters
    # A property without an argument has a reason.
    assert found or row[2].startswith(("always ", "made "))


def settings() -> set[str]:
    """Return the settings of an environment file, without the depth of their values."""
    schema = schemas()["environment.schema.json"]
    found: set[str] = set()

    def walk(one: Any, path: str, seen: tuple[str, ...]) -> None:
        reference = one.get("$ref", "").removeprefix("#/$defs/")
        if reference:
            if reference not in seen:
                walk(schema["$defs"][reference], path, (*seen, reference))
            return
        for part in ("anyOf", "oneOf", "allOf"):
            for other in one.get(part, ()):
                walk(other, path, seen)
        if "items" in one:
            walk(one["items"], f"{path}[]", seen)
        for name, inner in one.get("properties", {}).items():
            place = f"{path}.{name}".lstrip(".")
            found.add(place)
            walk(inner, place, seen)

    walk(schema, "", ())
    return found


SETTINGS = settings()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_the_file_of_a_row_has_the_setting(row: tuple[str, ...]) -> None:
    texts = re.findall(r"`([^`]+)`", row[3])
    if row[3].startswith("always "):
        return
    parent = texts[0].rpartition(".")[0] if texts else ""
    for text in texts:
        assert text in SETTINGS or f"{parent}.{text}" in SETTINGS, text
    assert texts or row[3] == "made"
