"""Fixtures of all tests, and the variables that are set before the CDK is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.cdk.toolchain import node_binary

# jsii starts whatever node is on the path. Tests run in a shell where nothing was activated.
os.environ["JSII_NODE"] = str(node_binary())
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
# The terminal in which the tests run decides about no output. GNU Readline, which pytest imports,
# has set COLUMNS for the processes that the tests start, and Python does not know it.
for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(name, None)
    os.unsetenv(name)


@pytest.fixture(autouse=True)
def unchanged_variables() -> Iterator[None]:
    """Fail a test that leaves another environment variable behind, and restore the variables.

    Two ``MonkeyPatch`` that are undone in the wrong order leave one; a later test of the same
    process then finds credentials that nobody gave it.
    """
    before = dict(os.environ)
    yield
    after = dict(os.environ)
    os.environ.clear()
    os.environ.update(before)
    for variables in (before, after):
        variables.pop("PYTEST_CURRENT_TEST", None)
    assert after == before


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the frozen environments, ``local`` with the pin of the sample image."""
    from tests.support import copy_environments

    return copy_environments(tmp_path_factory.mktemp("files") / "environments")


@pytest.fixture(scope="session")
def assembly(environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cloud assembly of the frozen environments."""
    from tests.support import synthesise

    return synthesise(environments, tmp_path_factory.mktemp("assembly") / "cdk.out")
