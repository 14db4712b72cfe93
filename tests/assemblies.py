"""Stacks and Jobs of a cloud assembly, read without the product's own reader.

``ecrctl.cdk.assemblies`` reads the same files. Both are written apart on purpose: a fault of that
reader must not hide itself in the tests of templates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A string that begins so is a document of its own.
_JSON_STARTS = ("{", "[")
_MANIFEST_START = "apiVersion:"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of an assembly: its environment, its short name and its template."""

    environment: str
    name: str
    template: dict[str, Any]
    file: Path


def stacks_of(assembly: Path) -> Iterator[Stack]:
    """Yield every stack of every stage, in a fixed order."""
    for stage in sorted(assembly.glob("assembly-*")):
        manifest = json.loads((stage / "manifest.json").read_text())
        for artifact in manifest["artifacts"].values():
            if artifact["type"] != "aws:cloudformation:stack":
                continue
            file = stage / artifact["properties"]["templateFile"]
            environment, _, name = artifact["displayName"].partition("/")
            yield Stack(environment, name.split(" ")[0], json.loads(file.read_text()), file)


def jobs_of(assembly: Path) -> Iterator[tuple[str, str, str]]:
    """Yield every Job: its environment, its name and the YAML text of its manifest."""
    for stage in sorted(assembly.glob("assembly-*")):
        for file in sorted((stage / "manifests").rglob("*.yaml")):
            yield stage.name.removeprefix("assembly-"), file.stem, file.read_text()


def readable(value: Any) -> Any:
    """Return a template's value with the documents inside its strings expanded."""
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, str) and value.startswith(_JSON_STARTS):
        return readable(json.loads(value))
    if isinstance(value, str) and value.startswith(_MANIFEST_START):
        return value.splitlines()
    return value
