"""The templates of the files in ``environments/``, as their user last looked at them.

A snapshot is in ``environments/snapshots``. An environment that is as it was shipped has none: its
snapshot is the one in ``tests/snapshots``.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from environments import DIRECTORY
from tests.assemblies import jobs_of, readable, stacks_of
from tests.environments.test_shipped_files import synthesised
from tests.support import ROOT, copy_environments

SNAPSHOTS = DIRECTORY / "snapshots"
SHIPPED = ROOT / "tests" / "snapshots"


def made(assembly: Path) -> dict[str, str]:
    """Return the text of every template and manifest, by the path of its snapshot."""
    templates = {
        f"{stack.environment}/{stack.name}.json": json.dumps(readable(stack.template), indent=2)
        + "\n"
        for stack in stacks_of(assembly)
    }
    return templates | {
        f"{environment}/{name}.yaml": text for environment, name, text in jobs_of(assembly)
    }


def kept(folder: Path) -> dict[str, str]:
    """Return the text of every snapshot in a folder, by its path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def differences(made: dict[str, str], own: dict[str, str], shipped: dict[str, str]) -> list[str]:
    """Return the paths whose text differs from the snapshot, or that have no template any more."""
    changed = {path for path, text in made.items() if own.get(path, shipped.get(path)) != text}
    return sorted(changed | (set(own) - set(made)))


def write(made: dict[str, str], folder: Path, shipped: dict[str, str]) -> None:
    """Write the snapshots that differ from the shipped ones."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in made.items():
        if shipped.get(path) != text:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)


def test_every_template_is_as_its_user_last_looked_at_it(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environments = copy_environments(tmp_path / "environments", DIRECTORY)
    found = made(synthesised(None, environments, tmp_path / "cdk.out"))
    if request.config.option.update_snapshots:
        write(found, SNAPSHOTS, kept(SHIPPED))
    changed = differences(found, kept(SNAPSHOTS), kept(SHIPPED))
    if changed:
        pytest.fail(
            "These templates of environments/ differ from their snapshots: "
            f"{', '.join(changed)}. If you want these changes, run `make snapshot`, look at the "
            "result with `git diff`, and commit environments/snapshots with your files.",
            pytrace=False,
        )


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, ["dev/A.json"]),
        ({"dev/A.json": "new"}, []),
        ({"dev/A.json": "newer"}, ["dev/A.json"]),
        ({"dev/A.json": "new", "old/B.json": "B"}, ["old/B.json"]),
        ({"dev/A.json": "new", "dev/C.json": "own"}, ["dev/C.json"]),
    ],
)
def test_a_snapshot_of_the_user_counts_before_the_shipped_one(
    own: dict[str, str], expected: list[str]
) -> None:
    found = {"dev/A.json": "new", "dev/C.json": "same"}
    shipped = {"dev/A.json": "old", "dev/C.json": "same", "prod/D.json": "D"}
    assert differences(found, own, shipped) == expected


def test_a_template_as_it_was_shipped_gets_no_snapshot_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "B.json").write_text("B")
    write({"dev/A.json": "new", "dev/C.json": "same"}, tmp_path, {"dev/C.json": "same"})
    assert kept(tmp_path) == {"dev/A.json": "new"}
