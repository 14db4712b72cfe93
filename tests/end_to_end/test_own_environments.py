"""The project after its user has replaced every environment by one of another account."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.commands import copy_project, run
from tests.support import ROOT

MINE = """\
account: "999988887777"
region: ap-southeast-2
repositories: [{name: web/shop, stack: web}]
"""
# The tests that read environments/: the last one proves that no other test does.
READERS = " ".join(
    f"tests/environments/test_{name}.py"
    for name in ("users_snapshots", "shipped_files", "frozen_files")
)
TESTS = f"python -m pytest --quiet -p no:cacheprovider {READERS}"
# Everything is installed, and the copy has the programs of this checkout.
MAKE = "make --assume-old=requirements.txt --assume-old=package-lock.json"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the project with one environment, as a repository of git."""
    folder = copy_project(tmp_path / "project", {"mine.yaml": MINE})
    shutil.rmtree(folder / "environments" / "snapshots", ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=ignored)
    run(folder, "git init --quiet", {})
    return folder


def test_only_the_snapshot_test_fails_and_it_names_the_command_after_which_it_passes(
    project: Path,
) -> None:
    before = run(project, f"{TESTS} || [ $? = 1 ]", {})
    summary = before.splitlines()[-1]
    assert summary.startswith("1 failed, ")
    assert (
        "These templates of environments/ differ from their snapshots: mine/Encryption.json, "
        "mine/Repositories-web.json. If you want these changes, run `make snapshot`, look at the "
        "result with `git diff`, and commit environments/snapshots with your files."
    ) in " ".join(before.split())

    printed = run(project, f"{MAKE} snapshot", {})
    assert "?? environments/snapshots/" in printed
    kept = project / "environments" / "snapshots" / "mine"
    assert '"RepositoryName": "web/shop"' in (kept / "Repositories-web.json").read_text()
    after = run(project, TESTS, {})
    passed = int(summary.removeprefix("1 failed, ").partition(" passed")[0])
    assert after.splitlines()[-1].startswith(f"{passed + 1} passed")
    # The snapshots of this project's own tests are the same as before.
    own, copied = ROOT / "tests" / "snapshots", project / "tests" / "snapshots"
    for file in own.rglob("*.*"):
        assert (copied / file.relative_to(own)).read_bytes() == file.read_bytes()
