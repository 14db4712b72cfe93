"""Notifications about images, by EventBridge rules."""

import aws_cdk as cdk
from aws_cdk import aws_events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from .rules.ecr.image_events import ImageEvents
from .rules.faults import Fault, faults_unless, raise_if_any
from .rules.types import checked_types
from .stack_facts import StackFacts, facts_of, stack_of

# For pyright: see cdk_types.
Topic = sns.ITopic | sns.Topic

_EVENTS = "events.amazonaws.com"
DEFAULT_EVENTS = ImageEvents()


@checked_types
class ImageNotifications(Construct):
    """Define the EventBridge rules that send events about images to an SNS topic or an event bus.

    Without a topic or a bus, a topic is created. It is encrypted with its own rotating key, because
    EventBridge cannot use the key that AWS manages, and accepts connections by TLS only.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param topic: an SNS topic to publish to; by default a new one, unless ``event_bus`` is given.
        A statement that allows EventBridge to publish is added to the topic's policy. If the topic
        is encrypted, its key's policy must allow ``events.amazonaws.com``, without a condition.
    :param event_bus: an event bus to send to instead of a topic, with a role created for it. The
        policy of a bus in another account must allow this account to put events.
    :param topic_policy_declared_by_owner: ``True`` states that the policy of a topic declared
        elsewhere already allows EventBridge to publish. ``False`` by default.
    :param events: the events, and the repositories they are about; see :class:`ImageEvents`. By
        default failures: findings of severity ``HIGH`` and ``CRITICAL``, pull-through caches that
        cannot fetch, and ECS tasks that cannot pull.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``topic`` is the topic, or ``None`` with an event bus.

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
        topic: Topic | None = None,
        event_bus: aws_events.IEventBus | None = None,
        topic_policy_declared_by_owner: bool = False,
        events: ImageEvents = DEFAULT_EVENTS,
    ) -> None:
        raise_if_any(
            f"ImageNotifications '{construct_id}'",
            [
                *_target_faults(topic, event_bus),
                *_topic_faults(topic, policy_is_declared=topic_policy_declared_by_owner),
            ],
        )
        super().__init__(scope, construct_id)

        facts = facts_of(stack_of(scope))
        self.topic: Topic | None = None
        if event_bus:
            target = self._bus_target(event_bus)
        else:
            self.topic = topic or self._new_topic()
            self.topic.add_to_resource_policy(_publishing(self.topic.topic_arn, facts))
            target = aws_events.CfnRule.TargetProperty(id="Target", arn=self.topic.topic_arn)
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

    def _new_topic(self) -> sns.Topic:
        key = kms.Key(
            self,
            "Key",
            description="Encrypts notifications of container images",
            enable_key_rotation=True,
            # SNS delivers messages at once and stores none that would require this key.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # For events, SNS supports neither aws:SourceArn nor aws:SourceAccount in a key's policy.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EventBridgePublishes",
                principals=[iam.ServicePrincipal(_EVENTS)],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
            )
        )
        return sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)

    def _bus_target(self, event_bus: aws_events.IEventBus) -> aws_events.CfnRule.TargetProperty:
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


def _target_faults(topic: Topic | None, event_bus: aws_events.IEventBus | None) -> list[Fault]:
    return faults_unless(
        topic is None or event_bus is None,
        "notifications require one target, a topic or an event bus, got both. "
        "Remove one, or create two ImageNotifications.",
    )


def _topic_faults(topic: Topic | None, *, policy_is_declared: bool) -> list[Fault]:
    # Of all topics, the CDK adds a policy to an sns.Topic alone. Adding a statement to find out
    # would change the caller's topic even if another fault is raised.
    return faults_unless(
        topic is None or isinstance(topic, sns.Topic) or policy_is_declared,
        "the policy of a topic that is declared elsewhere cannot be amended here, "
        f"got a reference to one. Allow {_EVENTS} to publish where the topic is declared, "
        "then set `topic_policy_declared_by_owner=True` here.",
        path="topic",
    )
