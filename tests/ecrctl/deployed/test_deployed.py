"""The stacks that CloudFormation has, compared with what would be deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.cdk.assemblies import Stack
from ecrctl.deployed.command import save_deployed
from ecrctl.local.emulator import Emulator
from ecrctl.review.sides.deployed import aligned
from tests.ecrctl.deployed.saved_responses import ACCOUNT, REGION, description, save_responses
from tests.ecrctl.progress import run_without_progress, without_progress
from tests.ecrctl.review.pairs import write_assembly
from tests.support import ROOT

TEMPLATE: dict[str, Any] = {
    "Description": "Images of Zürich",
    "Parameters": {
        "BootstrapVersion": {"Type": "String", "Default": "/cdk-bootstrap/hnb659fds/version"},
        "Days": {"Type": "String", "Default": "30"},
    },
    "Resources": {
        "Api": {
            "Type": "AWS::ECR::Repository",
            "DeletionPolicy": "Retain",
            "Properties": {
                "RepositoryName": "seen/api",
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "ImageTagMutability": "IMMUTABLE",
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "für alle"}},
    },
}
FACTS = {"account": ACCOUNT, "region": REGION}


@pytest.fixture
def deployed(aws: Aws) -> Iterator[Aws]:
    """Deploy a stack of the environment ``seen``, and one of another."""
    cloudformation = aws.cloudformation
    stacks = {"seen-Repositories-web": TEMPLATE, "unseen-Other": {"Resources": {"Other": TOPIC}}}
    for name, template in stacks.items():
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template, ensure_ascii=True),
            Tags=[{"Key": "team", "Value": "web"}],
            EnableTerminationProtection=False,
        )
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1_000}
        )
    yield aws
    for name in stacks:
        cloudformation.delete_stack(StackName=name)


TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {}}


def head_of(folder: Path, template: Mapping[str, Any] | None, tags: Mapping[str, str]) -> Path:
    """Write what would be deployed."""
    stacks = {} if template is None else {"seen/Repositories-web": template}
    facts = {"seen/Repositories-web": FACTS | {"properties": {"tags": dict(tags)}}}
    other = {"other/Main": {"Resources": {"Other": TOPIC}}}
    return write_assembly(folder, {**stacks, **other}, facts)


def review(emulator: Emulator, head: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Review what would be deployed against the deployed stacks."""
    command = [sys.executable, "-m", "ecrctl", "review"]
    command += ["--base", "deployed:seen", "--head", str(head), "--format", "json", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **emulator.variables()},
        capture_output=True,
        text=True,
        check=False,
    )
    return run_without_progress(done)


def changed(**properties: Any) -> dict[str, Any]:
    """Return the template with other properties of the repository."""
    template = deepcopy(TEMPLATE)
    template["Resources"]["Api"]["Properties"] |= properties
    return template


@pytest.mark.usefixtures("deployed")
def test_stacks_that_are_deployed_already_are_no_change(emulator: Emulator, tmp_path: Path) -> None:
    done = review(emulator, head_of(tmp_path / "head", TEMPLATE, {"team": "web"}))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["result"], found["findings"]) == ("unchanged", [])
    assert without_progress(done.stderr) == ""
    assert found["base"]["label"] == "deployed:seen"


@pytest.mark.usefixtures("deployed")
def test_a_change_is_compared_with_cloudformation(emulator: Emulator, tmp_path: Path) -> None:
    mutable = changed(ImageTagMutability="MUTABLE")
    done = review(emulator, head_of(tmp_path / "head", mutable, {"team": "web"}))
    rules = {one["rule"]: one for one in json.loads(done.stdout)["findings"]}
    assert list(rules) == ["tags-mutable"]
    assert rules["tags-mutable"]["environment"] == "seen"


@pytest.mark.usefixtures("deployed")
def test_a_stack_that_left_the_app_is_found_by_its_name(emulator: Emulator, tmp_path: Path) -> None:
    done = review(emulator, head_of(tmp_path / "head", None, {}))
    assert done.returncode == 3, done.stderr
    assert "repository-removed" in {one["rule"] for one in json.loads(done.stdout)["findings"]}


def test_a_fault_in_the_environments_file_is_2_in_a_review(
    emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "seen.yaml").write_text("account: 1\n")
    command = [sys.executable, "-m", "ecrctl", "--environments", str(tmp_path), "review"]
    done = subprocess.run(
        [*command, "--base", "deployed:seen"],
        env={**os.environ, **emulator.variables()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "account: text is expected here" in done.stderr


def test_an_environment_without_stacks_is_a_first_deployment(
    emulator: Emulator, tmp_path: Path
) -> None:
    done = review(emulator, head_of(tmp_path / "head", TEMPLATE, {}))
    assert done.returncode == 0
    assert without_progress(done.stderr) == (
        "ecrctl: CloudFormation has no stack of 'seen': this is a first deployment.\n"
    )
    assert "is new" in done.stdout


def asked_of_aws(template: Any) -> Any:
    """Return a template as GetTemplate does: every other character is a question mark."""
    text = json.dumps(template, ensure_ascii=False)
    return json.loads(text.encode("ascii", errors="replace"))


def test_characters_that_cloudformation_does_not_return_are_no_change(
    tmp_path: Path, environments: Path
) -> None:
    facts = description("seen-Repositories-web", EnableTerminationProtection=False)
    facts["Parameters"] = [{"ParameterKey": "Days", "ParameterValue": "90"}]
    responses = save_responses(
        tmp_path / "responses",
        {"seen-Repositories-web": (facts, asked_of_aws(TEMPLATE), [])},
    )
    save_deployed("seen", environments, tmp_path / "out", responses)
    head = head_of(tmp_path / "head", TEMPLATE, {})
    command = [sys.executable, "-m", "ecrctl", "review", "--base", str(tmp_path / "out")]
    command += ["--head", str(head)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        0,
        "No changes: both sides deploy exactly the same.\n",
    )
    assert without_progress(done.stderr) == (
        "ecrctl: 2 values contain characters other than ASCII, which CloudFormation returns as "
        "'?': a change among these characters alone is not found.\n"
    )
    other = changed(RepositoryName="seen/other")
    command[-1] = str(head_of(tmp_path / "changed", other, {}))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3


def stack(**fields: Any) -> Stack:
    """Return a stack of the environment."""
    given: dict[str, Any] = {
        "name": "seen/Main",
        "stage": "seen",
        "stack_name": "seen-Main",
        "account": ACCOUNT,
        "region": REGION,
        "template": TEMPLATE,
    }
    return Stack(**given | fields)


def test_facts_that_only_one_side_knows_are_no_change() -> None:
    role = "role/cdk-hnb659fds-cfn-exec-role-000000000000-us-east-1"
    deployed = stack(
        execution_role=f"arn:aws:iam::{ACCOUNT}:{role}",
        parameters={"Days": "90", "BootstrapVersion": "/cdk-bootstrap/hnb659fds/version"},
    )
    head = stack(
        execution_role=f"arn:${{AWS::Partition}}:iam::{ACCOUNT}:{role}",
        assets={"a": Path("asset.a")},
    )
    found = aligned("seen", [deployed], [head])
    (base,), (after,) = found.base, found.head
    assert base.settings == after.settings
    assert base.assets == after.assets
    # A deployment keeps the value of a parameter, and replaces it where the app gives one.
    assert after.parameters["Days"] == "90"
    (after,) = aligned("seen", [deployed], [stack(parameters={"Days": "7"})]).head
    assert after.parameters["Days"] == "7"
    other = stack(execution_role="arn:aws:iam::000000000000:role/other")
    (base,) = aligned("seen", [deployed], [other]).base
    assert base.execution_role != other.execution_role
