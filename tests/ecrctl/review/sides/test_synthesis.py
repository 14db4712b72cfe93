"""The synth of a side: kept for the next review of the same commit, refused templates included."""

from __future__ import annotations

import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk import toolchain
from ecrctl.errors import UserError
from ecrctl.git import copy_commit
from ecrctl.review.sides import sides
from ecrctl.review.sides.projects import SynthCommand
from ecrctl.review.sides.synthesis import MOST_KEPT, App, kept_assembly, synthesise

MANIFEST = '{"version": "53.0.0", "artifacts": {}}'


@dataclass(frozen=True)
class SomeProject:
    """A project in a git repository."""

    repository: Path
    assemblies: Path | None

    @property
    def logs(self) -> Path:
        """Return the folder for logs."""
        return self.repository.parent / "logs"

    def synth_command(self, source: Path) -> SynthCommand:
        """Return the command, which the tests replace."""
        return SynthCommand(folder=source, tools=toolchain.present_tools())


@pytest.fixture
def project(tmp_path: Path) -> SomeProject:
    """Return a project with two commits, of which the first has the tag ``one``."""
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("one", "two"):
        (repository / "file").write_text(name)
        for arguments in (
            *(("init", "--quiet"), ("add", ".")),
            ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", name),
            ("tag", name),
        ):
            subprocess.run(["git", "-C", str(repository), *arguments], check=True)
    return SomeProject(repository, tmp_path / "assemblies")


def app(folder: Path, commit: str | None, *, is_validated: bool = False) -> App:
    """Return an app of a commit in a folder of its own."""
    (folder / "app").mkdir(parents=True, exist_ok=True)
    return App(side="base", folder=folder / "app", commit=commit, is_validated=is_validated)


@pytest.fixture
def synths(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Replace the CDK CLI by one that writes a manifest, and return its arguments."""
    calls: list[list[str]] = []

    def run_cdk(arguments: list[str], **_: Any) -> None:
        calls.append(arguments)
        assembly = Path(arguments[arguments.index("--output") + 1])
        assembly.mkdir()
        (assembly / "manifest.json").write_text(MANIFEST)

    monkeypatch.setattr(toolchain, "run_cdk", run_cdk)
    return calls


def test_an_assembly_is_kept_for_its_commit_and_its_validation(
    project: SomeProject, synths: list[list[str]], tmp_path: Path
) -> None:
    first = app(tmp_path / "first", "one")
    assert kept_assembly(first, project) is None
    synthesise(first, project)
    assert "--no-validation" in synths[0]
    kept = kept_assembly(app(tmp_path / "again", "one"), project)
    assert kept is not None
    assert (kept / "manifest.json").is_file()
    others = (
        app(tmp_path / "other", "two"),
        app(tmp_path / "validated", "one", is_validated=True),
        app(tmp_path / "tree", None),
    )
    for other in others:
        assert kept_assembly(other, project) is None
    synthesise(others[1], project)
    assert "--no-validation" not in synths[1]


def test_nothing_is_kept_of_a_working_tree_or_of_another_app(
    project: SomeProject, synths: list[list[str]], tmp_path: Path
) -> None:
    synthesise(app(tmp_path / "tree", None), project)
    other = SomeProject(project.repository, None)
    synthesise(app(tmp_path / "other", "one"), other)
    assert kept_assembly(app(tmp_path / "again", "one"), other) is None
    assert len(synths) == 2
    assert not (tmp_path / "assemblies").exists()


@pytest.mark.usefixtures("synths")
def test_the_assemblies_that_were_used_last_are_kept(project: SomeProject, tmp_path: Path) -> None:
    assert project.assemblies is not None
    for number in range(MOST_KEPT):
        old = project.assemblies / f"old-{number}"
        old.mkdir(parents=True)
        os.utime(old, (1_000 + number, 1_000 + number))
    synthesise(app(tmp_path / "new", "one"), project)
    names = {one.name for one in project.assemblies.iterdir()}
    assert len(names) == MOST_KEPT
    assert "old-0" not in names
    assert {"old-1", f"old-{MOST_KEPT - 1}"} <= names
    # A second review at the same moment keeps the same.
    synthesise(app(tmp_path / "second", "one"), project)
    assert {one.name for one in project.assemblies.iterdir()} == names


def test_refused_templates_are_no_error_if_they_were_written(
    project: SomeProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written: list[str] = []

    def run_cdk(arguments: list[str], *, log: Path, **_: Any) -> None:
        assembly = Path(arguments[arguments.index("--output") + 1])
        assembly.mkdir()
        for name in written:
            (assembly / name).write_text("{}")
        log.write_text("it failed")
        raise UserError(f"`cdk synth` failed. The end of {log}:")

    monkeypatch.setattr(toolchain, "run_cdk", run_cdk)
    for number, names in enumerate(([], ["manifest.json"], ["validation-report.json"])):
        written[:] = names
        with pytest.raises(UserError) as failed:
            synthesise(app(tmp_path / str(number), None), project)
        log = project.logs / "base.log"
        assert str(failed.value) == f"`cdk synth` failed. The end of {log}:"
        assert log.read_text() == "it failed"
    written[:] = ["manifest.json", "validation-report.json"]
    assert synthesise(app(tmp_path / "refused", None), project).is_dir()


def test_a_kept_side_is_neither_copied_nor_synthesised_again(
    project: SomeProject, synths: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[str] = []

    def copy(repository: Path, commit: str, folder: Path) -> Path:
        copied.append(commit)
        return copy_commit(repository, commit, folder)

    monkeypatch.setattr(sides, "copy_commit", copy)
    for expected in (2, 0):
        copied.clear()
        synths.clear()
        with sides.both_sides("one", "two", project) as (base, head):
            assert (base.commit, head.commit) != (None, None)
        assert (len(copied), len(synths)) == (expected, expected)


def test_other_work_is_done_while_the_sides_are_synthesised(
    project: SomeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_done = threading.Event()

    def run_cdk(arguments: list[str], **_: Any) -> None:
        assert is_done.wait(10)
        assembly = Path(arguments[arguments.index("--output") + 1])
        assembly.mkdir()
        (assembly / "manifest.json").write_text(MANIFEST)

    monkeypatch.setattr(toolchain, "run_cdk", run_cdk)
    with sides.both_sides("one", "two", project, meanwhile=is_done.set):
        assert is_done.is_set()
