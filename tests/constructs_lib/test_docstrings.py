"""The examples in docstrings run, and every construct has one."""

from __future__ import annotations

import ast
import doctest
from importlib import import_module
from pathlib import Path

import pytest
from constructs import Construct

import constructs_lib

FOLDER = Path(constructs_lib.__file__).parent
MODULES = sorted(
    ".".join(("constructs_lib", *path.relative_to(FOLDER).with_suffix("").parts))
    for path in FOLDER.rglob("*.py")
    if path.stem != "__init__"
)
VERBS = {"Add", "Allow", "Apply", "Check", "Define", "Keep", "Merge", "Raise", "Return", "Wait"}
VERBS |= {"Write", "Yield"}
NOUNS = {"The", "Whether"}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0


@pytest.mark.parametrize("name", constructs_lib.__all__)
def test_every_public_construct_has_a_complete_docstring(name: str) -> None:
    item = getattr(constructs_lib, name)
    if issubclass(item, Construct):
        for part in (":param ", ":raises ", "Source", ">>> "):
            assert part in item.__doc__, f"the docstring of {name} has no {part!r}"


@pytest.mark.parametrize("name", MODULES)
def test_a_construct_is_defined_and_a_value_is_named(name: str) -> None:
    module = import_module(name)
    for item in vars(module).values():
        if isinstance(item, type) and item.__module__ == name and item.__name__[0] != "_":
            first, _, _ = (item.__doc__ or "").partition(" ")
            if issubclass(item, Construct):
                expected = {"Define"}
            elif issubclass(item, Exception):
                expected = {"Raised"}
            else:
                expected = {"A", "An", "One", "The"}
            assert first in expected, f"the docstring of {item.__name__} begins with {first!r}"


@pytest.mark.parametrize("name", MODULES)
def test_a_function_is_described_by_a_verb_and_a_property_by_a_noun(name: str) -> None:
    tree = ast.parse(Path(str(import_module(name).__file__)).read_text(encoding="utf-8"))
    for item in ast.walk(tree):
        if isinstance(item, ast.FunctionDef) and (text := ast.get_docstring(item)):
            first = text.split()[0].rstrip(",")
            decorators = {ast.unparse(one) for one in item.decorator_list}
            expected = NOUNS if "property" in decorators else VERBS
            assert first in expected, f"the docstring of {item.name} begins with {first!r}"
