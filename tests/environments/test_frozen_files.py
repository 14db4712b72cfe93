"""No test depends on the files in ``environments/``, which are their user's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

TESTS = ROOT / "tests"
# The tests of what a user wrote.
USERS = [
    Path(__file__).with_name(name) for name in ("test_shipped_files.py", "test_users_snapshots.py")
]
# The position of the folder among the arguments of each function that has a default for it.
FOLDER_POSITIONS = {
    "environment_names": 0,
    "load_environment": 1,
    "load_environments": 1,
    "pins_path": 1,
    "build_app": None,
}


def reads_of_users_files(source: str) -> Iterator[int]:
    """Yield the lines of a test file that read ``environments/``."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="environments" | "app", names=names):
                if "DIRECTORY" in {name.name for name in names}:
                    yield node.lineno
            case ast.Attribute(value=ast.Name(id="environments"), attr="DIRECTORY"):
                yield node.lineno
            case ast.Call(func=ast.Name(id=name)) if name in FOLDER_POSITIONS:
                if not _passes_folder(node, FOLDER_POSITIONS[name]):
                    yield node.lineno
            case ast.BinOp(left=ast.Name(id="ROOT"), op=ast.Div(), right=ast.Constant(value)):
                if str(value).partition("/")[0] == "environments":
                    yield node.lineno


def _passes_folder(call: ast.Call, position: int | None) -> bool:
    by_position = position is not None and len(call.args) > position
    return by_position or "directory" in {keyword.arg for keyword in call.keywords}


def test_no_test_reads_the_users_environments() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in sorted(TESTS.rglob("*.py"))
        if file not in USERS
        for line in reads_of_users_files(file.read_text())
    ]
    assert found == [], "use tests.support.FROZEN_ENVIRONMENTS or copy_environments()"


@pytest.mark.parametrize(
    "source",
    [
        "from environments import DIRECTORY",
        "environments.DIRECTORY",
        "environment_names()",
        "load_environment('dev')",
        "load_environments(['dev'])",
        "pins_path('dev')",
        "build_app('dev')",
        "ROOT / 'environments' / 'dev.yaml'",
        "ROOT / 'environments/dev.yaml'",
    ],
)
def test_a_read_of_the_users_environments_is_found(source: str) -> None:
    assert list(reads_of_users_files(source)) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "environment_names(folder)",
        "load_environment('dev', folder)",
        "load_environments(directory=folder)",
        "build_app('dev', directory=folder)",
        "tmp_path / 'environments'",
    ],
)
def test_a_read_of_another_folder_is_allowed(source: str) -> None:
    assert list(reads_of_users_files(source)) == []
