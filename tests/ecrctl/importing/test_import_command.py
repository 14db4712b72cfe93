"""``ecrctl import`` against the embedded AWS, and the CDK CLI on what it wrote."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.cdk.toolchain import CDK, node_binary, present_tools
from ecrctl.local.emulator import Emulator
from environments.loading import load_environment
from tests.ecrctl.progress import without_progress
from tests.ecrctl.test_cli import ecrctl
from tests.support import ROOT

STATEMENT = {
    "Sid": "Mine",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
    "Action": "ecr:BatchGetImage",
}


@pytest.fixture
def legacy(aws: Aws) -> Iterator[list[str]]:
    """Return the names of repositories that no stack deploys."""
    ecr = aws.ecr
    names = ["legacy/web", *(f"legacy/app-{number}" for number in range(120))]
    for name in names:
        ecr.create_repository(repositoryName=name, tags=[{"Key": "owner", "Value": "web"}])
    policy = {"Version": "2012-10-17", "Statement": [STATEMENT]}
    ecr.set_repository_policy(repositoryName="legacy/web", policyText=json.dumps(policy))
    yield names
    for name in names:
        ecr.delete_repository(repositoryName=name, force=True)


def test_an_account_without_a_file_is_imported_and_the_cdk_takes_the_mapping(
    tmp_path: Path, legacy: list[str], emulator: Emulator
) -> None:
    files, output = tmp_path / "environments", tmp_path / "import"
    files.mkdir()
    result = ecrctl(
        *("--environments", str(files), "import", "adopted", "--output", str(output)),
        variables=emulator.variables(),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "000000000000, us-east-1: " in result.stdout
    settings = load_environment("adopted", output)
    found = {item.name: item for item in settings.repositories}
    assert set(legacy) <= set(found)
    assert found["legacy/web"].spec.statements == (STATEMENT,)
    mapping = output / "adopted-Repositories-main.mapping.json"
    recorded = tmp_path / "recorded.json"
    _cdk_import(output, mapping, recorded, emulator)
    assert json.loads(recorded.read_text()) == json.loads(mapping.read_text())


def _cdk_import(files: Path, mapping: Path, recorded: Path, emulator: Emulator) -> None:
    """Run the CDK CLI, which matches a mapping with a stack and records the match."""
    subprocess.run(
        [
            *(str(node_binary()), str(CDK / "bin" / "cdk"), "import", "adopted/Repositories-main"),
            *("--app", present_tools().app_command(), "--output", str(files / "cdk.out")),
            *("--context", "env=adopted", "--context", f"environments={files}"),
            *("--resource-mapping", str(mapping), "--record-resource-mapping", str(recorded)),
        ],
        cwd=ROOT,
        env=present_tools().environment(emulator.variables()),
        capture_output=True,
        check=True,
    )


def test_credentials_of_another_account_are_refused(environments: Path, emulator: Emulator) -> None:
    result = ecrctl(
        *("--environments", str(environments), "import", "dev"), variables=emulator.variables()
    )
    assert (result.returncode, without_progress(result.stderr)) == (
        2,
        "ecrctl: The environment 'dev' belongs to account 111111111111, got credentials of "
        "account 000000000000. Set AWS_PROFILE to a profile of account 111111111111.\n",
    )


def test_a_new_environment_needs_a_region(tmp_path: Path) -> None:
    result = ecrctl("--environments", str(tmp_path), "import", "new", variables={"HOME": "/"})
    assert (result.returncode, without_progress(result.stderr)) == (
        2,
        "ecrctl: An environment without a file requires a region, and none is configured. "
        "Set AWS_REGION.\n",
    )


def test_a_name_that_no_stack_could_have_is_refused(tmp_path: Path) -> None:
    result = ecrctl("--environments", str(tmp_path), "import", "a/b")
    assert result.returncode == 1
    assert "an environment's name must have up to 40 letters" in result.stderr
