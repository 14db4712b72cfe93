"""The action that reviews a pull request of any CDK app on GitHub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support import ROOT

BIN = Path(sys.executable).parent
ACTION = ROOT / "distributions" / "review" / "action" / "action.yml"
STEPS = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
# Writes its arguments, and a review as the command does.
PROGRAM = """\
#!/bin/sh
printf '%s\\n' "$@" > arguments
mkdir -p review
echo '**1 finding blocks this change.**' > review/summary.md
echo '{"result": "blocked"}' > review/review.json
exit $CODE
"""


def run_review(folder: Path, code: int, **variables: str) -> tuple[int, list[str], str, str]:
    """Run the step of the review: its exit code, arguments, summary and output."""
    (script,) = (step["run"] for step in STEPS if step.get("name") == "Review")
    program = folder / "bin" / "ecrctl"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    summary, output = folder / "summary", folder / "output"
    summary.touch()
    output.touch()
    given = {"BASE": "origin/main", "HEAD": "", "FAIL_ON": "", "OUT": "review", **variables}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "CODE": str(code),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(output),
            **given,
        },
        check=False,
    )
    arguments = (folder / "arguments").read_text().splitlines()
    return done.returncode, arguments, summary.read_text(), output.read_text()


def test_it_conforms_to_githubs_schema() -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-actions"]
    done = subprocess.run([*command, str(ACTION)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing_unsafe() -> None:
    command = [str(BIN / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic"]
    done = subprocess.run([*command, str(ACTION)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_installs_the_version_of_this_repository() -> None:
    project = ROOT / "distributions" / "review" / "pyproject.toml"
    version = tomllib.loads(project.read_text())["project"]["version"]
    assert yaml.safe_load(ACTION.read_text())["inputs"]["version"]["default"] == version


@pytest.mark.skipif(
    shutil.which("jq") is None, reason="jq, which GitHub's machines have, is not here"
)
@pytest.mark.parametrize("code", [0, 3])
def test_a_review_is_in_the_summary_and_its_result_is_an_output(tmp_path: Path, code: int) -> None:
    assert run_review(tmp_path, code) == (
        code,
        ["review", "--base", "origin/main", "--out", "review"],
        "**1 finding blocks this change.**\n",
        "result=blocked\n",
    )


def test_a_review_that_cannot_be_carried_out_has_no_result(tmp_path: Path) -> None:
    code, _, summary, output = run_review(tmp_path, 2)
    assert (code, summary, output) == (2, "", "")


def test_every_input_is_one_argument(tmp_path: Path) -> None:
    _, arguments, _, _ = run_review(tmp_path, 2, BASE="a b", HEAD="$(id)", FAIL_ON="none")
    assert arguments == [
        *("review", "--base", "a b", "--out", "review"),
        *("--head", "$(id)", "--fail-on", "none"),
    ]
