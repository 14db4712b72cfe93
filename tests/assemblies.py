"""Reading a cloud assembly the way a reviewer would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What a string must look like to be read as a document of its own.
_JSON_STARTS = ("{", "[")
_MANIFEST_START = "apiVersion:"


@dataclass(frozen=True, slots=True)
class Stack:
    """Define a stack of an assembly: its environment, its short name and its template."""

    environment: str
    name: str
    template: dict[str, Any]
    file: Path


def stacks_of(assembly: Path) -> Iterator[Stack]:
    """Give every stack of every stage, in a fixed order."""
    for stage in sorted(assembly.glob("assembly-*")):
        manifest = json.loads((stage / "manifest.json").read_text())
        for artifact in manifest["artifacts"].values():
            if artifact["type"] != "aws:cloudformation:stack":
                continue
            file = stage / artifact["properties"]["templateFile"]
            environment, _, name = artifact["displayName"].partition("/")
            yield Stack(environment, name.split(" ")[0], json.loads(file.read_text()), file)


def jobs_of(assembly: Path) -> Iterator[tuple[str, str, str]]:
    """Give every Job: its environment, its name and the YAML text of its manifest."""
    for stage in sorted(assembly.glob("assembly-*")):
        for file in sorted((stage / "manifests").rglob("*.yaml")):
            yield stage.name.removeprefix("assembly-"), file.stem, file.read_text()


def readable(value: Any) -> Any:
    """Expand documents that a template holds inside strings."""
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, str) and value.startswith(_JSON_STARTS):
        return readable(json.loads(value))
    if isinstance(value, str) and value.startswith(_MANIFEST_START):
        return value.splitlines()
    return value
