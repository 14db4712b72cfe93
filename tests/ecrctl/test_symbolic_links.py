"""The program through a symbolic link, and environment files behind one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ecrctl.local.sample_image import sample_image
from tests.ecrctl.test_exit_codes import HEAD, REPOSITORY
from tests.support import ROOT

PIN = f"{{repository: {REPOSITORY}, digest: '{sample_image().digest}'}}"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a link to a link to the installed program; one of them is relative."""
    launcher = tmp_path / "project" / ".venv" / "bin" / "ecrctl"
    launcher.parent.mkdir(parents=True)
    shutil.copy(ROOT / "ecrctl" / "launcher.sh", launcher)
    launcher.chmod(0o755)
    python = launcher.parent / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for name in ("ecrctl", "environments", "checked_files", "constructs_lib", "stacks"):
        (tmp_path / "project" / name).symlink_to(ROOT / name)
    first, second = tmp_path / "opt" / "ecrctl", tmp_path / "bin dir" / "ecrctl"
    for link in (first, second):
        link.parent.mkdir()
    first.symlink_to(launcher)
    second.symlink_to(Path("..") / "opt" / "ecrctl")
    return second


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """Return a link to a folder with an environment and its pins."""
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "dev.yaml").write_text(f"{HEAD}repositories: [{{name: {REPOSITORY}}}]\n")
    (folder / "dev.images.yaml").write_text(f"old: {PIN}\n")
    link = tmp_path / "link"
    link.symlink_to(folder)
    return link


def ran(program: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program in another folder."""
    return subprocess.run(
        [program, *arguments], cwd=program.parent, capture_output=True, text=True, check=False
    )


def test_the_program_starts_through_links(program: Path) -> None:
    done = ran(program, "--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ecrctl ")


def test_a_link_to_a_folder_of_environments_is_read_and_written(program: Path, link: Path) -> None:
    done = ran(program, "--environments", link, "list", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [one["environment"] for one in json.loads(done.stdout)] == ["dev"]
    done = ran(program, "--environments", link, "unpin", "dev", "old")
    assert done.returncode == 0, done.stderr
    assert "old" not in (link / "dev.images.yaml").read_text()
    account = ("--account", "111111111111", "--region", "us-east-1")
    done = ran(program, "--environments", link, "init", "new", *account)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in link.iterdir() if path.suffix == ".yaml") == [
        "dev.images.yaml",
        "dev.yaml",
        "new.yaml",
    ]
    assert link.is_symlink()


def test_a_file_behind_a_link_stays_a_link(program: Path, link: Path, tmp_path: Path) -> None:
    pins = link / "dev.images.yaml"
    moved = tmp_path / "moved.yaml"
    pins.resolve().rename(moved)
    pins.symlink_to(moved)
    done = ran(program, "--environments", link, "unpin", "dev", "old")
    assert done.returncode == 0, done.stderr
    assert pins.is_symlink()
    assert "old" not in moved.read_text()
