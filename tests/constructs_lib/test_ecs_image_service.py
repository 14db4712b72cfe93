"""EcsImageService and RegistryEndpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs

from constructs_lib import (
    EcsContainer,
    EcsImageService,
    EcsImageTask,
    FargateSize,
    Image,
    NetworkSpec,
    PrivateRepository,
    PrivateServices,
    PulledFrom,
    RegistryEndpoints,
    ServiceSpec,
)
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of

DIGEST = "sha256:" + "a" * 64
ZONES = ["eu-west-1a", "eu-west-1b"]


def isolated_vpc(stack: cdk.Stack) -> ec2.Vpc:
    """Return a VPC without internet access."""
    subnets = ec2.SubnetConfiguration(name="i", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    return ec2.Vpc(
        stack,
        "Vpc",
        availability_zones=ZONES,
        nat_gateways=0,
        subnet_configuration=[subnets],
        restrict_default_security_group=False,
    )


def service_in(
    stack: cdk.Stack, vpc: ec2.IVpc, image: Image | None = None, **arguments: Any
) -> EcsImageService:
    """Return a service that runs an image of this app."""
    api = PrivateRepository.from_name(stack, "Api", repository_name="team/api")
    fargate = arguments.pop("fargate", FargateSize(cpu=256, memory_mib=512))
    container = EcsContainer(image=image or Image(repository=api, digest=DIGEST), memory_mib=200)
    task = EcsImageTask(stack, "Task", family="api", fargate=fargate, container=container)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    return EcsImageService(stack, "Service", task=task, cluster=cluster, **arguments)


def refused(stack: cdk.Stack, vpc: ec2.IVpc, image: Image | None = None, **arguments: Any) -> str:
    """Return the message with which a service is refused."""
    with pytest.raises(ValueError, match="EcsImageService 'Service': ") as refusal:
        service_in(stack, vpc, image, **arguments)
    assert stack.node.try_find_child("Service") is None
    return str(refusal.value)


def test_a_service_is_private_and_rolls_back_tasks_that_do_not_start() -> None:
    stack = stack_in()
    service_in(stack, ec2.Vpc(stack, "Vpc", availability_zones=ZONES, nat_gateways=1))
    found = only(template_of(stack), "AWS::ECS::Service")
    assert found["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {
        "Enable": True,
        "Rollback": True,
    }
    assert found["DeploymentConfiguration"]["MinimumHealthyPercent"] == 100
    assert found["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    assert found["LaunchType"] == "FARGATE"


def test_a_service_without_internet_access_requires_the_endpoints() -> None:
    stack = stack_in()
    assert refused(stack, isolated_vpc(stack)) == (
        "EcsImageService 'Service': subnets: subnets without internet access require VPC "
        "endpoints for a task's start, got none for ecr.api, ecr.dkr, logs, s3. Add "
        "`RegistryEndpoints` (with `secrets_from` for secrets), or set `endpoints_exist=True` "
        "if they are declared elsewhere."
    )


def test_with_its_endpoints_or_with_a_word_for_them_it_is_taken() -> None:
    stack = stack_in()
    vpc = isolated_vpc(stack)
    RegistryEndpoints(stack, "Endpoints", vpc=vpc)
    service_in(stack, vpc)
    assert resources(template_of(stack), "AWS::ECS::Service")
    other = stack_in()
    service_in(other, isolated_vpc(other), endpoints_exist=True)


def test_endpoints_that_the_cdk_makes_count_and_those_of_another_vpc_do_not() -> None:
    stack = stack_in()
    vpc = isolated_vpc(stack)
    RegistryEndpoints(stack, "Elsewhere", vpc=ec2.Vpc(stack, "Other", availability_zones=ZONES))
    vpc.add_interface_endpoint("Api", service=ec2.InterfaceVpcEndpointAwsService.ECR)
    vpc.add_interface_endpoint("Messages", service=ec2.InterfaceVpcEndpointAwsService.SSM_MESSAGES)
    assert "got none for ecr.dkr, logs, s3." in refused(stack, vpc)


def waited_for(stack: cdk.Stack) -> set[str]:
    """Return the types of the resources on which a stack's service depends."""
    template = template_of(stack)
    (service,) = resources(template, "AWS::ECS::Service")
    found = [template["Resources"][name] for name in service["DependsOn"]]
    kinds = [(item["Type"], item["Properties"].get("VpcEndpointType")) for item in found]
    return {f"{kind} {which}" if which else kind for kind, which in kinds}


def test_a_service_is_made_after_all_that_its_first_task_needs() -> None:
    stack = stack_in()
    vpc = isolated_vpc(stack)
    endpoints = RegistryEndpoints(stack, "Endpoints", vpc=vpc, secrets_from=["ssm"])
    service = service_in(stack, vpc)
    assert waited_for(stack) == {
        "AWS::EC2::VPCEndpoint Gateway",
        "AWS::EC2::VPCEndpoint Interface",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
    }
    resource = service.service.node.find_child("Service")
    depended_on = {one.node.path for one in resource.node.dependencies}
    needed = [endpoints.endpoints[name] for name in ("ecr.api", "ecr.dkr", "logs")]
    assert {f"{one.node.path}/Resource" for one in needed} < depended_on
    assert not [path for path in depended_on if "ssm" in path], "no secret is fetched by it"


def test_with_a_way_out_it_is_made_after_what_may_pull() -> None:
    stack = stack_in()
    service_in(stack, ec2.Vpc(stack, "Vpc", availability_zones=ZONES, nat_gateways=1))
    assert "AWS::IAM::Policy" in waited_for(stack)


def test_endpoints_that_the_services_own_stack_makes_in_the_vpc_of_another_count() -> None:
    network = stack_in()
    app = network.node.root
    assert isinstance(app, cdk.App)
    stack = cdk.Stack(app, "Services", env=cdk.Environment(account=ACCOUNT, region=REGION))
    vpc = isolated_vpc(network)
    RegistryEndpoints(stack, "Endpoints", vpc=vpc)
    service_in(stack, vpc)
    assert "AWS::EC2::VPCEndpoint Interface" in waited_for(stack)


def test_endpoints_of_the_vpcs_own_stack_count_in_the_stack_of_a_service() -> None:
    network = stack_in()
    app = network.node.root
    assert isinstance(app, cdk.App)
    stack = cdk.Stack(app, "Services", env=cdk.Environment(account=ACCOUNT, region=REGION))
    vpc = isolated_vpc(network)
    RegistryEndpoints(network, "Endpoints", vpc=vpc)
    service_in(stack, vpc)
    assert resources(template_of(stack), "AWS::ECS::Service")


def test_an_image_that_no_endpoint_reaches_is_refused() -> None:
    stack = stack_in()
    public = Image(repository="public.ecr.aws/docker/library/busybox", digest=DIGEST)
    vpc = isolated_vpc(stack)
    RegistryEndpoints(stack, "Endpoints", vpc=vpc)
    assert "cannot reach ECR Public, which has no VPC endpoint" in refused(stack, vpc, public)
    stack = stack_in()
    far = PrivateRepository.from_name(stack, "Far", repository_name="team/far", region="us-east-1")
    vpc = isolated_vpc(stack)
    RegistryEndpoints(stack, "Endpoints", vpc=vpc)
    assert refused(stack, vpc, Image(repository=far, digest=DIGEST)) == (
        "EcsImageService 'Service': task: the endpoints of a VPC in eu-west-1 can reach only the "
        "registry of eu-west-1, got the image "
        f"111111111111.dkr.ecr.us-east-1.amazonaws.com/team/far@{DIGEST} in us-east-1. Replicate "
        "the repository to eu-west-1, or run the service in subnets with internet access."
    )


def test_every_image_that_no_endpoint_reaches_is_named() -> None:
    stack = stack_in()
    near, far = (
        PrivateRepository.from_name(stack, name, repository_name=f"team/{name}", region=region)
        for name, region in (("near", "eu-west-1"), ("far", "us-east-1"))
    )
    first, *others = (
        EcsContainer(name=name, image=Image(repository=repository, digest=DIGEST), memory_mib=64)
        for name, repository in (("one", near), ("two", far), ("three", near), ("four", far))
    )
    size = FargateSize(cpu=256, memory_mib=512)
    task = EcsImageTask(stack, "Task", family="api", fargate=size, container=first, sidecars=others)
    cluster = ecs.Cluster(stack, "Cluster", vpc=isolated_vpc(stack))
    with pytest.raises(ValueError, match="2 faults") as refusal:
        EcsImageService(stack, "Service", task=task, cluster=cluster, endpoints_exist=True)
    assert str(refusal.value).count("the endpoints of a VPC in eu-west-1 can reach only") == 2


def test_a_service_runs_in_the_subnets_and_security_groups_that_it_names() -> None:
    stack = stack_in()
    isolated = ec2.SubnetConfiguration(name="i", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    public = ec2.SubnetConfiguration(name="p", subnet_type=ec2.SubnetType.PUBLIC)
    private = ec2.SubnetConfiguration(name="e", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        availability_zones=ZONES,
        nat_gateways=1,
        subnet_configuration=[isolated, public, private],
    )
    subnets = ec2.SubnetSelection(subnets=vpc.isolated_subnets)
    assert "subnets without internet access require VPC endpoints" in refused(
        stack, vpc, subnets=subnets
    )
    stack = stack_in()
    vpc = ec2.Vpc(stack, "Vpc", availability_zones=ZONES, nat_gateways=1)
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc)
    service_in(stack, vpc, security_groups=[group], desired_count=3)
    service = only(template_of(stack), "AWS::ECS::Service")
    network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    (named,) = network["SecurityGroups"]
    assert named["Fn::GetAtt"][0].startswith("Group")
    assert len(network["Subnets"]) == 2
    assert service["DesiredCount"] == 3


def test_a_task_whose_images_are_public_uses_the_endpoint_of_its_logs_alone() -> None:
    stack = stack_in()
    public = Image(repository="public.ecr.aws/docker/library/busybox", digest=DIGEST)
    container = EcsContainer(image=public, memory_mib=64)
    task = EcsImageTask(stack, "Task", family="api", container=container)
    assert task.endpoint_services == ("logs",)


def test_endpoints_of_secrets_are_those_of_their_services() -> None:
    stack = stack_in()
    RegistryEndpoints(
        stack, "Endpoints", vpc=isolated_vpc(stack), secrets_from=["ssm", "secretsmanager"]
    )
    found = {
        str(item["Properties"]["ServiceName"]).partition("eu-west-1.")[2]: item["Properties"]
        for item in resources(template_of(stack), "AWS::EC2::VPCEndpoint")
    }
    for service, action in (
        ("ssm", "ssm:GetParameters"),
        ("secretsmanager", "secretsmanager:GetSecretValue"),
    ):
        (statement,) = found[service]["PolicyDocument"]["Statement"]
        assert statement["Action"] == action
        assert found[service]["PrivateDnsEnabled"] is True


def test_a_task_for_ec2_is_no_service_on_fargate() -> None:
    stack = stack_in()
    vpc = ec2.Vpc(stack, "Vpc", availability_zones=ZONES)
    said = refused(stack, vpc, fargate=None, desired_count=-1)
    assert (
        "task: a Fargate service requires a task for Fargate, got 'Task' for EC2. Add a size "
        "with `fargate`."
    ) in said
    assert "desired_count: desired_count must be 0 to 5,000, got -1. Change it." in said


def policies(pulled_from: PulledFrom) -> dict[str, list[dict[str, Any]]]:
    """Return the statements of each endpoint by its service."""
    stack = stack_in()
    RegistryEndpoints(stack, "Endpoints", vpc=isolated_vpc(stack), pulled_from=pulled_from)
    found = {}
    for item in resources(template_of(stack), "AWS::EC2::VPCEndpoint"):
        properties = item["Properties"]
        # That of S3 is put together at deployment.
        name = str(properties["ServiceName"]).partition("eu-west-1.")[2]
        found[name or "s3"] = properties["PolicyDocument"]["Statement"]
    return found


def test_an_endpoint_lets_nothing_through_but_what_a_pull_needs() -> None:
    found = policies(PulledFrom(accounts=("444444444444",)))
    assert set(found) == {"ecr.api", "ecr.dkr", "logs", "s3"}
    own = {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}
    token, pull = found["ecr.api"]
    assert (token["Action"], token["Condition"]) == ("ecr:GetAuthorizationToken", own)
    assert pull["Resource"] == [
        "arn:aws:ecr:eu-west-1:111111111111:repository/*",
        "arn:aws:ecr:eu-west-1:444444444444:repository/*",
    ]
    assert pull["Condition"] == own
    assert not [item for item in pull["Action"] if "Put" in item or "Upload" in item]
    (layers,) = found["s3"]
    assert layers["Resource"] == "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"
    (logs,) = found["logs"]
    assert logs["Resource"] == "arn:aws:logs:eu-west-1:111111111111:log-group:*"


def test_an_organizations_repositories_can_be_pulled_from() -> None:
    (_, pull) = policies(PulledFrom(organization_id="o-a1b2c3d4e5"))["ecr.dkr"]
    assert pull["Condition"]["StringEquals"]["aws:ResourceOrgID"] == "o-a1b2c3d4e5"
    with pytest.raises(ValueError, match="either accounts or organization_id") as refusal:
        PulledFrom(accounts=("12",), organization_id="o-a1b2c3d4e5")
    assert "accounts[0]: an AWS account number has 12 digits" in str(refusal.value)


def test_the_peers_that_reach_the_endpoints_can_be_limited() -> None:
    stack = stack_in()
    vpc = isolated_vpc(stack)
    client = ec2.Peer.ipv4("10.0.0.0/28")
    RegistryEndpoints(stack, "Endpoints", vpc=vpc, clients=[client])
    (group,) = resources(template_of(stack), "AWS::EC2::SecurityGroup")
    (rule,) = group["Properties"]["SecurityGroupIngress"]
    assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == ("10.0.0.0/28", 443, 443)


def test_the_zones_that_a_network_names_are_no_warning_and_have_a_reason() -> None:
    stack = stack_in()
    api = PrivateRepository.from_name(stack, "Api", repository_name="team/api")
    container = EcsContainer(image=Image(repository=api, digest=DIGEST), memory_mib=200)
    task = EcsImageTask(stack, "Task", family="api", fargate="smallest", container=container)
    PrivateServices(
        stack,
        "Private",
        tasks={"api": task},
        services=[ServiceSpec(name="api", task="api")],
        network=NetworkSpec(cidr="10.0.0.0/24", availability_zones=tuple(ZONES)),
    )
    app = stack.node.root
    assert isinstance(app, cdk.App)
    report = json.loads(Path(app.synth().directory, "validation-report.json").read_text())
    (plugin,) = report["pluginReports"]
    assert plugin["violations"] == []
    assert {
        (item["ruleName"], item["acknowledgedAt"]) for item in plugin["suppressedViolations"]
    } == {("W3010", "Stack/Private/Vpc")}
