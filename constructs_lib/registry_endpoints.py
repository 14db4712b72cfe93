"""The VPC endpoints for pulling images in a network without access to the internet."""

import re
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from .rules.ecr.endpoint_policies import (
    INTERFACE_SERVICES,
    PulledFrom,
    RegistryService,
    SecretService,
    endpoint_statements,
)
from .rules.types import checked_types
from .stack_facts import facts_of, stack_of

OWN_REPOSITORIES = PulledFrom()
_SERVICE = re.compile(r"\.(ecr\.api|ecr\.dkr|secretsmanager|ssm|logs|s3)(?![\w.-])")


@checked_types
class RegistryEndpoints(Construct):
    """Define the VPC endpoints for pulling images and writing logs without internet access.

    These are interface endpoints for ``ecr.api``, ``ecr.dkr`` and ``logs``, and a gateway endpoint
    for S3, which stores the layers. By default their policies allow only pulls from this account's
    repositories by this account's principals, log events to this account's log groups, and
    downloads of layers from ECR's own bucket. An interface endpoint costs by the hour and subnet.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param vpc: the VPC.
    :param pulled_from: the accounts whose repositories may be pulled from; by default this one.
    :param clients: the peers that reach the interface endpoints, such as a service's security
        group; by default every address in the VPC.
    :param secrets_from: ``secretsmanager``, ``ssm`` or both, for tasks with secrets of this
        account; neither by default.
    :raises ValueError: when an account or an organization has the wrong form.

    Attributes: ``endpoints`` are the interface endpoints by service, ``gateway`` is the S3
    endpoint, ``security_group`` is the security group of the interface endpoints.

    Source: Amazon ECR user guide, "Amazon ECR interface VPC endpoints (AWS PrivateLink)".

    >>> stack = cdk.Stack(cdk.App(), "Network")
    >>> vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
    >>> sorted(RegistryEndpoints(stack, "Endpoints", vpc=vpc).endpoints)
    ['ecr.api', 'ecr.dkr', 'logs']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        pulled_from: PulledFrom = OWN_REPOSITORIES,
        clients: Sequence[ec2.IPeer] | None = None,
        secrets_from: Sequence[SecretService] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self._pulled_from = pulled_from
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Reaches the endpoints for pulling images",
            allow_all_outbound=False,
        )
        for client in clients or [ec2.Peer.ipv4(vpc.vpc_cidr_block)]:
            self.security_group.add_ingress_rule(client, ec2.Port.tcp(443))
        services = (*INTERFACE_SERVICES, *secrets_from)
        self.endpoints = {service: self._interface(vpc, service) for service in services}
        self.gateway = vpc.add_gateway_endpoint(
            f"{construct_id}-s3", service=ec2.GatewayVpcEndpointAwsService.S3
        )
        for statement in self._statements("s3"):
            self.gateway.add_to_policy(statement)

    def _interface(
        self, vpc: ec2.IVpc, service: RegistryService | SecretService
    ) -> ec2.InterfaceVpcEndpoint:
        endpoint = ec2.InterfaceVpcEndpoint(
            self,
            service,
            vpc=vpc,
            service=ec2.InterfaceVpcEndpointAwsService(service),
            security_groups=[self.security_group],
            # The security group alone decides which peers reach the endpoint.
            open=False,
            private_dns_enabled=True,
        )
        for statement in self._statements(service):
            endpoint.add_to_policy(statement)
        return endpoint

    def _statements(self, service: RegistryService | SecretService) -> list[iam.PolicyStatement]:
        facts = facts_of(stack_of(self))
        return [
            iam.PolicyStatement.from_json(statement)
            for statement in endpoint_statements(
                service,
                account=facts.account,
                region=facts.region,
                partition=facts.partition,
                pulled_from=self._pulled_from,
            )
        ]


def endpoints_of(vpc: ec2.IVpc, *stacks: cdk.Stack) -> dict[str, ec2.CfnVPCEndpoint]:
    """Return the endpoints of a VPC by service, as its own stack and other stacks declare them."""
    found: dict[str, ec2.CfnVPCEndpoint] = {}
    for stack in dict.fromkeys((cdk.Stack.of(vpc), *stacks)):
        for construct in stack.node.find_all():
            # The VPC's ID is the same token in every stack that refers to it.
            if isinstance(construct, ec2.CfnVPCEndpoint) and construct.vpc_id == vpc.vpc_id:
                name = construct.service_name
                found[_short(str(stack.resolve(name)))] = construct
    return found


def _short(service_name: str) -> str:
    """Return ``ecr.api`` for ``com.amazonaws.eu-west-1.ecr.api`` and for any other form of it."""
    found = _SERVICE.search(service_name)
    return found[1] if found else service_name
