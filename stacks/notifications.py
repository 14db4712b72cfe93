"""The stack of the rules that send events about images."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib import ImageNotifications
from environments.model.environment import NotificationsModel


class NotificationsStack(cdk.Stack):
    """Define the stack of an environment's notifications."""

    def __init__(
        self, scope: Construct, construct_id: str, *, notifications: NotificationsModel
    ) -> None:
        super().__init__(scope, construct_id, description="Tells what happens to container images")
        topic_arn, bus_arn = notifications.topic_arn, notifications.event_bus_arn
        images = ImageNotifications(
            self,
            "Images",
            topic=sns.Topic.from_topic_arn(self, "Topic", topic_arn) if topic_arn else None,
            event_bus=(
                events.EventBus.from_event_bus_arn(self, "Bus", bus_arn) if bus_arn else None
            ),
            topic_policy_declared_by_owner=topic_arn is not None,
            events=notifications.events,
        )
        if images.topic:
            cdk.CfnOutput(
                self,
                "TopicArn",
                value=images.topic.topic_arn,
                description="Subscribe here to hear what happens to images",
            )
