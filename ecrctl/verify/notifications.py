"""Reading back who is told what happens to images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from constructs_lib.rules.ecr.images import registry_host
from constructs_lib.rules.policy.statements import canonical
from ecrctl.aws.clients import Aws, or_none
from environments.names import NOTIFICATIONS, stack_name
from environments.settings import EnvironmentSettings

from .check import MISSING, Check


def check_notifications(settings: EnvironmentSettings, aws: Aws) -> Iterator[Check]:
    """Compare the rules of an environment's notifications with what it declares."""
    notifications = settings.notifications
    if notifications is None:
        return
    stack = stack_name(settings.name, NOTIFICATIONS)
    found = or_none(partial(_resources, aws, stack)) or {}
    target = (
        notifications.topic_arn
        or notifications.event_bus_arn
        or found.get("ImagesTopic", "the topic of its stack")
    )
    host = registry_host(settings.account, settings.region)
    for name, pattern in notifications.events.patterns(host).items():
        rule = found.get(f"Images{name}")
        subject = f"notifications, {name}"
        yield Check(subject, "told", target, _target(aws, rule) if rule else MISSING)
        if rule:
            there = json.loads(aws.events.describe_rule(Name=rule).get("EventPattern", "{}"))
            same = canonical(there) == canonical(pattern)
            yield Check(subject, "pattern", "as declared", "as declared" if same else str(there))


def _target(aws: Aws, rule: str) -> str:
    described = aws.events.describe_rule(Name=rule)
    targets = aws.events.list_targets_by_rule(Rule=rule)["Targets"]
    arns = ", ".join(sorted(target["Arn"] for target in targets)) or "nobody"
    return arns if described.get("State") == "ENABLED" else f"{arns}, but disabled"


def _resources(aws: Aws, stack: str) -> dict[str, str]:
    """Give the physical IDs of a stack's resources, by logical ID without its hash."""
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        resource["LogicalResourceId"][:-8]: resource["PhysicalResourceId"].rpartition("/")[2]
        if resource["ResourceType"] == "AWS::Events::Rule"
        else resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
