"""ImageNotifications."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns

from constructs_lib import ImageEvents, ImageNotifications
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of

RULE = "AWS::Events::Rule"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:images"
BUS_ARN = "arn:aws:events:eu-west-1:222222222222:event-bus/security"


def test_without_a_topic_one_is_created_for_the_rules_of_the_account_alone() -> None:
    stack = stack_in()
    ImageNotifications(stack, "Images")
    template = template_of(stack)
    topic = only(template, "AWS::SNS::Topic")
    assert "Fn::GetAtt" in topic["KmsMasterKeyId"]
    key = only(template, "AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    assert key["KeyPolicy"]["Statement"][1]["Principal"] == {"Service": "events.amazonaws.com"}
    assert key["KeyPolicy"]["Statement"][1]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    # SNS supports no condition on the key for EventBridge; with one, no message would arrive.
    assert "Condition" not in key["KeyPolicy"]["Statement"][1]
    deny, allow = only(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Action"] == "sns:Publish"
    assert "Topic" in allow["Resource"]["Ref"]
    assert allow["Condition"] == {
        "ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/*"}
    }
    rules = resources(template, RULE)
    assert len(rules) == 4
    for rule in rules:
        (target,) = rule["Properties"]["Targets"]
        # With a role, EventBridge may fail to deliver to an encrypted topic.
        assert set(target) == {"Id", "Arn"}


def test_the_policy_of_a_topic_in_the_app_is_amended() -> None:
    stack = stack_in()
    topic = sns.Topic(stack, "Topic")
    images = ImageNotifications(stack, "Images", topic=topic)
    template = template_of(stack)
    assert images.topic is topic
    (statement,) = only(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sns:Publish"
    assert resources(template, "AWS::KMS::Key") == []


def test_a_topic_declared_elsewhere_requires_a_statement_of_its_owner() -> None:
    stack = stack_in()
    topic = sns.Topic.from_topic_arn(stack, "Topic", TOPIC_ARN)
    with pytest.raises(ValueError, match="Images") as refusal:
        ImageNotifications(stack, "Images", topic=topic)
    assert str(refusal.value) == (
        "ImageNotifications 'Images': topic: the policy of a topic that is declared elsewhere "
        "cannot be amended here, got a reference to one. Allow events.amazonaws.com to publish "
        "where the topic is declared, then set `topic_policy_declared_by_owner=True` here."
    )
    ImageNotifications(stack, "Images", topic=topic, topic_policy_declared_by_owner=True)
    assert {
        rule["Properties"]["Targets"][0]["Arn"] for rule in resources(template_of(stack), RULE)
    } == {TOPIC_ARN}


def test_an_event_bus_is_reached_by_a_role_for_that_bus_alone() -> None:
    stack = stack_in()
    bus = events.EventBus.from_event_bus_arn(stack, "Bus", BUS_ARN)
    ImageNotifications(stack, "Images", event_bus=bus, events=ImageEvents(scan_severity=None))
    template = template_of(stack)
    (statement,) = only(template, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert statement == {"Action": "events:PutEvents", "Effect": "Allow", "Resource": BUS_ARN}
    for rule in resources(template, RULE):
        (target,) = rule["Properties"]["Targets"]
        assert target["Arn"] == BUS_ARN
        assert "Fn::GetAtt" in target["RoleArn"]
    assert len(resources(template, RULE)) == 2
    assert resources(template, "AWS::SNS::Topic") == []


def test_two_targets_are_refused() -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match="Images") as refusal:
        ImageNotifications(
            stack,
            "Images",
            topic=sns.Topic(stack, "Topic"),
            event_bus=events.EventBus(stack, "Bus"),
        )
    assert str(refusal.value) == (
        "ImageNotifications 'Images': notifications require one target, a topic or an event bus, "
        "got both. Remove one, or create two ImageNotifications."
    )


def test_refused_notifications_leave_the_callers_topic_unchanged() -> None:
    stack = stack_in()
    topic = sns.Topic(stack, "Topic")
    bus = events.EventBus.from_event_bus_arn(stack, "Bus", BUS_ARN)
    with pytest.raises(ValueError, match="got both"):
        ImageNotifications(stack, "Images", topic=topic, event_bus=bus)
    with pytest.raises(RuntimeError, match="already a Construct with name 'Topic'"):
        ImageNotifications(stack, "Topic", topic=topic)
    assert resources(template_of(stack), "AWS::SNS::TopicPolicy") == []


def test_failed_pulls_are_of_this_registry_even_if_its_account_is_a_token() -> None:
    stack = cdk.Stack(cdk.App(), "Agnostic")
    ImageNotifications(stack, "Images")
    patterns = [rule["Properties"]["EventPattern"] for rule in resources(template_of(stack), RULE)]
    (pulls,) = [pattern for pattern in patterns if pattern["source"] == ["aws.ecs"]]
    (image,) = pulls["detail"]["containers"]["image"]
    assert {"Ref": "AWS::AccountId"} in image["prefix"]["Fn::Join"][1]
