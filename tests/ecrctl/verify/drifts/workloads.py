"""Changes of a deployed network, its services and its task definitions."""

from __future__ import annotations

from typing import Any

from . import Deployed, drift, resource

STACK = "EcsWorkloads"
VPC = resource(STACK, "Private", "Vpc", "Resource")
SUBNET = ("Private", "Vpc", "isolatedSubnet1")
OTHER_SUBNET = ("Private", "Vpc", "isolatedSubnet2")
ENDPOINTS = ("Private", "Endpoints")
API = "task definition api-family"
API_TASK = resource(STACK, "api", "Resource", "Resource")


def vpc(at: Deployed) -> str:
    return at.ecs("Private", "Vpc", "Resource")


def service(name: str) -> tuple[str, ...]:
    return ("Private", name, "Service", "Service")


def update(at: Deployed, name: str, **changes: Any) -> None:
    arn = at.ecs(*service(name))
    at.aws.ecs.update_service(cluster=arn.split("/")[1], service=arn, **changes)


# The network


@drift(
    (
        resource(STACK, "Private", "api", "Service", "SecurityGroup", "Resource"),
        "SecurityGroupIngress",
    )
)
def port_22_opened(at: Deployed) -> object:
    return at.ec2.authorize_security_group_ingress(
        GroupId=at.ecs("Private", "api", "Service", "SecurityGroup", "Resource"),
        IpProtocol="tcp",
        FromPort=22,
        ToPort=22,
        CidrIp="0.0.0.0/0",
    )


@drift((resource(STACK, *ENDPOINTS, "SecurityGroup", "Resource"), "SecurityGroupEgress"))
def egress_opened(at: Deployed) -> object:
    return at.ec2.authorize_security_group_egress(
        GroupId=at.ecs(*ENDPOINTS, "SecurityGroup", "Resource"),
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )


@drift((resource(STACK, *ENDPOINTS, "SecurityGroup", "Resource"), "SecurityGroupIngress"))
def ingress_revoked(at: Deployed) -> object:
    return at.ec2.revoke_security_group_ingress(
        GroupId=at.ecs(*ENDPOINTS, "SecurityGroup", "Resource"),
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": "10.40.0.0/24"}],
            }
        ],
    )


@drift((resource(STACK, *SUBNET, "Subnet"), "MapPublicIpOnLaunch"))
def public_addresses_on_launch(at: Deployed) -> object:
    return at.ec2.modify_subnet_attribute(
        SubnetId=at.ecs(*SUBNET, "Subnet"), MapPublicIpOnLaunch={"Value": True}
    )


@drift(
    ("network", "internet gateways"),
    (VPC, "InternetGateways"),
    (resource(STACK, *SUBNET, "RouteTable"), "Routes"),
)
def way_to_the_internet_opened(at: Deployed) -> object:
    gateway = at.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    at.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc(at))
    return at.ec2.create_route(
        RouteTableId=at.ecs(*SUBNET, "RouteTable"),
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=gateway,
    )


@drift(
    ("network", "endpoints"),
    (resource(STACK, *ENDPOINTS, "ecr.dkr", "Resource"), "exists"),
    (VPC, "Endpoints"),
)
def endpoint_deleted(at: Deployed) -> object:
    return at.ec2.delete_vpc_endpoints(VpcEndpointIds=[at.ecs(*ENDPOINTS, "ecr.dkr", "Resource")])


@drift(("network", "endpoints"), (VPC, "Endpoints"))
def endpoint_added(at: Deployed) -> object:
    return at.ec2.create_vpc_endpoint(
        VpcId=vpc(at),
        ServiceName="com.amazonaws.us-east-1.execute-api",
        VpcEndpointType="Interface",
    )


@drift((VPC, "EnableDnsHostnames"))
def dns_names_switched_off(at: Deployed) -> object:
    return at.ec2.modify_vpc_attribute(VpcId=vpc(at), EnableDnsHostnames={"Value": False})


@drift((VPC, "Tags*"))
def network_tagged(at: Deployed) -> object:
    return at.ec2.create_tags(Resources=[vpc(at)], Tags=[{"Key": "owner", "Value": "me"}])


@drift((resource(STACK, *OTHER_SUBNET, "Subnet"), "Tags*"))
def subnet_renamed(at: Deployed) -> object:
    tag = {"Key": "Name", "Value": "mine"}
    return at.ec2.create_tags(Resources=[at.ecs(*OTHER_SUBNET, "Subnet")], Tags=[tag])


@drift((resource(STACK, *OTHER_SUBNET, "RouteTableAssociation"), "exists"))
def route_table_replaced(at: Deployed) -> object:
    return at.ec2.replace_route_table_association(
        AssociationId=at.ecs(*OTHER_SUBNET, "RouteTableAssociation"),
        RouteTableId=at.ecs(*SUBNET, "RouteTable"),
    )


# The cluster and the services


@drift((resource(STACK, "Private", "Cluster", "Resource"), "ClusterSettings*"))
def insights_switched_off(at: Deployed) -> object:
    return at.aws.ecs.update_cluster_settings(
        cluster=at.ecs("Private", "Cluster", "Resource"),
        settings=[{"name": "containerInsights", "value": "disabled"}],
    )


@drift(("service api", "tasks"), (resource(STACK, *service("api")), "DesiredCount"))
def service_scaled(at: Deployed) -> None:
    update(at, "api", desiredCount=0)


@drift(
    ("service api-canary", "public address"),
    ("service api-canary", "subnets"),
    ("service api-canary", "security groups"),
    (resource(STACK, *service("api-canary")), "NetworkConfiguration.AssignPublicIp"),
    (resource(STACK, *service("api-canary")), "NetworkConfiguration.Subnets"),
    (resource(STACK, *service("api-canary")), "NetworkConfiguration.SecurityGroups"),
)
def service_moved(at: Deployed) -> None:
    network = {
        "subnets": ["subnet-elsewhere"],
        "securityGroups": ["sg-elsewhere"],
        "assignPublicIp": "ENABLED",
    }
    update(at, "api-canary", networkConfiguration={"awsvpcConfiguration": network})


@drift(
    ("service api-canary", "circuit breaker"),
    (resource(STACK, *service("api-canary")), "DeploymentConfiguration.*"),
)
def circuit_breaker_switched_off(at: Deployed) -> None:
    breaker = {"enable": False, "rollback": False}
    update(at, "api-canary", deploymentConfiguration={"deploymentCircuitBreaker": breaker})


@drift(("service other", "exists"), (resource(STACK, *service("other")), "exists"))
def service_deleted(at: Deployed) -> None:
    arn = at.ecs(*service("other"))
    at.aws.ecs.delete_service(cluster=arn.split("/")[1], service=arn, force=True)


# Task definitions


@drift(
    ("service api", "task definition"),
    ("service api-canary", "task definition"),
    (API_TASK, "Revision"),
    (API_TASK, "Tags"),
    (API, "api: command"),
    (API_TASK, "ContainerDefinitions.api.Command"),
    (API, "api: entry point"),
    (API_TASK, "ContainerDefinitions.api.EntryPoint"),
    (API, "api: ports"),
    (API_TASK, "ContainerDefinitions.api.PortMappings"),
    (API, "api: health check"),
    (API_TASK, "ContainerDefinitions.api.HealthCheck.*"),
    (API, "api: log group"),
    (API, "api: logs are kept"),
    (API_TASK, "ContainerDefinitions.api.LogConfiguration.Options.awslogs-group"),
    (API, "api: image"),
    (API_TASK, "ContainerDefinitions.api.Image"),
    (API, "api: user"),
    (API_TASK, "ContainerDefinitions.api.User"),
    (API, "api: privileged"),
    (API_TASK, "ContainerDefinitions.api.Privileged"),
    (API, "api: environment"),
    (API_TASK, "ContainerDefinitions.api.Environment*"),
    (API, "api: secrets"),
    (API_TASK, "ContainerDefinitions.api.Secrets*"),
    (API, "api: read-only root file system"),
    (API_TASK, "ContainerDefinitions.api.ReadonlyRootFilesystem"),
    (API, "api: capabilities added"),
    (API, "api: capabilities dropped"),
    (API, "api: init process"),
    (API_TASK, "ContainerDefinitions.api.LinuxParameters.*"),
    (API, "api: memory"),
    (API_TASK, "ContainerDefinitions.api.Memory"),
    (API, "api: cpu"),
    (API_TASK, "ContainerDefinitions.api.Cpu"),
    (API, "proxy: essential"),
    (API_TASK, "ContainerDefinitions.proxy.Essential"),
    (API, "proxy: depends on"),
    (API_TASK, "ContainerDefinitions.proxy.DependsOn*"),
    (API, "task role"),
    (API_TASK, "TaskRoleArn"),
    (API, "runs on"),
    (API_TASK, "Memory"),
    (API, "volumes"),
    (API_TASK, "Volumes*"),
)
def another_revision_registered(at: Deployed) -> object:
    found = at.aws.ecs.describe_task_definition(taskDefinition="api-family")["taskDefinition"]
    api, proxy = found["containerDefinitions"]
    logging = {
        **api["logConfiguration"],
        "options": {**api["logConfiguration"]["options"], "awslogs-group": "elsewhere"},
    }
    changed: Any = {
        **api,
        "command": ["sh"],
        "entryPoint": ["/bin/busybox"],
        "portMappings": [{"containerPort": 22, "protocol": "tcp"}],
        "healthCheck": {"command": ["CMD", "/bin/true"]},
        "logConfiguration": logging,
        "image": "elsewhere/api:latest",
        "user": "0",
        "privileged": True,
        "environment": [{"name": "LEVEL", "value": "debug"}],
        "secrets": [
            {"name": "API_TOKEN", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/other"}
        ],
        "readonlyRootFilesystem": False,
        "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"]}},
        "memory": 300,
        "cpu": 200,
    }
    beside: Any = {
        **proxy,
        "essential": True,
        "dependsOn": [{"containerName": "api", "condition": "HEALTHY"}],
    }
    return at.aws.ecs.register_task_definition(
        family="api-family",
        containerDefinitions=[changed, beside],
        taskRoleArn="arn:aws:iam::000000000000:role/platform",
        executionRoleArn=found["executionRoleArn"],
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="2048",
        volumes=[{"name": "tmp"}, {"name": "more"}],
    )


@drift(
    (resource(STACK, "batch", "Resource", "Resource"), "Revision"),
    (resource(STACK, "batch", "Resource", "Resource"), "PidMode"),
    (resource(STACK, "batch", "Resource", "Resource"), "Tags"),
    (resource(STACK, "batch", "Resource", "Resource"), "NetworkMode"),
    ("task definition batch", "network mode"),
    ("task definition batch", "capabilities dropped"),
    ("task definition batch", "init process"),
)
def host_namespaces_shared(at: Deployed) -> object:
    found = at.aws.ecs.describe_task_definition(taskDefinition="batch")["taskDefinition"]
    (container,) = found["containerDefinitions"]
    container.pop("linuxParameters")
    return at.aws.ecs.register_task_definition(
        family="batch",
        containerDefinitions=[container],
        taskRoleArn=found["taskRoleArn"],
        executionRoleArn=found["executionRoleArn"],
        networkMode="bridge",
        pidMode="host",
        requiresCompatibilities=["EC2"],
    )


@drift(
    ("task definition quiet", "exists"),
    (resource(STACK, "quiet", "Resource", "Resource"), "exists"),
)
def revision_deregistered(at: Deployed) -> object:
    return at.aws.ecs.deregister_task_definition(
        taskDefinition=at.ecs("quiet", "Resource", "Resource")
    )


# Stacks


@drift(("stack everything-Encryption", "termination protection"))
def termination_protected(at: Deployed) -> object:
    return at.cloudformation.update_termination_protection(
        StackName="everything-Encryption", EnableTerminationProtection=True
    )
