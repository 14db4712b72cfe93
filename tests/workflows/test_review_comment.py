"""The step that reviews the assemblies of a pull request, run as a script."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.workflows.test_workflows import FOLDER, steps

# Records its arguments, writes a summary, and ends with the exit code of the test.
ECRCTL = """#!/bin/sh
for one in "$@"; do printf '%s\\n' "$one" >> arguments; done
mkdir -p review
echo "the summary" > review/summary.md
exit "$EXIT_CODE"
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return its output."""
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, name: str) -> str:
    """Add a file in a commit, and return the commit."""
    (folder / name).write_text(name)
    git(folder, "add", name)
    git(folder, "commit", "--quiet", "--message", f"Add {name}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def fork(tmp_path: Path) -> tuple[Path, str, str]:
    """Return a checkout of the default branch, its commit, and a commit that only a fork has."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch", "main")
    base = commit(origin, "one")
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "--quiet", str(origin), str(checkout))
    # GitHub keeps the commits of a fork's pull request outside of the branches.
    git(origin, "checkout", "--quiet", "--detach")
    head = commit(origin, "two")
    git(origin, "update-ref", "refs/pull/4/head", head)
    git(origin, "checkout", "--quiet", "main")
    git(origin, "config", "uploadpack.allowReachableSHA1InWant", "true")
    program = checkout / ".venv" / "bin" / "ecrctl"
    program.parent.mkdir(parents=True)
    program.write_text(ECRCTL)
    program.chmod(0o755)
    return checkout, base, head


def run_step(checkout: Path, head: str, exit_code: int) -> subprocess.CompletedProcess[str]:
    """Run the step as GitHub runs it."""
    (script,) = (
        step["run"] for step in steps(FOLDER / "review-comment.yml") if step.get("name") == "Review"
    )
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=checkout,
        env={
            **os.environ,
            "EXIT_CODE": str(exit_code),
            "GITHUB_STEP_SUMMARY": str(checkout / "step-summary"),
            "GITHUB_TOKEN": "a-token",
            "HEAD_SHA": head,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("exit_code", [0, 3])
def test_the_files_that_a_fork_changes_are_part_of_the_review(
    fork: tuple[Path, str, str], exit_code: int
) -> None:
    checkout, base, head = fork
    done = run_step(checkout, head, exit_code)
    assert done.returncode == 0, done.stderr
    arguments = (checkout / "arguments").read_text().split()
    assert arguments[arguments.index("--commits") + 1] == f"{base}..{head}"
    assert "--no-run" in arguments
    assert not {"--rules", "--acknowledgements"} & {*arguments}
    assert (checkout / "step-summary").read_text() == "the summary\n"
    # The files of the pull request are never checked out.
    assert not (checkout / "two").exists()


def test_rules_and_acknowledgements_are_those_of_the_default_branch(
    fork: tuple[Path, str, str],
) -> None:
    checkout, _, head = fork
    for name in ("review.yaml", "review-acknowledgements.yaml"):
        (checkout / name).write_text(json.dumps({}))
    assert run_step(checkout, head, 0).returncode == 0
    arguments = (checkout / "arguments").read_text().split()
    assert arguments[arguments.index("--rules") + 1] == "review.yaml"
    index = arguments.index("--acknowledgements")
    assert arguments[index + 1] == "review-acknowledgements.yaml"


def test_a_review_that_fails_fails_the_step(fork: tuple[Path, str, str]) -> None:
    checkout, _, head = fork
    assert run_step(checkout, head, 2).returncode == 1
    assert not (checkout / "step-summary").exists()
