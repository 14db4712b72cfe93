"""Values of intrinsic functions before a deployment: known ones, and one form for the others."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.resolution.canonical import is_decided
from ecrctl.review.resolution.templates import resolved

ACCOUNT, REGION = "111111111111", "us-west-2"
ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/api"
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "prod"},
        "Open": {"Type": "String"},
        "Count": {"Type": "Number", "Default": 3},
        "Names": {"Type": "CommaDelimitedList", "Default": "api, web"},
        "None": {"Type": "CommaDelimitedList", "Default": ""},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"},
        "Secret": {"Type": "String", "Default": "hidden", "NoEcho": True},
    },
    "Mappings": {"Settings": {"prod": {"days": 30, "names": ["a", "b"]}}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsTest": {"Fn::Not": [{"Condition": "IsProd"}]},
        "IsOpen": {"Fn::Equals": [{"Ref": "Open"}, "yes"]},
        "Either": {"Fn::Or": [{"Condition": "IsOpen"}, {"Condition": "IsProd"}]},
        "Both": {"Fn::And": [{"Condition": "IsOpen"}, {"Condition": "IsTest"}]},
        "Same": {"Fn::Equals": [{"Ref": "Open"}, {"Ref": "Open"}]},
        "Circle": {"Fn::Not": [{"Condition": "Circle"}]},
        "Number": {"Fn::Equals": [{"Ref": "Count"}, "3"]},
    },
    "Resources": {
        "Api": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "team/api"}},
        "Own": {"Type": "AWS::ECR::Repository", "Properties": {}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app", "Path": "/ci/"}},
        "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"ManagedPolicyName": "p"}},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b"}},
        "Unnamed": {"Type": "AWS::S3::Bucket"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
        "One": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Two"}}},
        "Two": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "One"}}},
    },
}
OPEN = {"Fn::Parameter": ["Open"]}


def stack_with(value: Any, **facts: Any) -> Stack:
    """Return a stack with a resource that has a value as its only property."""
    resources = {**TEMPLATE["Resources"], "It": {"Type": "X::Y::Z", "Properties": {"Value": value}}}
    given = {
        "name": "dev/Web",
        "account": ACCOUNT,
        "region": REGION,
        "stack_name": "dev-Web",
        "template": {**TEMPLATE, "Resources": resources},
    }
    return Stack(**{**given, **facts})


def value_of(value: Any, *others: Stack, **facts: Any) -> Any:
    """Return a value resolved."""
    stack, *_ = resolved([stack_with(value, **facts), *others])
    return stack.template["Resources"]["It"]["Properties"].get("Value", "left out")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "AWS::Region"}, REGION),
        ({"Ref": "AWS::StackName"}, "dev-Web"),
        ({"Ref": "AWS::NoValue"}, "left out"),
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "Count"}, "3"),
        ({"Ref": "Names"}, ["api", "web"]),
        ({"Ref": "None"}, []),
        ({"Ref": "Api"}, "team/api"),
        ({"Ref": "Policy"}, f"arn:aws:iam::{ACCOUNT}:policy/p"),
        ({"Fn::GetAtt": ["Api", "Arn"]}, ARN),
        ({"Fn::GetAtt": "Api.Arn"}, ARN),
        (
            {"Fn::GetAtt": ["Api", "RepositoryUri"]},
            f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/api",
        ),
        ({"Fn::GetAtt": ["Role", "Arn"]}, f"arn:aws:iam::{ACCOUNT}:role/ci/app"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::b"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1, True]]}, "a-prod-1-true"),
        ({"Fn::Join": [",", {"Ref": "Names"}]}, "api,web"),
        ({"Fn::Sub": "${Stage}/${Api.Arn}/${!Literal}"}, f"prod/{ARN}/${{Literal}}"),
        ({"Fn::Sub": ["${A}-${Stage}", {"A": {"Ref": "Count"}}]}, "3-prod"),
        ({"Fn::Select": [1, {"Ref": "Names"}]}, "web"),
        ({"Fn::Select": ["0", {"Fn::Split": ["/", {"Ref": "Api"}]}]}, "team"),
        ({"Fn::Select": [4, {"Fn::Split": [":", {"Fn::GetAtt": ["Own", "Arn"]}]}]}, ACCOUNT),
        ({"Fn::FindInMap": ["Settings", {"Ref": "Stage"}, "days"]}, 30),
        ({"Fn::FindInMap": ["Settings", "dev", "days", {"DefaultValue": 7}]}, 7),
        ({"Fn::Select": [1, {"Fn::FindInMap": ["Settings", "prod", "names"]}]}, "b"),
        ({"Fn::If": ["IsProd", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsTest", "yes", {"Ref": "AWS::NoValue"}]}, "left out"),
        ({"Fn::If": ["Either", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Both", "yes", "no"]}, "no"),
        ({"Fn::If": ["Same", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Number", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsOpen", "same", "same"]}, "same"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::Length": {"Ref": "Names"}}, 2),
        ({"Fn::ToJsonString": {"a": [{"Ref": "Stage"}]}}, '{"a":["prod"]}'),
        ([{"Fn::If": ["IsTest", 1, {"Ref": "AWS::NoValue"}]}, 2], [2]),
    ],
    ids=str,
)
def test_a_value_that_the_template_determines_is_resolved(value: Any, expected: Any) -> None:
    assert value_of(value) == expected
    assert is_decided(value_of(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Open"}, OPEN),
        ({"Ref": "Missing"}, {"Fn::Parameter": ["Missing"]}),
        ({"Ref": "Stored"}, "{{resolve:ssm:/image}}"),
        ({"Ref": "Secret"}, {"Fn::Parameter": ["Secret", "e564b4081d7a"]}),
        ({"Fn::Sub": "a/${Open}"}, {"Fn::Join": ["", ["a/", OPEN]]}),
        ({"Fn::Join": ["/", ["a", {"Ref": "Open"}]]}, {"Fn::Join": ["", ["a/", OPEN]]}),
        ({"Fn::Sub": "${Open}"}, OPEN),
        (
            {"Fn::If": ["IsOpen", "yes", {"Ref": "AWS::NoValue"}]},
            {"Fn::If": [{"Fn::Equals": [OPEN, "yes"]}, "yes", {"Ref": "AWS::NoValue"}]},
        ),
        ({"Fn::Split": ["/", {"Ref": "Open"}]}, {"Fn::Split": ["/", OPEN]}),
        ({"Fn::GetAZs": {"Ref": "AWS::Region"}}, {"Fn::GetAZs": REGION}),
        ({"Fn::ImportValue": {"Fn::Sub": "${Stage}-x"}}, {"Fn::ImportValue": "prod-x"}),
        ({"Fn::Cidr": ["10.0.0.0/16", {"Ref": "Open"}, 8]}, {"Fn::Cidr": ["10.0.0.0/16", OPEN, 8]}),
        ({"Fn::Select": [4, {"Fn::Split": [":", {"Ref": "Open"}]}]},
         {"Fn::Select": ["4", {"Fn::Split": [":", OPEN]}]}),
        ({"Fn::Select": [4, {"Fn::Split": ["/", {"Fn::GetAtt": ["Own", "Arn"]}]}]},
         {"Fn::Select": ["4", {"Fn::Split": ["/", {"Fn::GetAtt": ["Own", "Arn"]}]}]}),
        ({"Fn::FindInMap": ["Settings", {"Ref": "Open"}, "days", {"DefaultValue": 7}]},
         {"Fn::FindInMap": ["Settings", OPEN, "days", {"DefaultValue": 7}]}),
        ({"Fn::Transform": {"Name": "M"}}, {"Fn::Transform": {"Name": "M"}}),
        ({"Fn::If": ["Circle", 1, 2]}, {"Fn::If": [{"Fn::Not": [{"Condition": "Circle"}]}, 1, 2]}),
        ({"Fn::FindInMap": ["Settings", {"Ref": "Open"}, "days"]},
         {"Fn::FindInMap": ["Settings", OPEN, "days"]}),
    ],
    ids=str,
)  # fmt: skip
def test_what_only_the_deployment_knows_has_one_form(value: Any, expected: Any) -> None:
    assert value_of(value) == expected
    assert not is_decided(value_of(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::Sub": "${Own}"}, {"Ref": "Own"}),
        ({"Ref": "Queue"}, {"Ref": "Queue"}),
        ({"Ref": "One"}, {"Ref": "One"}),
        ({"Fn::Join": ["", [{"Fn::Join": ["", ["a", {"Ref": "Own"}]]}, "b"]]},
         {"Fn::Join": ["", ["a", {"Ref": "Own"}, "b"]]}),
        ({"Fn::GetAtt": "Unnamed.Arn"}, {"Fn::GetAtt": ["Unnamed", "Arn"]}),
    ],
    ids=str,
)  # fmt: skip
def test_a_reference_to_a_resource_is_decided(value: Any, expected: Any) -> None:
    assert value_of(value) == expected
    assert is_decided(value_of(value))


def test_a_place_that_is_chosen_at_deployment_stays_a_reference() -> None:
    facts = {"account": "unknown-account", "region": "unknown-region"}
    assert value_of({"Ref": "AWS::Region"}, **facts) == {"Ref": "AWS::Region"}
    assert value_of({"Fn::GetAtt": ["Role", "Arn"]}, **facts) == {
        "Fn::Join": [
            "",
            [
                "arn:",
                {"Ref": "AWS::Partition"},
                ":iam::",
                {"Ref": "AWS::AccountId"},
                ":role/ci/app",
            ],
        ]
    }


def test_given_parameters_replace_defaults() -> None:
    assert value_of({"Ref": "Stage"}, parameters={"Stage": "test"}) == "test"
    assert value_of({"Fn::If": ["IsProd", 1, 2]}, parameters={"Stage": "test"}) == 2


def other(outputs: dict[str, Any], **facts: Any) -> Stack:
    """Return another stack with a repository of its own and outputs."""
    resources = {"Repo": {"Type": "AWS::ECR::Repository", "Properties": {}}}
    given = {
        "name": "dev/Other",
        "account": ACCOUNT,
        "region": REGION,
        "stack_name": "dev-Other",
        "template": {"Resources": resources, "Outputs": outputs},
    }
    return Stack(**{**given, **facts})


EXPORT = {"Export": {"Name": {"Fn::Sub": "${AWS::StackName}-x"}}}


def test_strong_and_weak_references_to_another_stack_are_the_same() -> None:
    there = other({"X": {"Value": {"Fn::GetAtt": ["Repo", "Arn"]}, **EXPORT}})
    strong = value_of({"Fn::ImportValue": "dev-Other-x"}, there)
    weak = value_of({"Fn::GetStackOutput": {"StackName": "dev-Other", "OutputName": "X"}}, there)
    assert strong == weak == {"Fn::GetAtt": ["dev-Other|Repo", "Arn"]}


def test_an_export_of_another_region_is_not_imported() -> None:
    there = other({"X": {"Value": "a", **EXPORT}}, region="eu-west-1")
    value = {"Fn::ImportValue": "dev-Other-x"}
    assert value_of(value, there) == value
    weak = {"StackName": "dev-Other", "OutputName": "X"}
    assert value_of({"Fn::GetStackOutput": weak}, there) == {"Fn::GetStackOutput": weak}
    assert value_of({"Fn::GetStackOutput": {**weak, "Region": "eu-west-1"}}, there) == "a"


def test_a_nested_stack_gets_its_parameters_and_returns_its_outputs() -> None:
    nested = other(
        {"X": {"Value": {"Fn::Sub": "${Given}-x"}}, "Own": {"Value": {"Ref": "Repo"}},
         "Back": {"Value": {"Ref": "Mine"}}},
        stack_name="dev-Web/It", name="dev/Web/It",
    )  # fmt: skip
    nested.template["Parameters"] = {"Given": {"Type": "String"}, "Mine": {"Type": "String"}}
    parent = stack_with("")
    parent.template["Resources"]["It"] = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"Parameters": {"Given": {"Ref": "Stage"}, "Mine": {"Ref": "Own"}}},
    }
    parent.template["Resources"]["User"] = {
        "Type": "X::Y::Z",
        "Properties": {
            name: {"Fn::GetAtt": ["It", f"Outputs.{name}"]} for name in ("X", "Own", "Back")
        },
    }
    found = resolved([parent, nested])[0].template["Resources"]["User"]["Properties"]
    assert found == {"X": "prod-x", "Own": {"Ref": "dev-Web/It|Repo"}, "Back": {"Ref": "Own"}}


def test_loops_are_expanded() -> None:
    body = {
        "Repo${Name}": {"Type": "X::Y::Z", "Properties": {"Value": {"Fn::Sub": "team/${Name}"}}},
        "Plain&{Name}": {"Type": "X::Y::Z", "Properties": {"Value": {"Ref": "Name"}}},
    }
    stack = stack_with("")
    stack.template["Resources"] = {
        "Fn::ForEach::Repositories": ["Name", ["a-b", {"Ref": "Stage"}], body],
        "Fn::ForEach::Unknown": ["Name", {"Ref": "Open"}, body],
    }
    found = resolved([stack])[0].template["Resources"]
    assert [*found] == ["Repoa-b", "Plainab", "Repoprod", "Plainprod", "Fn::ForEach::Unknown"]
    assert found["Repoa-b"]["Properties"]["Value"] == "team/a-b"
    assert found["Plainab"]["Properties"]["Value"] == "a-b"


def conditional(condition: str) -> Any:
    """Return what a resource with a condition is resolved to; ``None`` if it is left out."""
    stack = stack_with("")
    stack.template["Resources"]["It"]["Condition"] = condition
    found = resolved([stack])[0].template["Resources"].get("It")
    return found and found.get("Condition", "always")


def test_a_resource_whose_condition_is_not_met_is_left_out() -> None:
    assert conditional("IsTest") is None
    assert conditional("Same") == "always"
    # Another deployment can choose another value of a parameter.
    assert conditional("IsProd") == {"Fn::Equals": [{"Fn::Parameter": ["Stage"]}, "prod"]}
    assert conditional("IsOpen") == {"Fn::Equals": [OPEN, "yes"]}
    assert conditional("Missing") == {"Condition": "Missing"}


def test_the_template_as_it_is_written_is_kept() -> None:
    stack = stack_with({"Ref": "Stage"})
    found = resolved([stack])[0]
    assert found.as_written == stack.template
    assert found.template["Resources"]["It"]["Properties"] == {"Value": "prod"}
