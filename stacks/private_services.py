"""A private network without a way out, and the services that run in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from constructs_lib import EcsImageService, EcsImageTask, PulledFrom, RegistryEndpoints
from constructs_lib.rules.ecr.endpoint_policies import SECRET_SERVICES
from environments.workload_settings import EcsServiceSettings, NetworkSettings


class PrivateServices(Construct):
    """Define the services of an environment, and a network of theirs that reaches ECR alone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tasks: Mapping[str, EcsImageTask],
        services: Sequence[EcsServiceSettings],
        network: NetworkSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            # Said and not looked up: a synth asks nobody.
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
                reason="The environment's file says its zones, so that nothing is looked up.",
            )
        )
        RegistryEndpoints(
            self,
            "Endpoints",
            vpc=vpc,
            pulled_from=PulledFrom(accounts=network.registry_accounts),
            # By its addresses: there is nothing else in this network.
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
