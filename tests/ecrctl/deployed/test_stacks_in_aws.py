"""The stacks that AWS returns, and the account that they are read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.deployed.command import save_deployed
from ecrctl.deployed.responses import stacks_in_aws
from ecrctl.errors import UserError
from environments.faults import EnvironmentFault
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.deployed.saved_responses import (
    ACCOUNT,
    arn,
    description,
    nested_description,
    resource,
    template_of,
)

MAIN = template_of("child.nested.template.json")
CHILD = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
# By ID, as a nested stack's name may be used again.
TEMPLATES = {arn("seen-Main"): MAIN, arn("seen-Main-Child-X"): CHILD}
NESTED = resource("Child", arn("seen-Main-Child-X"))
TOPIC = resource("Topic", "topic", "AWS::SNS::Topic")


def get_template(*, StackName: str, TemplateStage: str = "Processed") -> dict[str, Any]:  # noqa: N803
    """Return a template as AWS does: with macros replaced, unless the original is asked for."""
    original = TEMPLATES[StackName]
    body = original if TemplateStage == "Original" else {"Resources": {}, "Processed": True}
    return {"TemplateBody": body}


@pytest.fixture
def seen() -> Aws:
    """Return an account with a stack and its nested stack, each on a page of its own."""
    resources = {arn("seen-Main"): [[TOPIC], [NESTED]], arn("seen-Main-Child-X"): [[TOPIC]]}
    client = StubClient(
        describe_stacks=lambda: [
            {"Stacks": [description("seen-Main")]},
            {"Stacks": [nested_description("seen-Main-Child-X", "seen-Main")]},
        ],
        get_template=get_template,
        list_stack_resources=lambda StackName: [  # noqa: N803 - AWS spells it so
            {"StackResourceSummaries": page} for page in resources[StackName]
        ],
    )
    identity = StubClient(get_caller_identity=lambda: {"Account": ACCOUNT})
    return stub_aws(cloudformation=client, sts=identity)


def test_original_templates_and_nested_stacks_of_every_page_are_read(seen: Aws) -> None:
    main, child = stacks_in_aws("seen", [], seen)
    assert (main.template, main.nested) == (MAIN, {"Child": child.id})
    assert (child.template, child.nested, child.is_nested) == (CHILD, {}, True)


@pytest.fixture
def regions(seen: Aws, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Connect every region to the account, and record the regions that are asked for."""
    asked: list[str] = []

    def connected(region: str) -> Aws:
        asked.append(region)
        return seen

    monkeypatch.setattr(Aws, "from_variables", connected)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return asked


def environment(folder: Path, account: str) -> Path:
    """Write the file of the environment ``seen``."""
    (folder / "seen.yaml").write_text(f'account: "{account}"\nregion: eu-west-1\n')
    return folder


def test_the_region_is_that_of_the_environments_file(
    tmp_path: Path, environments: Path, regions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    environment(environments, ACCOUNT)
    assert save_deployed("seen", environments, tmp_path / "out") == 2
    assert regions == ["eu-west-1"]


def test_the_region_of_an_environment_without_a_file_is_the_configured_one(
    tmp_path: Path, environments: Path, regions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (environments / "seen.yaml").unlink()
    with pytest.raises(UserError) as error:
        save_deployed("seen", environments, tmp_path / "out")
    assert str(error.value) == (
        "the region of 'seen' must be known, and neither its file nor AWS_REGION names it. Set "
        "AWS_REGION."
    )
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert save_deployed("seen", environments, tmp_path / "out") == 2
    assert regions == ["us-east-1"]


def test_the_stacks_of_another_account_are_not_read(
    tmp_path: Path, environments: Path, regions: list[str]
) -> None:
    environment(environments, "111111111111")
    with pytest.raises(UserError) as error:
        save_deployed("seen", environments, tmp_path / "out")
    assert str(error.value) == (
        "the environment 'seen' is in the account 111111111111, but the credentials belong to "
        f"{ACCOUNT}. Choose credentials of 111111111111, such as with AWS_PROFILE."
    )
    assert regions == ["eu-west-1"]


def test_a_file_with_faults_does_not_leave_the_account_unchecked(
    tmp_path: Path, environments: Path, regions: list[str]
) -> None:
    (environments / "seen.yaml").write_text("account: 1\nregion: eu-west-1\n")
    with pytest.raises(
        EnvironmentFault, match=r"environments/seen\.yaml: 1 fault\n  - line 1 column 1, account"
    ):
        save_deployed("seen", environments, tmp_path / "out")
    assert regions == []
