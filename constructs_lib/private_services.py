"""A private network without a route to the internet, and the services that run in it."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from .ecs_image_service import EcsImageService
from .ecs_image_task import EcsTask
from .registry_endpoints import RegistryEndpoints
from .rules.aws.networks import NetworkSpec
from .rules.ecr.endpoint_policies import SECRET_SERVICES, PulledFrom
from .rules.ecs.service import ServiceSpec
from .rules.types import checked_types


@checked_types
class PrivateServices(Construct):
    """Define a private network whose endpoints reach ECR alone, and the services in it.

    The network has isolated subnets, no NAT gateway and no internet gateway. Its endpoints let
    images be pulled from this account's registry and from ``registry_accounts``. Changing the
    network's ``cidr`` replaces the VPC and every service in it.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param tasks: the tasks that services run, by name.
    :param services: the services; each names one of the tasks.
    :param network: the network's addresses and availability zones. The stack's
        ``availability_zones`` must contain the same zones.
    :param registry_accounts: other accounts whose images the services pull; by default none.
    :raises ValueError: when a task is not for Fargate, or its image is out of the endpoints' reach.

    Source: Amazon ECR user guide, "Amazon ECR interface VPC endpoints (AWS PrivateLink)".

    >>> from constructs_lib import EcsContainer, EcsImageTask, Image, PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api")
    >>> task = EcsImageTask(stack, "Task", family="api", fargate="smallest",
    ...     container=EcsContainer(image=Image(repository=api, tag="v1"), memory_mib=200))
    >>> zones = ("us-west-2a", "us-west-2b")
    >>> PrivateServices(stack, "Private", tasks={"api": task},
    ...     services=[ServiceSpec(name="api", task="api")],
    ...     network=NetworkSpec(cidr="10.20.0.0/24", availability_zones=zones)).node.id
    'Private'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tasks: Mapping[str, EcsTask],
        services: Sequence[ServiceSpec],
        network: NetworkSpec,
        registry_accounts: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            availability_zones=list(network.availability_zones),
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED
                )
            ],
            restrict_default_security_group=False,
        )
        cdk.Validations.of(vpc).acknowledge(
            cdk.Acknowledgment(
                id="CloudFormation-Validate::W3010",
                reason="The environment's file names its zones, so that nothing is looked up.",
            )
        )
        RegistryEndpoints(
            self,
            "Endpoints",
            vpc=vpc,
            pulled_from=PulledFrom(accounts=tuple(registry_accounts)),
            # All addresses, because the network contains nothing else.
            clients=[ec2.Peer.ipv4(network.cidr)],
            secrets_from=[
                service
                for service in SECRET_SERVICES
                if any(service in tasks[one.task].endpoint_services for one in services)
            ],
        )
        cluster = ecs.Cluster(
            self, "Cluster", vpc=vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        for service in services:
            EcsImageService(
                self,
                service.name,
                task=tasks[service.task],
                cluster=cluster,
                desired_count=service.desired_count,
            )
