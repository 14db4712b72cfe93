"""YAML files as plain data; a duplicate key is a fault, and every path has its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from constructs_lib.rules.faults import Fault

_TEXT = yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG
_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.CSafeLoader):
    """A loader of plain data that refuses duplicate keys."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        if key_node.tag != _TEXT:
            raise _refused(f"the key '{key_node.value}' is not text; write it in quotes", key_node)
        if key_node.value in seen:
            raise _refused(f"the key '{key_node.value}' is duplicated; keep one", key_node)
        seen.add(key_node.value)
    return loader.construct_mapping(node, deep=True)


def _refused(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> tuple[Any, list[Fault]]:
    """Return a file's data and no fault, or ``None`` and the fault that prevents reading."""
    try:
        text = path.read_text(encoding="utf-8")
        # The subclass of yaml's safe loader: plain data, no objects.
        return yaml.load(text, Loader=_Loader), []  # noqa: S506
    except yaml.YAMLError as error:
        return None, [Fault("", f"this is not valid YAML: {_in_one_line(error)}")]
    except (OSError, UnicodeDecodeError) as error:
        return None, [Fault("", f"the file cannot be read: {_in_one_line(error)}")]


def _in_one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark else " ".join(problem.split())


def line_of(path: Path, location: tuple[str | int, ...]) -> int | None:
    """Return the line of a value in a file, or of the nearest value around it."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    line: int | None = None
    for step in location:
        child = _child(node, step)
        if child is None:
            break
        line, node = child
    return line


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    return None
