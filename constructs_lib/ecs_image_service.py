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

    No task has a public address. If the tasks of a deployment do not start, because their image
    is missing or they stop at once, ECS's circuit breaker rolls the deployment back; without it,
    CloudFormation would wait for hours. In isolated subnets the service requires the VPC endpoints
    that a start uses, or it is refused, because no task could start. It is created after the
    endpoints and after its execution role's policy, or its first tasks would fail.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param task: the task, for Fargate.
    :param cluster: the cluster.
    :param desired_count: the number of tasks; 1 by default.
    :param subnets: subnets of the cluster's VPC; the private ones by default.
    :param security_groups: the security groups of the tasks; by default a new one without ingress.
    :param endpoints_exist: ``True`` states that the VPC has the endpoints although neither its
        stack nor this one creates them, such as in an imported VPC.
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
            # A deployment stops no task before its replacement runs.
            min_healthy_percent=100,
            max_healthy_percent=200,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # The service refers to neither, so CloudFormation would create it at the same time, and the
        # circuit breaker gives up after a few tasks that cannot pull. Its security group has no
        # dependency, because the endpoints' security group may refer to it.
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
            f"a service in isolated subnets requires the VPC endpoints of {', '.join(missing)}, "
            "got none. Add `RegistryEndpoints` (with `secrets_from` for those of secrets), or set "
            "`endpoints_exist=True` if they are created elsewhere.",
        )


def _public_faults(task: EcsImageTask) -> Iterator[Fault]:
    for image in task.images:
        if image.account is None:
            yield Fault(
                "task",
                f"a service in isolated subnets cannot pull from ECR Public, got {image.uri}. Pull "
                "it through a cache, or push it to a private repository.",
            )


def _region_faults(vpc: ec2.IVpc, task: EcsImageTask) -> Iterator[Fault]:
    region = facts_of(cdk.Stack.of(vpc)).region
    for image in task.images:
        elsewhere = image.region
        if elsewhere is None or is_token(elsewhere) or is_token(region) or elsewhere == region:
            continue
        yield Fault(
            "task",
            f"the endpoints of a VPC in {region} reach the registry of {region} alone, got an "
            f"image in {elsewhere}, {image.uri}. Replicate the repository to {region}, or run the "
            "service in subnets with a NAT gateway.",
        )


def _service_faults(task: EcsImageTask, desired_count: int) -> Iterator[Fault]:
    if not task.task_definition.is_fargate_compatible:
        yield Fault(
            "task",
            f"a Fargate service requires a task for Fargate, got '{task.node.id}' for EC2. Set "
            "`fargate` of the task.",
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
