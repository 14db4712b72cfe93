"""The examples in docstrings run, and every construct has one."""

from __future__ import annotations

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


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0


@pytest.mark.parametrize("name", constructs_lib.__all__)
def test_every_public_name_has_a_complete_docstring(name: str) -> None:
    item = getattr(constructs_lib, name)
    assert item.__doc__ is not None
    assert item.__doc__.strip()
    if issubclass(item, Construct):
        assert item.__doc__.startswith("Define ")
        for part in (":param ", ":raises ", "Source", ">>> "):
            assert part in item.__doc__, f"the docstring of {name} has no {part!r}"
    else:
        # A value is what its docstring names: "The number of …".
        assert not item.__doc__.startswith("Define ")
