"""A pytest plugin that records which test executes which line.

What a shared fixture executes counts for every test that uses it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutation.worker import name_of_fixture

_fixtures: dict[str, list[str]] = {}
_shared: dict[str, tuple[str, str]] = {}


def _switch(context: str) -> str:
    measuring = coverage.Coverage.current()
    assert measuring is not None
    measuring.switch_context(context)
    # Programs that a test starts record their lines under the same name.
    before, os.environ["MUTATION_CONTEXT"] = os.environ.get("MUTATION_CONTEXT", ""), context
    return before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Record what a test executes."""
    _fixtures[item.nodeid] = list(getattr(item, "fixturenames", []))
    before = _switch(item.nodeid)
    result = yield
    _switch(before)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
    """Record what a shared fixture executes."""
    if fixturedef.scope == "function":
        return (yield)
    name = name_of_fixture(fixturedef)
    _shared[name] = (fixturedef.baseid, fixturedef.argname)
    before = _switch(name)
    try:
        return (yield)
    finally:
        _switch(before)


def pytest_sessionfinish() -> None:
    """Write the shared fixtures of each test, and which installed modules were imported."""
    fixtures = {
        test: [
            name
            for name, (place, argument) in _shared.items()
            if argument in arguments and test.startswith(place)
        ]
        for test, arguments in _fixtures.items()
    }
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    installed = sorted(name for name, file in files.items() if "site-packages" in (file or ""))
    record = Path(os.environ["MUTATION_RECORD"])
    record.write_text(json.dumps({"fixtures": fixtures, "modules": installed}))
