"""YAML files as plain data in which each key occurs once, with the line of every path."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.rules.faults import Fault

from .reports import LocatedFault, Report

_TEXT = yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG
_MERGE = "tag:yaml.org,2002:merge"
# LibYAML's loader ends the process at some 30,000 levels, where Python would raise an error.
_MOST_LEVELS = 1_000
_MAY_BE_DEEP = re.compile(rf"(?m)^[ ?:-]{{{_MOST_LEVELS},}}")
_STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class _Loader(yaml.CSafeLoader):
    """A loader of plain data that accepts each key once."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001
        """Return a node's value; a value that its type does not have is a fault of the file."""
        try:
            return super().construct_object(node, deep=deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            kind = node.tag.rpartition(":")[2]
            raise _refused(f"the value is no valid {kind}. Write it in quotes", node) from None


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        if key_node.tag != _TEXT:
            is_scalar = isinstance(key_node, yaml.ScalarNode)
            key = f"the key '{key_node.value}'" if is_scalar else "a key"
            raise _refused(f"{key} is not text. Write it in quotes", key_node)
        if key_node.value in seen:
            raise _refused(f"the key '{key_node.value}' occurs twice. Keep one", key_node)
        seen.add(key_node.value)
    return loader.construct_mapping(node, deep=True)


def _refused(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


@dataclass(slots=True)
class YamlFile:
    """A YAML file as far as it could be read: its data, and its faults.

    :param data: plain data; ``None`` for an empty file, and for one that cannot be read.
    """

    path: Path
    data: Any = None
    faults: list[Fault] = field(default_factory=list)
    text: str = ""
    _places: "_Places | None" = field(default=None, repr=False, compare=False)

    def report(self, faults: Iterable[Fault]) -> Report:
        """Return the report of faults, in the order of their lines."""
        places = self._places or _Places(node_of(self.text) if self.text else None)
        self._places = places
        located = (
            LocatedFault(*places.place_of(fault.path), fault.path, fault.message)
            for fault in set(faults)
        )
        return Report(
            f"{self.path.parent.name}/{self.path.name}", tuple(sorted(located, key=_order))
        )


def _order(fault: LocatedFault) -> tuple[int, str, str]:
    return fault.line, fault.path, fault.message


def plain_data(text: str) -> Any:
    """Return the data of a YAML text; an error of PyYAML is raised as it is.

    :raises RecursionError: where lists and mappings are nested too deeply.
    """
    _check_levels(text)
    # The subclass of yaml's safe loader: plain data, no objects.
    return yaml.load(text, Loader=_Loader)  # noqa: S506


def _check_levels(text: str) -> None:
    # The events of a file without many brackets or a long indentation are not worth the time.
    if text.count("[") + text.count("{") < 10 * _MOST_LEVELS and not _MAY_BE_DEEP.search(text):
        return
    levels = 0
    for event in yaml.parse(text, Loader=_Loader):
        levels += isinstance(event, _STARTS) - isinstance(event, _ENDS)
        if levels > _MOST_LEVELS:
            raise RecursionError


def node_of(text: str) -> yaml.Node | None:
    """Return a YAML text as nodes, which have their places in the text."""
    return yaml.compose(text, Loader=_Loader)


def read_yaml(path: Path) -> YamlFile:
    """Read a file; a file that cannot be read has a fault with the reason."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return YamlFile(path, faults=[Fault("", f"cannot read the file: {_in_one_line(error)}")])
    return read_yaml_text(path, text)


def read_yaml_text(path: Path, text: str) -> YamlFile:
    """Read the content of a file, which need not be on the disk."""
    try:
        data = plain_data(text)
        json.dumps(data, default=str)
    except yaml.YAMLError as error:
        message = f"the file is not valid YAML: {_in_one_line(error)}"
    except RecursionError:
        message = "lists and mappings are nested too deeply. Nest fewer in each other."
    except ValueError:
        message = "an anchor cannot contain an alias of itself. Remove the alias."
    else:
        return YamlFile(path, data, text=text)
    return YamlFile(path, faults=[Fault("", message)])


def _in_one_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return (
        f"line {mark.line + 1} column {mark.column + 1}: {problem}"
        if mark
        else " ".join(problem.split())
    )


Place = tuple[int, int]
Children = Mapping[str, tuple[Place, yaml.Node]]


class _Places:
    """The lines and columns of the paths of a file, each mapping and list of which is read once."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._root = root
        self._children: dict[int, Children] = {}

    def place_of(self, path: str) -> Place:
        """Return the place of a path such as ``repositories[3].name``, or of the value around it.

        A path without any place, such as that of a missing setting, has the line 0.
        """
        place, node = (0, 0), self._root
        # A key may contain what separates steps; then the place of the value around it is returned.
        for index, key in _STEP.findall(path):
            child = self._children_of(node).get(f"[{index}]" if index else key)
            if child is None:
                break
            place, node = child
        return place

    def _children_of(self, node: yaml.Node | None) -> Children:
        if id(node) not in self._children:
            self._children[id(node)] = _children(node)
        return self._children[id(node)]


def _children(node: yaml.Node | None) -> Children:
    if isinstance(node, yaml.MappingNode):
        # Of a key that occurs twice, the first counts.
        pairs = reversed(node.value)
        return {str(key.value): (_place(key), value) for key, value in pairs}
    if isinstance(node, yaml.SequenceNode):
        items = enumerate(node.value)
        return {f"[{index}]": (_place(item), item) for index, item in items}
    return {}


def _place(node: yaml.Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
