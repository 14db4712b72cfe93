"""A Fargate service that runs an image in a private network."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from .ecs_image_task import EcsImageTask
from .registry_endpoints import endpoints_of
from .rules.faults import Fault, raise_if_any
from .stack_facts import facts_of, is_token, stack_of


class EcsImageService(Construct):
    """Define a Fargate service that keeps tasks running in a private network.

    No task has a public address. A deployment whose tasks do not start, because their image
    is not there or they die at once, is rolled back by ECS' circuit breaker instead of keeping
    CloudFormation waiting for hours. In subnets without a way out, the endpoints that a start
    needs must be there, or the service is refused here: its tasks would never start. It is made
    after them, and after what its execution role may do, or its first tasks would fail.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param task: what it runs; a task for Fargate.
    :param cluster: where it runs.
    :param desired_count: how many tasks; 1 by default.
    :param subnets: the cluster's subnets it runs in; its private ones by default.
    :param security_groups: what its tasks may reach and be reached by; by default a new one that
        nobody reaches.
    :param endpoints_exist: ``True`` states that the VPC has the endpoints where neither its stack
        nor this one makes them, such as in a VPC that is imported.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``service`` is the ``ecs.FargateService``.

    Sources: Amazon ECS developer guide, "How the Amazon ECS deployment circuit breaker detects
    failures"; Amazon ECR user guide, "Considerations for Amazon ECR VPC endpoints".

    >>> from constructs_lib import EcsContainer, FargateSize, Image, PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api")
    >>> task = EcsImageTask(stack, "Task", family="api",
    ...     fargate=FargateSize(cpu=256, memory_mib=512),
    ...     container=EcsContainer(image=Image(repository=api, tag="v1"), memory_mib=200))
    >>> cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
    >>> EcsImageService(stack, "Service", task=task, cluster=cluster).service.node.id
    'Service'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        task: EcsImageTask,
        cluster: ecs.ICluster,
        desired_count: int = 1,
        subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        endpoints_exist: bool = False,
    ) -> None:
        vpc = cluster.vpc
        selection = subnets or _private_subnets(vpc)
        is_isolated = _is_isolated(vpc, selection)
        endpoints = endpoints_of(vpc, stack_of(scope)) if is_isolated else {}
        faults = [*_service_faults(task, desired_count)]
        if is_isolated:
            faults += [*_public_faults(task), *_region_faults(vpc, task)]
            faults += () if endpoints_exist else _endpoint_faults(task, endpoints)
        raise_if_any(f"EcsImageService '{construct_id}'", faults)
        super().__init__(scope, construct_id)
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task.task_definition,
            desired_count=desired_count,
            vpc_subnets=selection,
            security_groups=list(security_groups) if security_groups else None,
            assign_public_ip=False,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            # A deployment never takes away what runs before what is new is there.
            min_healthy_percent=100,
            max_healthy_percent=200,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # Neither is referred to, so CloudFormation would make the service at the same time, and
        # the circuit breaker gives up after a few tasks that could not pull. Its security group
        # waits for nothing: the endpoints' own may let it in.
        execution_role = task.task_definition.execution_role
        needed = [endpoints[name] for name in task.endpoint_services if name in endpoints]
        self.service.node.find_child("Service").node.add_dependency(
            *([execution_role] if execution_role else ()), *needed
        )


def _endpoint_faults(task: EcsImageTask, endpoints: Container[str]) -> Iterator[Fault]:
    missing = [service for service in task.endpoint_services if service not in endpoints]
    if missing:
        yield Fault(
            "subnets",
            f"these subnets have no way out, and their VPC lacks the endpoints that a start "
            f"needs: {', '.join(missing)}. Add `RegistryEndpoints` (with `secrets_from` for "
            "those of secrets), or say `endpoints_exist=True` if they are made elsewhere.",
        )


def _public_faults(task: EcsImageTask) -> Iterator[Fault]:
    for image in task.images:
        if image.account is None:
            yield Fault(
                "task",
                f"the image {image.uri} is in ECR Public, which has no VPC endpoint, and these "
                "subnets have no way out. Pull it through a cache, or push it to a private "
                "repository.",
            )


def _region_faults(vpc: ec2.IVpc, task: EcsImageTask) -> Iterator[Fault]:
    region = facts_of(cdk.Stack.of(vpc)).region
    for image in task.images:
        elsewhere = image.region
        if elsewhere is None or is_token(elsewhere) or is_token(region) or elsewhere == region:
            continue
        yield Fault(
            "task",
            f"the image {image.uri} is in {elsewhere}, and the endpoints of a VPC in {region} "
            f"reach the registry of {region} alone. Replicate the repository to {region}, or run "
            "the service in subnets with a way out.",
        )


def _service_faults(task: EcsImageTask, desired_count: int) -> Iterator[Fault]:
    if not task.task_definition.is_fargate_compatible:
        yield Fault(
            "task",
            f"a Fargate service runs a task for Fargate, and '{task.node.id}' is for EC2. "
            "Give it a size with `fargate`.",
        )
    if desired_count < 0:
        yield Fault("desired_count", f"desired_count is 0 or more, got {desired_count}.")


def _private_subnets(vpc: ec2.IVpc) -> ec2.SubnetSelection:
    with_way_out = bool(vpc.private_subnets)
    return ec2.SubnetSelection(
        subnet_type=(
            ec2.SubnetType.PRIVATE_WITH_EGRESS if with_way_out else ec2.SubnetType.PRIVATE_ISOLATED
        )
    )


def _is_isolated(vpc: ec2.IVpc, subnets: ec2.SubnetSelection) -> bool:
    isolated = {subnet.node.path for subnet in vpc.isolated_subnets}
    chosen = vpc.select_subnets(
        subnet_type=subnets.subnet_type,
        subnets=subnets.subnets,
        subnet_group_name=subnets.subnet_group_name,
        subnet_filters=subnets.subnet_filters,
        availability_zones=subnets.availability_zones,
        one_per_az=subnets.one_per_az,
    )
    return any(subnet.node.path in isolated for subnet in chosen.subnets)
