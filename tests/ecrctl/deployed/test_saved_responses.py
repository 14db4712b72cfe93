"""Saved responses of CloudFormation, written as a cloud assembly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.deployed import responses as deployed_responses
from ecrctl.deployed.command import save_deployed
from ecrctl.deployed.descriptions import Template
from ecrctl.errors import ExitCode, UserError
from environments.faults import EnvironmentFault
from tests.ecrctl.deployed.saved_responses import (
    ACCOUNT,
    REGION,
    Response,
    Responses,
    arn,
    description,
    nested_description,
    resource,
    save_responses,
    template_of,
)

CHILD = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}}
MAIN: Response = (description("seen-Main"), CHILD, [])


def saved(tmp_path: Path, environments: Path, stacks: Responses) -> list[Stack]:
    """Save the environment ``seen`` from responses, and return its stacks."""
    responses = save_responses(tmp_path / "responses", stacks)
    save_deployed("seen", environments, tmp_path / "out", responses)
    return stacks_of(tmp_path / "out")


def files_in(folder: Path) -> set[str]:
    """Return the files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# What every assembly of ``seen`` with the one stack ``seen-Main`` has.
FILES = {
    "manifest.json",
    "deployed.json",
    "assembly-seen/manifest.json",
    "assembly-seen/seen-Main.template.json",
}


def test_settings_and_nested_stacks_are_saved(tmp_path: Path, environments: Path) -> None:
    facts = {
        "Parameters": [{"ParameterKey": "Days", "ParameterValue": "90"}, {"ParameterKey": "Empty"}],
        "Tags": [{"Key": "a", "Value": "b"}],
        "NotificationARNs": ["arn:aws:sns:us-east-1:000000000000:changes"],
        "RoleARN": "arn:aws:iam::000000000000:role/deploy",
    }
    main, child = saved(
        tmp_path,
        environments,
        {
            "seen-too-Other": (description("seen-too-Other"), CHILD, []),
            "seen-Main": (
                description("seen-Main", **facts),
                template_of("seenMainChild.nested.template.json"),
                [resource("Child", arn("seen-Main-Child-X"))],
            ),
            "seen-Main-Child-X": (
                nested_description("seen-Main-Child-X", "seen-Main"),
                json.dumps(CHILD),
                [],
            ),
        },
    )
    assert (main.name, main.stage, main.stack_name) == ("seen/Main", "seen", "seen-Main")
    assert (main.account, main.region, main.is_protected) == (ACCOUNT, REGION, True)
    assert (main.parameters, main.tags) == ({"Days": "90", "Empty": ""}, {"a": "b"})
    assert main.notification_arns == ("arn:aws:sns:us-east-1:000000000000:changes",)
    assert main.execution_role == "arn:aws:iam::000000000000:role/deploy"
    assert (child.name, child.template) == ("seen/Main/Child", CHILD)
    # A nested stack is no stack of its own, and has the one file that its metadata names.
    nested = "assembly-seen/seenMainChild.nested.template.json"
    assert files_in(tmp_path / "out") == FILES | {nested}


def test_settings_that_a_stack_does_not_have_are_empty(tmp_path: Path, environments: Path) -> None:
    facts = description("seen-Main")
    del facts["Tags"], facts["EnableTerminationProtection"]
    (main,) = saved(tmp_path, environments, {"seen-Main": (facts, CHILD, [])})
    assert (main.tags, main.parameters, main.notification_arns) == ({}, {}, ())
    assert (main.is_protected, main.execution_role) == (False, "")


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"])
def test_a_stack_that_deploys_nothing_is_skipped(
    tmp_path: Path, environments: Path, status: str
) -> None:
    stacks = {
        "seen-New": (description("seen-New", StackStatus=status), CHILD, []),
        "seen-Main": MAIN,
    }
    assert [one.name for one in saved(tmp_path, environments, stacks)] == ["seen/Main"]


def test_a_stack_of_an_environment_with_a_similar_name_is_not_saved(
    tmp_path: Path, environments: Path
) -> None:
    others: Responses = {
        name: (description(name), CHILD, []) for name in ("seen-too-Main", "unseen-Main")
    }
    assert saved(tmp_path, environments, others) == []


def test_a_nested_stack_whose_template_no_file_name_is_known_of_is_not_saved(
    tmp_path: Path, environments: Path
) -> None:
    """As a template that the CDK did not write, and a resource that Fn::ForEach creates."""
    child = arn("seen-Main-Child-X")
    template = {
        "Resources": {
            "Plain": {"Type": "AWS::CloudFormation::Stack"},
            "Number": {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": 1}},
            "Fn::ForEach::Each": ["One", ["A", "B"], {}],
        }
    }
    resources = [
        *(resource(one, child) for one in ("Plain", "Number", "Fn::ForEach::Each", "EachA")),
        {"LogicalResourceId": "NotCreated", "ResourceType": "AWS::CloudFormation::Stack"},
    ]
    nested = nested_description("seen-Main-Child-X", "seen-Main")
    (main,) = saved(
        tmp_path,
        environments,
        {
            "seen-Main": (description("seen-Main"), template, resources),
            "seen-Main-Child-X": (nested, CHILD, []),
        },
    )
    assert main.template == template
    assert files_in(tmp_path / "out") == FILES


@pytest.mark.parametrize(
    "path", ["../child.json", "/child.json", "in/child.json", "child.txt", ".json/..", "a\0.json"]
)
def test_metadata_does_not_name_a_file_elsewhere(
    tmp_path: Path, environments: Path, path: str
) -> None:
    resources = [resource("Child", arn("seen-Main-Child-X"))]
    nested = nested_description("seen-Main-Child-X", "seen-Main")
    stacks = {
        "seen-Main": (description("seen-Main"), template_of(path), resources),
        "seen-Main-Child-X": (nested, CHILD, []),
    }
    responses = save_responses(tmp_path / "responses", stacks)
    save_deployed("seen", environments, tmp_path / "out", responses)
    assert files_in(tmp_path / "out") == FILES


@pytest.mark.parametrize("file", ["manifest.json", "seen-Main.template.json"])
def test_a_nested_stack_replaces_no_other_file(
    tmp_path: Path, environments: Path, file: str
) -> None:
    resources = [resource("Child", arn("seen-Main-Child-X"))]
    nested = nested_description("seen-Main-Child-X", "seen-Main")
    stacks = {
        "seen-Main": (description("seen-Main"), template_of(file), resources),
        "seen-Main-Child-X": (nested, CHILD, []),
    }
    with pytest.raises(UserError) as error:
        saved(tmp_path, environments, stacks)
    assert str(error.value) == (
        "the template of the stack seen-Main-Child-X must have a file of its own, got "
        f"'{file}', which is another one's. Deploy the stack with the CDK, which names each file "
        "once."
    )


def test_only_nested_stacks_that_exist_are_saved(tmp_path: Path, environments: Path) -> None:
    """The assembly lacks the file of a nested stack without a response, so no review passes it."""
    resources = [
        resource("Child", arn("seen-Main-Gone-X")),
        # The template of a resource of another type is never saved.
        resource("Other", arn("seen-Main-Child-X"), "Custom::Stack"),
    ]
    template = {
        "Resources": template_of("a.json")["Resources"]
        | template_of("b.json", "Other")["Resources"]
    }
    nested = nested_description("seen-Main-Child-X", "seen-Main")
    stacks = {
        "seen-Main": (description("seen-Main"), template, resources),
        "seen-Main-Child-X": (nested, CHILD, []),
    }
    with pytest.raises(UserError, match=r"a\.json cannot be read: No such file or directory"):
        saved(tmp_path, environments, stacks)
    assert files_in(tmp_path / "out") == FILES


def test_a_template_in_yaml_is_read_as_cloudformation_reads_it(
    tmp_path: Path, environments: Path
) -> None:
    text = "AWSTemplateFormatVersion: 2010-09-09\nResources: {Topic: {Type: AWS::SNS::Topic}}\n"
    (main,) = saved(tmp_path, environments, {"seen-Main": (description("seen-Main"), text, [])})
    assert main.template == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    }


YAML = (
    "the template of the stack seen-Main is YAML with forms that ecrctl does not read, such as "
    "!Ref. Deploy the stack with the CDK, which writes JSON."
)
NO_MAPPING = (
    "the template of the stack seen-Main must be a mapping, with resources by logical ID. "
    "Deploy the stack again, or save the responses again."
)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("Resources: !Ref A", YAML),
        pytest.param("[" * 5_000, YAML, id="deep"),
        ("Resources: {A: !!set {a, b}}", YAML),
        ("&a [*a]", YAML),
        ("only text", NO_MAPPING),
        ([], NO_MAPPING),
        ({"Resources": []}, NO_MAPPING),
    ],
)
def test_a_template_that_cannot_be_read_is_named(
    tmp_path: Path, environments: Path, template: Any, message: str
) -> None:
    with pytest.raises(UserError) as error:
        saved(tmp_path, environments, {"seen-Main": (description("seen-Main"), template, [])})
    assert str(error.value) == message


def test_a_stack_that_is_being_changed_is_not_saved(tmp_path: Path, environments: Path) -> None:
    facts = description("seen-Main", StackStatus="UPDATE_IN_PROGRESS")
    with pytest.raises(UserError) as error:
        saved(tmp_path, environments, {"seen-Main": (facts, CHILD, [])})
    assert str(error.value) == (
        "the stack seen-Main is being changed (UPDATE_IN_PROGRESS). Wait until that has ended."
    )


DESCRIPTION = description("seen-Main")


def test_an_answer_of_another_server_than_aws_is_named() -> None:
    with pytest.raises(UserError) as error:
        deployed_responses._read_as(Template, {}, deployed_responses._AWS)
    assert str(error.value) == (
        "the answer of AWS is not a response of CloudFormation: TemplateBody is missing or not "
        "valid. Check AWS_ENDPOINT_URL and the proxy settings."
    )


@pytest.mark.parametrize(
    ("file", "document", "place"),
    [
        ("stacks.json", [], "the whole"),
        ("stacks.json", {}, "Stacks"),
        ("stacks.json", {"Stacks": {}}, "Stacks"),
        ("stacks.json", {"Stacks": [1]}, "Stacks[0]"),
        ("stacks.json", {"Stacks": [{}]}, "Stacks[0].StackName"),
        ("stacks.json", {"Stacks": [DESCRIPTION | {"StackId": "x"}]}, "Stacks[0].StackId"),
        ("stacks.json", {"Stacks": [DESCRIPTION | {"StackName": "../x"}]}, "Stacks[0].StackName"),
        ("stacks.json", {"Stacks": [DESCRIPTION | {"StackName": ".x"}]}, "Stacks[0].StackName"),
        ("stacks.json", {"Stacks": [DESCRIPTION | {"Tags": [{}]}]}, "Stacks[0].Tags[0].Key"),
        ("templates/seen-Main.json", {"template": {}}, "TemplateBody"),
        ("resources/seen-Main.json", {}, "StackResourceSummaries"),
    ],
)
def test_a_file_that_is_no_response_is_named(
    tmp_path: Path, environments: Path, file: str, document: Any, place: str
) -> None:
    responses = save_responses(tmp_path / "responses", {"seen-Main": MAIN})
    (responses / file).write_text(json.dumps(document))
    with pytest.raises(UserError) as error:
        save_deployed("seen", environments, tmp_path / "out", responses)
    assert str(error.value) == (
        f"{responses / file} is not a response of CloudFormation: {place} is missing or not valid. "
        "Save the responses again."
    )
    assert error.value.exit_code is ExitCode.TOOL_ERROR


def test_a_file_that_is_not_json_is_no_fault_of_the_environment(
    tmp_path: Path, environments: Path
) -> None:
    responses = save_responses(tmp_path / "responses", {"seen-Main": MAIN})
    (responses / "stacks.json").write_text("{")
    with pytest.raises(UserError, match=r"is not JSON: .* Save the responses again\.") as error:
        save_deployed("seen", environments, tmp_path / "out", responses)
    assert error.value.exit_code is ExitCode.TOOL_ERROR


def test_a_folder_with_files_is_not_written_to(tmp_path: Path, environments: Path) -> None:
    """A file of an earlier assembly could be taken for a deployed stack."""
    responses = save_responses(tmp_path / "responses", {"seen-Main": MAIN})
    out = tmp_path / "out"
    out.mkdir()
    assert save_deployed("seen", environments, out, responses) == 1
    with pytest.raises(UserError) as error:
        save_deployed("seen", environments, out, responses)
    assert str(error.value) == f"--out: the folder {out} must be empty. Name another one."


def test_a_name_that_no_stack_begins_with_is_refused(tmp_path: Path, environments: Path) -> None:
    with pytest.raises(EnvironmentFault, match="an environment's name must have up to 40 letters"):
        save_deployed("../seen", environments, tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()
