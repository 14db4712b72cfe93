"""What the embedded AWS does not know, left out of an assembly with all that refers to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws
from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError
from ecrctl.local.left_out import LeftOut, explained, leave_out, unknown_types
from ecrctl.verify.check import MISSING, Check
from tests.ecrctl.aws.stubs import StubClient, stub_aws

UNKNOWN = "AWS::IAM::OIDCProvider"


def resource(type_name: str = "AWS::SNS::Topic", **properties: Any) -> dict[str, Any]:
    """Return a resource."""
    return {"Type": type_name, "Properties": properties}


def stack(folder: Path, name: str, resources: dict[str, Any], **outputs: Any) -> Stack:
    """Return a stack whose template is in a file."""
    template: dict[str, Any] = {"Resources": resources, "Outputs": outputs}
    file = folder / f"{name}.template.json"
    file.write_text(json.dumps(template))
    return Stack(
        name=f"a/{name}", account="1", region="r", template=template, file=file, stack_name=name
    )


def left(one: Stack) -> dict[str, Any]:
    """Return a stack's template as it is written now."""
    template: dict[str, Any] = json.loads(one.file.read_text())
    return template


def test_the_unknown_types_are_those_that_the_embedded_aws_names(aws: Aws) -> None:
    known = ["AWS::ECR::Repository", "AWS::SNS::Topic"]
    assert unknown_types(known, aws) == set()
    assert unknown_types([*known, UNKNOWN, "AWS::A::B"], aws) == {UNKNOWN, "AWS::A::B"}


def test_another_refusal_of_the_embedded_aws_is_one_sentence() -> None:
    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "later"}}, "ValidateTemplate")

    aws = stub_aws(cloudformation=StubClient(validate_template=refuse))
    with pytest.raises(UserError, match=r"^Asking the embedded AWS for its resource types.*later"):
        unknown_types([UNKNOWN], aws)


def test_everything_that_refers_to_a_resource_goes_with_it(aws: Aws, tmp_path: Path) -> None:
    first = stack(
        tmp_path,
        "First",
        {
            "Provider1": resource(UNKNOWN),
            "Role2": resource(Trust={"Fn::GetAtt": ["Provider1", "Arn"]}),
            "Policy3": resource(Role={"Fn::Sub": "${Role2}-suffix"}),
            "After4": {**resource(), "DependsOn": ["Provider1", "Topic5"]},
            "Topic5": resource(),
        },
        Arn6={"Value": {"Ref": "Role2"}, "Export": {"Name": "First:Arn6"}},
        Topic7={"Value": {"Ref": "Topic5"}},
    )
    second = stack(
        tmp_path,
        "Second",
        {
            "Imports8": resource(Role={"Fn::ImportValue": "First:Arn6"}),
            "Reads9": resource(
                Role={"Fn::GetStackOutput": {"StackName": "First", "OutputName": "Arn6"}}
            ),
            # Of another stack, in which this name means something else.
            "Role2": resource(),
            "Same10": resource(Name={"Ref": "Role2"}),
        },
    )
    found = leave_out([first, second], aws)
    assert list(map(str, found)) == [
        "First: Provider1 is left out, because the embedded AWS does not know "
        "AWS::IAM::OIDCProvider.",
        "First: Role2 is left out, because it refers to Provider1.",
        "First: Policy3 is left out, because it refers to Role2.",
        "Second: Imports8 is left out, because it refers to Arn6.",
        "Second: Reads9 is left out, because it refers to Arn6.",
    ]
    assert list(left(first)["Resources"]) == ["After4", "Topic5"]
    # As the CDK writes it, so that a person finds the difference.
    assert first.file.read_text() == json.dumps(left(first), indent=1)
    assert left(first)["Resources"]["After4"]["DependsOn"] == ["Topic5"]
    assert list(left(first)["Outputs"]) == ["Topic7"]
    assert list(left(second)["Resources"]) == ["Role2", "Same10"]


def test_a_custom_resource_whose_function_would_fail_is_left_out(aws: Aws, tmp_path: Path) -> None:
    one = stack(
        tmp_path,
        "Registry",
        {
            "Mounting": resource("Custom::ECRBlobMounting", Value="ENABLED"),
            "Other": resource("Custom::Other"),
        },
    )
    assert list(map(str, leave_out([one], aws))) == [
        "Registry: Mounting is left out, because the embedded AWS does not know "
        "Custom::ECRBlobMounting."
    ]
    assert list(left(one)["Resources"]) == ["Other"]


def test_a_stack_with_known_types_alone_is_not_written_again(aws: Aws, tmp_path: Path) -> None:
    one = stack(tmp_path, "One", {"Topic": {**resource(), "DependsOn": "Other"}})
    before = one.file.read_bytes()
    assert leave_out([one], aws) == []
    assert one.file.read_bytes() == before


def test_only_the_row_in_which_a_left_out_resource_is_missed_is_explained() -> None:
    association = LeftOut(stack="a", logical_id="b", type="AWS::EKS::PodIdentityAssociation")
    missed = Check("role of the Job list", "association", "a", MISSING)
    assert explained(missed, [association]) == Check.not_compared(
        "role of the Job list", "association", "missing; see what is left out"
    )
    for other in (
        Check("repository team/api", "exists", "yes", MISSING),
        Check("role of the Job list", "trust policy", "a", MISSING),
        Check("role of the Job list", "association", "a", "another"),
    ):
        assert explained(other, [association]) == other
    assert explained(missed, []) == missed


def test_a_stack_without_resources_stays_as_it_is(aws: Aws, tmp_path: Path) -> None:
    unknown = stack(tmp_path, "One", {"Provider1": resource(UNKNOWN)})
    file = tmp_path / "None.template.json"
    file.write_text("{}")
    empty = Stack(name="a/None", account="1", region="r", template={}, file=file, stack_name="None")
    assert len(leave_out([unknown, empty], aws)) == 1
    assert left(empty)["Resources"] == {}
