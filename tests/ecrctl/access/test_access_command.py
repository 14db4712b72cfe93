"""``ecrctl access`` as a process: its formats, and the policies that other accounts must add."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from tests.ecrctl.progress import without_progress
from tests.support import ROOT


def test_the_command_writes_json(environments: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "registry", "--format", "json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(result.stdout)["grants"]
    assert {item["repository"] for item in found} == {"aws-nodejs-sample"}
    assert {item["verb"] for item in found} == {"pull", "push"}


def test_the_command_writes_the_policies_that_other_accounts_must_add(
    environments: Path, tmp_path: Path
) -> None:
    file = tmp_path / "required.json"
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "registry", "--required-grants", str(file)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    arn = "arn:aws:ecr:us-west-2:444444444444:repository/aws-nodejs-sample"
    found = json.loads(file.read_text())
    assert found["account 333333333333"] == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": list(PULL_ACTIONS), "Resource": [arn]},
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        ],
    }
    owners = ", ".join(found)
    assert (
        f"{len(found)} owners must add a policy: {owners}. The policies are in {file}."
        in result.stdout
    )


def test_all_environments_are_shown_when_none_is_named(environments: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "--format", "markdown"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [line for line in result.stdout.splitlines() if line.startswith("###")]
    declared = ("article", "dev", "local", "registry")
    assert shown == [
        *(f"### {name}: access to repositories" for name in declared),
        "### Roles with which GitHub Actions pushes",
    ]
    role = "arn:aws:iam::111111111111:role/dev.us-west-2.push.acme.aws-nodejs-sample@main"
    assert result.stdout.endswith(
        f"| dev | repo:acme/aws-nodejs-sample:ref:refs/heads/main | {role} |\n"
    )
    # Environments are joined: the role in prod pulls from the repository that registry declares.
    pulls = [line for line in result.stdout.splitlines() if "role prod/EcsWorkloads" in line]
    assert pulls[0].startswith("| aws-nodejs-sample | pull |")


def test_a_file_in_no_folder_is_refused_before_the_synth(
    environments: Path, tmp_path: Path
) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "registry", "--required-grants", str(tmp_path / "no" / "file")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert without_progress(result.stderr) == (
        f"ecrctl: --required-grants: the folder {tmp_path / 'no'} does not exist. "
        "Create it first.\n"
    )
