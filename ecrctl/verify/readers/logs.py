"""CloudWatch log groups, as they are deployed."""

from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType


def read_log_group(reading: Reading, resource: Resource) -> Live | None:
    """Return a log group by its name."""
    name = resource.physical_id
    groups = reading.listed("logs", "describe_log_groups", "logGroups[]", logGroupNamePrefix=name)
    found = next((group for group in groups if group["logGroupName"] == name), None)
    if found is None:
        return None
    arn = found["arn"].removesuffix(":*")
    tags = reading.call("logs", "list_tags_for_resource", resourceArn=arn) or {}
    return Live(
        properties={
            "LogGroupName": name,
            "RetentionInDays": found.get("retentionInDays"),
            "KmsKeyId": found.get("kmsKeyId"),
            "LogGroupClass": found.get("logGroupClass"),
            "Tags": tags.get("tags"),
            "SubscriptionFilters": [
                f"{one['filterName']} to {one['destinationArn']}"
                for one in reading.listed(
                    "logs",
                    "describe_subscription_filters",
                    "subscriptionFilters[]",
                    logGroupName=name,
                )
            ],
        },
        attributes={"Arn": f"{arn}:*"},
    )


TYPES = (
    ResourceType(
        name="AWS::Logs::LogGroup",
        read=read_log_group,
        properties={
            "LogGroupName": Property(CHOSEN),
            "RetentionInDays": Property(),
            "KmsKeyId": Property(),
            "LogGroupClass": Property("STANDARD"),
            "Tags": Property(form=forms.tags),
            # Not CloudFormation's: a filter that sends the logs elsewhere.
            "SubscriptionFilters": Property(form=forms.unordered),
        },
    ),
)
