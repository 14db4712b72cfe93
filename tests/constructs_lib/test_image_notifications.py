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


def test_without_a_topic_one_is_made_that_only_rules_of_the_account_reach() -> None:
    stack = stack_in()
    ImageNotifications(stack, "Images")
    template = template_of(stack)
    topic = only(template, "AWS::SNS::Topic")
    assert "Fn::GetAtt" in topic["KmsMasterKeyId"]
    key = only(template, "AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    assert key["KeyPolicy"]["Statement"][1]["Principal"] == {"Service": "events.amazonaws.com"}
    # SNS supports no condition on the key for EventBridge: with one nothing would arrive.
    assert "Condition" not in key["KeyPolicy"]["Statement"][1]
    deny, allow = only(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Condition"] == {
        "ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/*"}
    }
    rules = resources(template, RULE)
    assert len(rules) == 4
    for rule in rules:
        (target,) = rule["Properties"]["Targets"]
        # With a role EventBridge may fail to deliver to an encrypted topic.
        assert set(target) == {"Id", "Arn"}


def test_a_topic_of_ones_own_is_told_and_its_policy_amended() -> None:
    stack = stack_in()
    topic = sns.Topic(stack, "Topic")
    images = ImageNotifications(stack, "Images", topic=topic)
    template = template_of(stack)
    assert images.topic is topic
    (statement,) = only(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "sns:Publish"
    assert resources(template, "AWS::KMS::Key") == []


def test_a_topic_that_is_declared_elsewhere_must_be_said_to_let_events_in() -> None:
    stack = stack_in()
    topic = sns.Topic.from_topic_arn(stack, "Topic", TOPIC_ARN)
    with pytest.raises(ValueError, match="Images") as refusal:
        ImageNotifications(stack, "Images", topic=topic)
    assert str(refusal.value) == (
        "ImageNotifications 'Images': topic: this topic is declared elsewhere, so its policy "
        "cannot be amended here. Let events.amazonaws.com publish where the topic is declared, "
        "then say `topic_policy_declared_by_owner=True` here."
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
        "ImageNotifications 'Images': a topic or an event bus is told, got both. "
        "Give one, or make two ImageNotifications."
    )


def test_failed_pulls_are_of_this_registry_even_where_it_is_not_known() -> None:
    stack = cdk.Stack(cdk.App(), "Agnostic")
    ImageNotifications(stack, "Images")
    patterns = [rule["Properties"]["EventPattern"] for rule in resources(template_of(stack), RULE)]
    (pulls,) = [pattern for pattern in patterns if pattern["source"] == ["aws.ecs"]]
    (image,) = pulls["detail"]["containers"]["image"]
    assert {"Ref": "AWS::AccountId"} in image["prefix"]["Fn::Join"][1]
