"""The CDK's constructs that accept the task definition of an EcsImageTask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_ecs_patterns as patterns
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from constructs_lib import EcsContainer, EcsImageTask, FargateSize, Image, PrivateRepository
from tests.support import only, stack_in, template_of

DIGEST = "sha256:" + "a" * 64
HOURLY = cdk.Duration.hours(1)


def task_in(stack: cdk.Stack, *, fargate: bool) -> Any:
    """Return the task definition of a task with a port."""
    api = PrivateRepository.from_name(stack, "Api", repository_name="team/api")
    return EcsImageTask(
        stack,
        "Task",
        family="api",
        container=EcsContainer(
            image=Image(repository=api, digest=DIGEST), memory_mib=200, ports=(80,)
        ),
        fargate=FargateSize(cpu=256, memory_mib=512) if fargate else None,
    ).task_definition


def balanced_on_fargate(stack: cdk.Stack, cluster: ecs.Cluster) -> None:
    patterns.ApplicationLoadBalancedFargateService(
        stack, "Pattern", cluster=cluster, task_definition=task_in(stack, fargate=True)
    )


def balanced_on_ec2(stack: cdk.Stack, cluster: ecs.Cluster) -> None:
    patterns.ApplicationLoadBalancedEc2Service(
        stack, "Pattern", cluster=cluster, task_definition=task_in(stack, fargate=False)
    )


def scheduled_by_a_pattern(stack: cdk.Stack, cluster: ecs.Cluster) -> None:
    patterns.ScheduledFargateTask(
        stack,
        "Pattern",
        cluster=cluster,
        schedule=scaling.Schedule.rate(HOURLY),
        scheduled_fargate_task_definition_options=patterns.ScheduledFargateTaskDefinitionOptions(
            task_definition=task_in(stack, fargate=True)
        ),
    )


def scheduled_by_a_rule(stack: cdk.Stack, cluster: ecs.Cluster) -> None:
    target = targets.EcsTask(cluster=cluster, task_definition=task_in(stack, fargate=True))
    events.Rule(stack, "Rule", schedule=events.Schedule.rate(HOURLY), targets=[target])


def served_on_ec2(stack: cdk.Stack, cluster: ecs.Cluster) -> None:
    ecs.Ec2Service(stack, "Service", cluster=cluster, task_definition=task_in(stack, fargate=False))


@pytest.mark.parametrize(
    ("take", "taker"),
    [
        (balanced_on_fargate, "AWS::ECS::Service"),
        (balanced_on_ec2, "AWS::ECS::Service"),
        (served_on_ec2, "AWS::ECS::Service"),
        (scheduled_by_a_pattern, "AWS::Events::Rule"),
        (scheduled_by_a_rule, "AWS::Events::Rule"),
    ],
)
def test_patterns_services_and_schedules_run_the_task(
    take: Callable[[cdk.Stack, ecs.Cluster], None], taker: str
) -> None:
    stack = stack_in()
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        availability_zones=["eu-west-1a", "eu-west-1b"],
        restrict_default_security_group=False,
    )
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    cluster.add_capacity("Nodes", instance_type=ec2.InstanceType("t3.small"))
    take(stack, cluster)
    template = template_of(stack)
    (logical_id,) = [
        logical_id
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ECS::TaskDefinition"
    ]
    assert f"'Ref': '{logical_id}'" in str(only(template, taker))
