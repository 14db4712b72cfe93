"""Resources compared with their template, with scripted answers of AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecrctl.verify.check import MISSING, NOT_RETURNED, Check
from ecrctl.verify.stacks.comparison import check_resource, check_stack
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import NO_STACK, always, missing

from .scripted import (
    NAME,
    STACK_ID,
    aws_with,
    cloudformation_with,
    deployed,
    differing,
    stack_with,
    unknown,
)

TOPIC_ARN = "arn:aws:sns:us-west-2:111111111111:alerts"
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alerts"}}
POLICY: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
OF_TOPIC = {
    "Type": "AWS::SNS::TopicPolicy",
    "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": POLICY},
}
NO_TOPIC = missing("GetTopicAttributes", "NotFound")
SUBJECT = f"{NAME}: Topic"


def sns_with(**attributes: str) -> StubClient:
    """Return a client of an account with one topic."""
    topic = {"TopicArn": TOPIC_ARN, "FifoTopic": "false", **attributes}
    return StubClient(
        get_topic_attributes=always({"Attributes": topic}),
        list_tags_for_resource=always({"Tags": []}),
    )


def checks_of(
    resources: dict[str, Any],
    cloudformation: StubClient,
    *,
    is_emulated: bool = False,
    **clients: StubClient,
) -> list[Check]:
    """Return the checks of the resources of a stack."""
    aws = aws_with(is_emulated=is_emulated, cloudformation=cloudformation, **clients)
    with deployed(aws, stack_with(resources)) as stack:
        return [check for one in stack.resources for check in check_resource(one)]


def topic_checks(
    properties: dict[str, Any], sns: StubClient, *, is_emulated: bool = False, **stack: Any
) -> list[Check]:
    """Return the checks of one topic."""
    topic = {**TOPIC, "Properties": {**TOPIC["Properties"], **properties}}  # type: ignore[dict-item]
    cloudformation = cloudformation_with({"Topic": TOPIC_ARN}, **stack)
    return checks_of({"Topic": topic}, cloudformation, is_emulated=is_emulated, sns=sns)


def test_every_property_of_a_type_has_a_row_but_those_that_aws_chooses() -> None:
    found = topic_checks({}, sns_with(DisplayName="chosen by someone"))
    assert found == [
        Check(SUBJECT, "FifoTopic", "false", "false"),
        Check(SUBJECT, "KmsMasterKeyId", "none", "none"),
        Check(SUBJECT, "Tags", "none", "none"),
        Check(SUBJECT, "TopicName", "alerts", "alerts"),
        Check.not_compared(SUBJECT, "Subscriptions", "subscribers add themselves"),
    ]


def test_a_value_that_differs_and_one_that_was_added_are_named() -> None:
    found = topic_checks({"DisplayName": "a"}, sns_with(DisplayName="b", KmsMasterKeyId="k"))
    assert differing(found) == {
        (SUBJECT, "DisplayName"): ("a", "b"),
        (SUBJECT, "KmsMasterKeyId"): ("none", "k"),
    }


def test_a_property_without_a_comparison_is_listed_with_the_reason() -> None:
    found = topic_checks({"Subscription": [], "DeliveryStatusLogging": []}, sns_with())
    assert unknown(found) == {
        (SUBJECT, "Subscription"): "subscribers add themselves",
        (SUBJECT, "DeliveryStatusLogging"): "no reader for this property",
    }


@pytest.mark.parametrize("is_emulated", [True, False])
def test_what_an_emulator_alone_does_not_return_is_not_compared(*, is_emulated: bool) -> None:
    found = topic_checks({"KmsMasterKeyId": "k"}, sns_with(), is_emulated=is_emulated)
    row = (SUBJECT, "KmsMasterKeyId")
    if is_emulated:
        assert (unknown(found), differing(found)) == ({row: NOT_RETURNED}, {})
    else:
        assert (unknown(found), differing(found)) == ({}, {row: ("k", "none")})


def test_a_declared_value_that_cloudformation_alone_knows_is_not_compared() -> None:
    found = topic_checks({"DisplayName": {"Fn::If": ["a", "b", "c"]}}, sns_with())
    assert unknown(found) == {
        (SUBJECT, "DisplayName"): "its declared value is unknown: Fn::If is not evaluated here"
    }


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"Ref": "Topic"}, TOPIC_ARN),
        ({"Fn::GetAtt": ["Topic", "TopicArn"]}, TOPIC_ARN),
        ({"Ref": "AWS::StackName"}, NAME),
        ({"Ref": "AWS::StackId"}, STACK_ID),
        ({"Ref": "AWS::AccountId"}, "111111111111"),
        ({"Ref": "AWS::Region"}, "us-west-2"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "Plain"}, "value"),
        ({"Ref": "FromParameterStore"}, "resolved"),
        ({"Fn::ImportValue": "second"}, "exported"),
        ({"Fn::GetStackOutput": {"StackName": "dev-B", "OutputName": "Out"}}, "output"),
    ],
)
def test_a_declared_value_is_resolved_from_the_deployed_stack(value: Any, name: str) -> None:
    parameters = [
        {"ParameterKey": "Plain", "ParameterValue": "value"},
        {
            "ParameterKey": "FromParameterStore",
            "ParameterValue": "/name",
            "ResolvedValue": "resolved",
        },
    ]
    found = topic_checks(
        {"DisplayName": value},
        sns_with(DisplayName=name),
        Parameters=parameters,
        Outputs=[
            {"OutputKey": "Other", "OutputValue": "x"},
            {"OutputKey": "Out", "OutputValue": "output"},
        ],
        exports={"first": "x", "second": "exported"},
    )
    assert Check(SUBJECT, "DisplayName", name, name) in found


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"Ref": "Gone"}, "Gone is not deployed"),
        ({"Fn::GetAtt": ["Gone", "Arn"]}, "Gone is not deployed"),
        (
            {"Fn::GetAtt": ["Topic", "TopicName"]},
            "the attribute TopicName of Topic is not read",
        ),
        ({"Fn::ImportValue": "third"}, "no stack exports third"),
        (
            {"Fn::GetStackOutput": {"StackName": "dev-B", "OutputName": "Out"}},
            "the stack dev-B has no output Out",
        ),
    ],
)
def test_a_name_that_is_not_deployed_is_the_reason(value: Any, reason: str) -> None:
    found = topic_checks({"DisplayName": value}, sns_with())
    assert unknown(found) == {(SUBJECT, "DisplayName"): f"its declared value is unknown: {reason}"}


def test_the_tags_of_a_stack_are_expected_of_its_resources() -> None:
    sns = sns_with()
    sns.answers["list_tags_for_resource"] = always({"Tags": [{"Key": "cost", "Value": "2"}]})
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"Tags": [{"Key": "cost", "Value": "2"}]}}
    stack = replace(stack_with({"Topic": topic}), tags={"team": "web", "cost": "1"})
    cloudformation = cloudformation_with({"Topic": TOPIC_ARN}, Tags=[{"Key": "cost", "Value": "1"}])
    with deployed(aws_with(cloudformation=cloudformation, sns=sns), stack) as one:
        assert differing(list(check_resource(one.resources[0]))) == {
            (SUBJECT, "Tags.team"): ("web", "none")
        }
        assert differing(list(check_stack(one))) == {
            (f"stack {NAME}", "tags"): ('{"cost": "1", "team": "web"}', '{"cost": "1"}')
        }


def test_a_resource_that_is_not_deployed_has_one_row() -> None:
    row = Check(SUBJECT, "exists", "yes", MISSING)
    assert checks_of({"Topic": TOPIC}, cloudformation_with({})) == [row]
    for status in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
        stack = cloudformation_with({"Topic": TOPIC_ARN}, statuses={"Topic": status})
        assert checks_of({"Topic": TOPIC}, stack) == [row]


def test_a_resource_that_was_deleted_past_cloudformation_has_one_row() -> None:
    found = topic_checks({}, StubClient(get_topic_attributes=NO_TOPIC))
    assert found == [Check(SUBJECT, "exists", "yes", MISSING)]


def test_a_type_without_a_reader_is_not_compared() -> None:
    resources = {
        "Job": {"Type": "Custom::AWSCDK-EKS-KubernetesResource"},
        "Table": {"Type": "AWS::DynamoDB::Table"},
    }
    found = checks_of(resources, cloudformation_with({"Job": "a", "Table": "b"}))
    assert unknown(found) == {
        (f"{NAME}: Job", "every property"): (
            "a Lambda function applies it to the cluster, which alone knows its state; read it "
            "with `kubectl get`"
        ),
        (f"{NAME}: Table", "every property"): "no reader for the type AWS::DynamoDB::Table",
    }


def test_a_resource_whose_reader_needs_another_that_is_not_deployed_is_not_compared() -> None:
    found = checks_of(
        {"Topic": TOPIC, "Policy": OF_TOPIC}, cloudformation_with({"Policy": "policy"})
    )
    assert found == [
        Check(SUBJECT, "exists", "yes", MISSING),
        Check.not_compared(
            f"{NAME}: Policy",
            "every property",
            "the properties by which it is found are unknown: Topic is not deployed",
        ),
    ]


KEPT = {**TOPIC, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}, {}),
        (
            {"DeletionPolicy": "Retain"},
            {(SUBJECT, "UpdateReplacePolicy"): ("Retain", "none")},
        ),
        (
            {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Retain"},
            {(SUBJECT, "DeletionPolicy"): ("Retain", "Delete")},
        ),
        (
            {
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"EmptyOnDelete": True},
            },
            {(SUBJECT, "EmptyOnDelete"): ("none", "true")},
        ),
    ],
)
def test_what_cloudformation_does_with_a_resource_is_read_from_the_deployed_template(
    resource: dict[str, Any], expected: Any
) -> None:
    stack = cloudformation_with({"Topic": TOPIC_ARN}, template={"Resources": {"Topic": resource}})
    assert differing(checks_of({"Topic": KEPT}, stack, sns=sns_with())) == expected


def test_a_stack_whose_template_is_gone_meanwhile_is_not_compared() -> None:
    topic = {**TOPIC, "DeletionPolicy": "Retain"}
    cloudformation = cloudformation_with(
        {"Topic": TOPIC_ARN}, operations={"get_template": NO_STACK}
    )
    reasons = unknown(checks_of({"Topic": topic}, cloudformation, sns=sns_with()))
    assert reasons == {(SUBJECT, "DeletionPolicy"): "the deployed template is not in JSON"}


def test_a_deployed_template_in_yaml_is_not_compared() -> None:
    stack = cloudformation_with({"Topic": TOPIC_ARN}, template="Resources: {}\n")
    found = checks_of({"Topic": KEPT}, stack, sns=sns_with())
    reason = "the deployed template is not in JSON"
    assert differing(found) == {}
    assert unknown(found) == {
        (SUBJECT, "DeletionPolicy"): reason,
        (SUBJECT, "UpdateReplacePolicy"): reason,
    }


# A stack itself


def stack_checks(
    cloudformation: StubClient, *, is_protected: bool = False, resources: Any = None
) -> list[Check]:
    """Return the checks of a stack itself."""
    stack = stack_with(resources or {"Topic": TOPIC}, is_protected=is_protected)
    with deployed(aws_with(cloudformation=cloudformation), stack) as found:
        return list(check_stack(found))


def test_a_stack_as_declared_has_its_rows() -> None:
    assert stack_checks(cloudformation_with({"Topic": TOPIC_ARN})) == [
        Check(f"stack {NAME}", "status", "complete", "complete"),
        Check(f"stack {NAME}", "termination protection", "off", "off"),
        Check(f"stack {NAME}", "tags", "none", "none"),
    ]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        *((name, "complete") for name in ("CREATE_COMPLETE", "IMPORT_COMPLETE")),
        ("UPDATE_ROLLBACK_COMPLETE", "complete"),
        *((name, name) for name in ("UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE")),
    ],
)
def test_a_stack_that_is_not_complete_is_named(status: str, shown: str) -> None:
    check, *_ = stack_checks(cloudformation_with({"Topic": TOPIC_ARN}, StackStatus=status))
    assert (check.what, check.found) == ("status", shown)


@pytest.mark.parametrize("is_protected", [True, False])
def test_another_termination_protection_is_named(*, is_protected: bool) -> None:
    stack = cloudformation_with({}, EnableTerminationProtection=not is_protected)
    _, check, _ = stack_checks(stack, is_protected=is_protected)
    assert check.differs
    assert check.what == "termination protection"


def test_a_resource_that_is_no_longer_declared_is_named() -> None:
    stack = cloudformation_with(
        {"Topic": TOPIC_ARN, "Old": "arn", "Gone": "arn"}, statuses={"Gone": "DELETE_COMPLETE"}
    )
    assert differing(stack_checks(stack)) == {
        (f"stack {NAME}: Old", "AWS::SNS::Topic"): (
            MISSING,
            "not declared any more: the next deployment deletes it",
        )
    }


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_is_not_deployed_has_one_row(status: str) -> None:
    row = Check(f"stack {NAME}", "exists", "yes", MISSING)
    assert stack_checks(cloudformation_with({}, StackStatus=status)) == [row]
    assert stack_checks(StubClient(describe_stacks=NO_STACK)) == [row]


def test_a_resource_finds_those_of_the_other_stacks() -> None:
    other = stack_with({"Other": TOPIC}, "dev-B")
    aws = aws_with(cloudformation=cloudformation_with({"Topic": TOPIC_ARN, "Other": "arn"}))
    with deployed(aws, stack_with({"Topic": TOPIC}), other) as stack:
        (topic,) = stack.resources
        found = topic.others("AWS::SNS::Topic")
        assert [one.physical_id for one in found] == [TOPIC_ARN, "arn"]
        assert topic.others("AWS::KMS::Key") == []
