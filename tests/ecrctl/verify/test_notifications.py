"""Notifications compared with AWS: the target and the pattern of every rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.cdk.assemblies import stacks_of
from ecrctl.verify.check import MISSING, Check
from ecrctl.verify.notifications import check_notifications
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.support import synthesise

FILE = """\
account: "000000000000"
region: us-east-1
repositories: [{name: team/api}]
notifications: {pushes: true}
"""
NAMES = ("Pushes", "BasicScans", "InspectorFindings", "PullThroughFailures", "FailedPulls")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an environment that has notifications, and its cloud assembly."""
    folder = tmp_path_factory.mktemp("notifications")
    (folder / "alerts.yaml").write_text(FILE)
    synthesise(folder, folder / "cdk.out", "alerts")
    return folder


@pytest.fixture
def settings(files: Path) -> EnvironmentSettings:
    """Return the settings of the environment."""
    return load_environment("alerts", files)


@pytest.fixture
def deployed(aws: Aws, files: Path) -> Iterator[dict[str, str]]:
    """Deploy the stack of notifications, and return the names of its rules."""
    (stack,) = [
        stack
        for stack in stacks_of(files / "cdk.out")
        if stack.stack_name == "alerts-Notifications"
    ]
    template = {"Resources": stack.template["Resources"]}
    cloudformation = aws.cloudformation
    cloudformation.create_stack(StackName=stack.stack_name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack.stack_name, WaiterConfig={"Delay": 0}
    )
    summaries = cloudformation.list_stack_resources(StackName=stack.stack_name)
    rules = {
        name: summary["PhysicalResourceId"].rpartition("/")[2]
        for summary in summaries["StackResourceSummaries"]
        for name in NAMES
        if name in summary["LogicalResourceId"]
    }
    yield rules
    cloudformation.delete_stack(StackName=stack.stack_name)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack.stack_name, WaiterConfig={"Delay": 0}
    )


def differing(settings: EnvironmentSettings, aws: Aws) -> list[Check]:
    """Return the checks that differ."""
    return [check for check in check_notifications(settings, aws) if not check.matches]


def test_deployed_notifications_have_no_difference(
    aws: Aws, settings: EnvironmentSettings, deployed: dict[str, str]
) -> None:
    checks = list(check_notifications(settings, aws))
    assert [(check.subject, check.what) for check in checks] == [
        (f"notifications, {name}", what) for name in NAMES for what in ("target", "pattern")
    ]
    assert set(deployed) == set(NAMES)
    assert differing(settings, aws) == []
    assert ":sns:" in checks[0].found


def test_missing_notifications_are_named(aws: Aws, settings: EnvironmentSettings) -> None:
    assert {check.found for check in differing(settings, aws)} == {MISSING}
    assert len(differing(settings, aws)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_pattern_changed_by_hand_is_named(
    aws: Aws, settings: EnvironmentSettings, deployed: dict[str, str], name: str
) -> None:
    pattern = {"source": ["aws.ecr"], "detail-type": ["none"]}
    aws.events.put_rule(Name=deployed[name], EventPattern=json.dumps(pattern), State="ENABLED")
    assert differing(settings, aws) == [
        Check(f"notifications, {name}", "pattern", "as declared", str(pattern))
    ]


def test_a_disabled_rule_is_named(
    aws: Aws, settings: EnvironmentSettings, deployed: dict[str, str]
) -> None:
    aws.events.disable_rule(Name=deployed["Pushes"])
    (check,) = differing(settings, aws)
    assert (check.subject, check.what) == ("notifications, Pushes", "target")
    assert check.found == f"{check.declared}, but disabled"


def test_a_rule_without_its_target_is_named(
    aws: Aws, settings: EnvironmentSettings, deployed: dict[str, str]
) -> None:
    rule = deployed["FailedPulls"]
    targets: Any = aws.events.list_targets_by_rule(Rule=rule)["Targets"]
    aws.events.remove_targets(Rule=rule, Ids=[target["Id"] for target in targets])
    (check,) = differing(settings, aws)
    assert (check.subject, check.found) == ("notifications, FailedPulls", "none")
