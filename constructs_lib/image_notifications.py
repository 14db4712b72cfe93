"""Notifications of what happens to images."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from .rules.ecr.image_events import ImageEvents
from .rules.faults import Fault, raise_if_any
from .stack_facts import StackFacts, facts_of, stack_of

_EVENTS = "events.amazonaws.com"
DEFAULT_EVENTS = ImageEvents()


class ImageNotifications(Construct):
    """Define the rules that tell an SNS topic or an event bus what happens to images.

    Without a topic or a bus a topic is made, encrypted with a rotating key of its own
    (EventBridge cannot use the key that AWS manages) and reached through TLS alone.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param topic: the SNS topic that is told. Its policy is amended here. If it is encrypted, its
        key must let ``events.amazonaws.com`` use it, without a condition.
    :param event_bus: the event bus that is told instead; a role of its own puts events there. A
        bus in another account must let this account put events.
    :param topic_policy_declared_by_owner: ``True`` states that the policy of a topic that is
        declared elsewhere lets EventBridge publish, which this construct cannot see to.
    :param events: which events are told, and of which repositories; see :class:`ImageEvents`. By
        default what goes wrong: findings of severity ``HIGH`` and ``CRITICAL``, pull-through
        caches that fail, and ECS tasks that cannot pull.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``topic`` is the topic that is told, or ``None``.

    Sources: Amazon ECR user guide, "Amazon ECR events and EventBridge"; Amazon SNS developer
    guide, "Managing Amazon SNS encryption keys"; EventBridge user guide, "Using resource-based
    policies".

    >>> stack = cdk.Stack(cdk.App(), "Notifications")
    >>> chosen = ImageEvents(scan_severity="CRITICAL", pushes=True)
    >>> ImageNotifications(stack, "Images", events=chosen).topic is not None
    True
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        topic: sns.ITopic | None = None,
        event_bus: aws_events.IEventBus | None = None,
        topic_policy_declared_by_owner: bool = False,
        events: ImageEvents = DEFAULT_EVENTS,
    ) -> None:
        facts = facts_of(stack_of(scope))
        faults = _target_faults(topic, event_bus)
        if topic and not faults:
            added = topic.add_to_resource_policy(_publishing(topic.topic_arn, facts))
            if not (added.statement_added or topic_policy_declared_by_owner):
                faults.append(_foreign_topic_fault())
        raise_if_any(f"ImageNotifications '{construct_id}'", faults)
        super().__init__(scope, construct_id)

        self.topic = topic if topic or event_bus else self._new_topic(facts)
        target = self._target(event_bus)
        registry = f"{facts.account}.dkr.ecr.{facts.region}.{facts.url_suffix}"
        for name, pattern in events.patterns(registry).items():
            aws_events.CfnRule(
                self,
                name,
                description=_DESCRIPTIONS[name],
                event_pattern=pattern,
                state="ENABLED",
                targets=[target],
            )

    def _new_topic(self, facts: StackFacts) -> sns.Topic:
        key = kms.Key(
            self,
            "Key",
            description="Encrypts notifications of container images",
            enable_key_rotation=True,
            # Messages are delivered at once; nothing that is kept needs this key.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # SNS supports no aws:SourceArn or aws:SourceAccount here for what EventBridge publishes.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventBridgePublishes",
                principals=[iam.ServicePrincipal(_EVENTS)],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
            )
        )
        topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        topic.add_to_resource_policy(_publishing(topic.topic_arn, facts))
        return topic

    def _target(self, event_bus: aws_events.IEventBus | None) -> aws_events.CfnRule.TargetProperty:
        if event_bus is None:
            assert self.topic is not None  # noqa: S101 - there is a bus otherwise
            return aws_events.CfnRule.TargetProperty(id="Target", arn=self.topic.topic_arn)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal(_EVENTS))
        role.add_to_policy(
            iam.PolicyStatement(actions=["events:PutEvents"], resources=[event_bus.event_bus_arn])
        )
        return aws_events.CfnRule.TargetProperty(
            id="Target", arn=event_bus.event_bus_arn, role_arn=role.role_arn
        )


_DESCRIPTIONS = {
    "Pushes": "An image was pushed",
    "BasicScans": "A basic scan found vulnerabilities in an image",
    "InspectorFindings": "Amazon Inspector found a vulnerability in an image",
    "PullThroughFailures": "A pull-through cache could not fetch from its upstream registry",
    "FailedPulls": "An ECS task stopped because it could not pull its image",
}


def _publishing(topic_arn: str, facts: StackFacts) -> iam.PolicyStatement:
    rules = f"arn:{facts.partition}:events:{facts.region}:{facts.account}:rule/*"
    return iam.PolicyStatement(
        sid="EventsOfImages",
        principals=[iam.ServicePrincipal(_EVENTS)],
        actions=["sns:Publish"],
        resources=[topic_arn],
        conditions={"ArnLike": {"aws:SourceArn": rules}},
    )


def _target_faults(topic: sns.ITopic | None, event_bus: aws_events.IEventBus | None) -> list[Fault]:
    if topic is None or event_bus is None:
        return []
    return [
        Fault(
            "",
            "a topic or an event bus is told, got both. Give one, or make two ImageNotifications.",
        )
    ]


def _foreign_topic_fault() -> Fault:
    return Fault(
        "topic",
        "this topic is declared elsewhere, so its policy cannot be amended here. Let "
        f"{_EVENTS} publish where the topic is declared, then say "
        "`topic_policy_declared_by_owner=True` here.",
    )
