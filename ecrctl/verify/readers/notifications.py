"""SNS topics and EventBridge rules, as they are deployed."""

from collections.abc import Mapping

from constructs_lib.rules.policy.lists import as_list
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

_SUBSCRIBERS = "subscribers add themselves"


def read_topic(reading: Reading, resource: Resource) -> Live | None:
    """Return a topic by its ARN."""
    found = _topic(reading, resource.physical_id)
    if found is None:
        return None
    tags = reading.call("sns", "list_tags_for_resource", ResourceArn=resource.physical_id) or {}
    return Live(
        properties={
            "DisplayName": found.get("DisplayName"),
            "FifoTopic": found.get("FifoTopic", "false"),
            "KmsMasterKeyId": found.get("KmsMasterKeyId"),
            "TopicName": found["TopicArn"].rpartition(":")[2],
            "Tags": tags.get("Tags"),
        },
        attributes={"TopicArn": found["TopicArn"]},
    )


def _topic(reading: Reading, arn: str) -> Mapping[str, str] | None:
    answer = reading.call("sns", "get_topic_attributes", TopicArn=arn)
    return answer["Attributes"] if answer else None


def read_topic_policy(reading: Reading, resource: Resource) -> Live | None:
    """Return the policy of the topics that it is declared for."""
    declared = as_list(resource.declared("Topics") or [])
    policies = {arn: (_topic(reading, arn) or {}).get("Policy") for arn in declared}
    having = [arn for arn, policy in policies.items() if policy]
    if not having:
        return None
    return Live({"Topics": having, "PolicyDocument": policies[having[0]]})


def read_rule(reading: Reading, resource: Resource) -> Live | None:
    """Return a rule by its name, or by an ARN that ends with it; its bus stands before a bar."""
    bus, _, name = resource.physical_id.rpartition("|")
    key = {"Name": name.rpartition("/")[2], **({"EventBusName": bus} if bus else {})}
    found = reading.call("events", "describe_rule", **key)
    if found is None:
        return None
    key["Rule"] = key.pop("Name")
    tags = reading.call("events", "list_tags_for_resource", ResourceARN=found["Arn"]) or {}
    return Live(
        properties={
            "Description": found.get("Description"),
            "EventBusName": found.get("EventBusName"),
            "EventPattern": found.get("EventPattern"),
            "Name": found["Name"],
            "RoleArn": found.get("RoleArn"),
            "Tags": tags.get("Tags"),
            "ScheduleExpression": found.get("ScheduleExpression"),
            "State": found.get("State"),
            "Targets": reading.listed("events", "list_targets_by_rule", "Targets[]", **key),
        },
        attributes={"Arn": found["Arn"]},
    )


TYPES = (
    ResourceType(
        name="AWS::SNS::Topic",
        read=read_topic,
        properties={
            "DisplayName": Property(CHOSEN),
            "FifoTopic": Property(default=False),
            "KmsMasterKeyId": Property(),
            "TopicName": Property(CHOSEN),
            "Tags": Property(form=forms.tags),
        },
        not_compared={"Subscription": _SUBSCRIBERS},
        unseen={"Subscriptions": _SUBSCRIBERS},
        not_returned={"KmsMasterKeyId": None},
    ),
    ResourceType(
        name="AWS::SNS::TopicPolicy",
        read=read_topic_policy,
        properties={
            "PolicyDocument": Property(form=forms.policy),
            "Topics": Property(form=forms.unordered),
        },
    ),
    ResourceType(
        name="AWS::Events::Rule",
        read=read_rule,
        properties={
            "Description": Property(),
            "EventBusName": Property("default", forms.last_part),
            "EventPattern": Property(form=forms.json_text),
            "Name": Property(CHOSEN),
            "RoleArn": Property(),
            "ScheduleExpression": Property(),
            "State": Property("ENABLED"),
            "Tags": Property(form=forms.tags),
            "Targets": Property(form=forms.unordered),
        },
    ),
)
