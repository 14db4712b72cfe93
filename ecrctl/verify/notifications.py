"""The rules and targets of an environment's notifications, compared with AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from constructs_lib.rules.ecr.images import registry_host
from constructs_lib.rules.policy.statements import canonical
from ecrctl.aws.clients import Aws, or_none
from ecrctl.aws.stacks import resources_of_stack
from environments.names import NOTIFICATIONS, stack_name
from environments.settings import EnvironmentSettings

from .check import MISSING, Check

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef

# The path of the construct in its stack, with which the logical IDs of its resources begin.
_CONSTRUCT = "Images"


def check_notifications(settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Yield the target and the pattern of every rule that an environment declares."""
    notifications = settings.notifications
    if notifications is None:
        return
    stack = stack_name(settings.name, NOTIFICATIONS)
    resources = or_none(partial(resources_of_stack, aws.cloudformation, stack)) or []
    target = (
        notifications.topic_arn
        or notifications.event_bus_arn
        or _physical_id(resources, "AWS::SNS::Topic", "Topic")
        or "the topic of its stack"
    )
    host = registry_host(settings.account, settings.region)
    for name, pattern in notifications.events.patterns(host).items():
        subject = f"notifications, {name}"
        found = _physical_id(resources, "AWS::Events::Rule", name)
        # The physical ID of a rule can be its name, or an ARN that ends with its name.
        rule = found.rpartition("/")[2] if found else None
        yield Check(subject, "target", target, _target(aws, rule) if rule else MISSING)
        if rule:
            described = aws.events.describe_rule(Name=rule)
            found_pattern = json.loads(described.get("EventPattern", "{}"))
            matches = canonical(found_pattern) == canonical(pattern)
            shown = "as declared" if matches else str(found_pattern)
            yield Check(subject, "pattern", "as declared", shown)


def _target(aws: Aws, rule: str) -> str:
    described = aws.events.describe_rule(Name=rule)
    targets = aws.events.list_targets_by_rule(Rule=rule)["Targets"]
    arns = ", ".join(sorted(target["Arn"] for target in targets)) or "none"
    return arns if described.get("State") == "ENABLED" else f"{arns}, but disabled"


def _physical_id(
    resources: Sequence[StackResourceSummaryTypeDef], resource_type: str, name: str
) -> str | None:
    """Return the physical ID of the construct's resource of a type and name.

    The CDK appends a hash to a logical ID, so only the beginning of the ID is compared. No name of
    one type is the beginning of another.
    """
    found = (
        resource["PhysicalResourceId"]
        for resource in resources
        if resource["ResourceType"] == resource_type
        and resource["LogicalResourceId"].startswith(f"{_CONSTRUCT}{name}")
    )
    return next(found, None)
