"""A Fargate service that runs an image in a private network."""

from collections.abc import Container, Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from .ecs_image_task import EcsTask
from .registry_endpoints import endpoints_of
from .rules.ecs.service import desired_count_faults
from .rules.faults import Fault, raise_if_any
from .rules.types import checked_types
from .stack_facts import facts_of, is_token, stack_of


@checked_types
class EcsImageService(Construct):
    """Define a Fargate service that keeps tasks running in a private network.

    No task has a public address. If the tasks of a deployment do not start, because their image is
    missing or they exit at once, ECS' circuit breaker rolls the deployment back; CloudFormation
    would otherwise wait for hours. In subnets without internet access, a service whose VPC lacks an
    endpoint that a start requires is refused, because its tasks would never start. The service is
    created after those endpoints and after its execution role's permissions, because its first
    tasks would otherwise fail.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param task: the task that the service runs, which must be for Fargate.
    :param cluster: the cluster of the service.
    :param desired_count: how many copies of the task run, 0 or more; 1 by default.
    :param subnets: the subnets of the cluster's VPC in which the tasks run; by default its private
        subnets.
    :param security_groups: the tasks' security groups; by default a new one without inbound rules.
    :param endpoints_exist: ``True`` states that the VPC has the endpoints, although neither its
        stack nor this one declares them, such as in an imported VPC. ``False`` by default.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``service`` is the ``ecs.FargateService``.

    Sources: Amazon ECS developer guide, "How the Amazon ECS deployment circuit breaker detects
    failures"; Amazon ECR user guide, "Considerations for Amazon ECR VPC endpoints".

    >>> from constructs_lib import (
    ...     EcsContainer, EcsImageTask, FargateSize, Image, PrivateRepository)
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
        task: EcsTask,
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
            # A deployment stops running tasks only after the new tasks have started.
            min_healthy_percent=100,
            max_healthy_percent=200,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # The service refers neither to the role's permissions nor to the endpoints, so
        # CloudFormation would create all at the same time, and a few failed pulls would stop the
        # circuit breaker's deployment. The security group has no such dependency, because the
        # rules of the endpoints' group may refer to that group.
        execution_role = task.task_definition.execution_role
        required = [endpoints[name] for name in task.endpoint_services if name in endpoints]
        self.service.node.find_child("Service").node.add_dependency(
            *([execution_role] if execution_role else ()), *required
        )


def _endpoint_faults(task: EcsTask, endpoints: Container[str]) -> Iterator[Fault]:
    missing = [service for service in task.endpoint_services if service not in endpoints]
    if missing:
        yield Fault(
            "subnets",
            "subnets without internet access require VPC endpoints for a task's start, got none "
            f"for {', '.join(missing)}. Add `RegistryEndpoints` (with `secrets_from` for "
            "secrets), or set `endpoints_exist=True` if they are declared elsewhere.",
        )


def _public_faults(task: EcsTask) -> Iterator[Fault]:
    for image in task.images:
        if image.account is None:
            yield Fault(
                "task",
                "subnets without internet access cannot reach ECR Public, which has no VPC "
                f"endpoint, got the image {image.uri}. Pull the image through a cache, or push it "
                "to a private repository.",
            )


def _region_faults(vpc: ec2.IVpc, task: EcsTask) -> Iterator[Fault]:
    region = facts_of(cdk.Stack.of(vpc)).region
    for image in task.images:
        elsewhere = image.region
        if elsewhere is None or is_token(elsewhere) or is_token(region) or elsewhere == region:
            continue
        yield Fault(
            "task",
            f"the endpoints of a VPC in {region} can reach only the registry of {region}, got the "
            f"image {image.uri} in {elsewhere}. Replicate the repository to {region}, or run the "
            "service in subnets with internet access.",
        )


def _service_faults(task: EcsTask, desired_count: int) -> Iterator[Fault]:
    if not task.task_definition.is_fargate_compatible:
        yield Fault(
            "task",
            f"a Fargate service requires a task for Fargate, got '{task.node.id}' for EC2. "
            "Add a size with `fargate`.",
        )
    yield from desired_count_faults(desired_count)


def _private_subnets(vpc: ec2.IVpc) -> ec2.SubnetSelection:
    kinds = ec2.SubnetType
    return ec2.SubnetSelection(
        subnet_type=kinds.PRIVATE_WITH_EGRESS if vpc.private_subnets else kinds.PRIVATE_ISOLATED
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
