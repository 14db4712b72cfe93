"""Readers of what the embedded AWS does not return, against moto."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from ecrctl.aws.clients import Aws
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks.all_types import RESOURCE_TYPES
from ecrctl.verify.stacks.forms import are_same
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Resource

REGION = "us-east-1"
OPEN = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Given:
    """A resource that a test created."""

    physical_id: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def declared(self, name: str) -> Any:
        """Return what is declared of a property."""
        return self.values.get(name)

    def others(self, resource_type: str) -> list[Resource]:
        """Return no resource."""
        raise AssertionError(resource_type)


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Return clients of moto, which is no emulator to them: each value is compared."""
    with mock_aws():
        session = boto3.Session("id", "secret", region_name=REGION)
        yield Aws(session, REGION, None)


def read(aws: Aws, resource_type: str, physical_id: str, **declared: Any) -> Live | None:
    """Return a deployed resource, which has each property that its type compares."""
    kind = RESOURCE_TYPES[resource_type]
    assert kind.read
    live = kind.read(Reading(aws), Given(physical_id, declared))
    assert live is None or live.properties.keys() == kind.properties.keys()
    return live


def differs(aws: Aws, resource_type: str, physical_id: str, name: str, declared: Any) -> bool:
    """Return whether a property of a deployed resource is another than the declared value."""
    live = read(aws, resource_type, physical_id)
    assert live
    form = RESOURCE_TYPES[resource_type].properties[name].form
    return not are_same(form, declared, live.properties[name])


@pytest.fixture
def endpoint(aws: Aws) -> str:
    """Return an interface endpoint with a policy, a group and private names."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/25")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    found = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.ecr.api",
        VpcEndpointType="Interface",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
        PrivateDnsEnabled=True,
        SecurityGroupIds=[group],
        SubnetIds=[subnet],
    )
    return str(found["VpcEndpoint"]["VpcEndpointId"])


def test_the_policy_of_an_endpoint_is_read(aws: Aws, endpoint: str) -> None:
    declared = {"Version": "2012-10-17", "Statement": []}
    kind = "AWS::EC2::VPCEndpoint"
    assert not differs(aws, kind, endpoint, "PolicyDocument", declared)
    aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(OPEN))
    assert differs(aws, kind, endpoint, "PolicyDocument", declared)
    assert not differs(aws, kind, endpoint, "PrivateDnsEnabled", True)
    assert differs(aws, kind, endpoint, "PrivateDnsEnabled", False)
    assert differs(aws, kind, endpoint, "SecurityGroupIds", ["sg-1"])


def created(aws: Aws) -> dict[str, tuple[str, set[str]]]:
    """Create one resource of each type, and return its ID and the properties that it was given."""
    ec2, ecs = aws.client("ec2"), aws.client("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/25")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    ecs.create_cluster(clusterName="c")
    container = {"name": "a", "image": "a", "memory": 64}
    task = ecs.register_task_definition(family="t", containerDefinitions=[container])
    service = ecs.create_service(cluster="c", serviceName="s", taskDefinition="t", desiredCount=1)
    aws.client("ecr").create_repository(repositoryName="team/api")
    aws.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(OPEN))
    aws.client("logs").create_log_group(logGroupName="g")
    aws.client("events").put_rule(Name="n", EventPattern='{"source": ["aws.ecr"]}')
    aws.client("ssm").put_parameter(Name="p", Value="v", Type="String")
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    return {
        "AWS::EC2::VPC": (vpc, {"CidrBlock"}),
        "AWS::EC2::Subnet": (subnet, {"CidrBlock", "VpcId"}),
        "AWS::EC2::RouteTable": (table, {"VpcId"}),
        "AWS::EC2::SecurityGroup": (group, {"GroupDescription"}),
        "AWS::ECR::Repository": ("team/api", set()),
        "AWS::ECS::Cluster": ("c", set()),
        "AWS::ECS::Service": (service["service"]["serviceArn"], {"Cluster", "TaskDefinition"}),
        "AWS::ECS::TaskDefinition": (
            task["taskDefinition"]["taskDefinitionArn"],
            {"ContainerDefinitions", "Family", "Revision"},
        ),
        "AWS::Events::Rule": ("n", {"EventPattern"}),
        "AWS::IAM::Role": ("r", {"AssumeRolePolicyDocument"}),
        "AWS::KMS::Key": (key, {"KeyPolicy"}),
        "AWS::Logs::LogGroup": ("g", set()),
        "AWS::SNS::Topic": (topic, set()),
        "AWS::SSM::Parameter": ("p", {"Value", "Type"}),
    }


def test_a_resource_has_the_defaults_of_what_it_is_not_given(aws: Aws) -> None:
    others = set()
    for kind, (physical_id, given) in created(aws).items():
        live = read(aws, kind, physical_id)
        assert live
        for name, one in RESOURCE_TYPES[kind].properties.items():
            value = live.properties[name]
            is_compared = name not in given and one.default is not CHOSEN and value is not None
            if is_compared and not are_same(one.form, one.default, value):
                others.add((kind, name))
    assert others == set()


def test_a_resource_has_the_attributes_that_a_template_can_refer_to(aws: Aws) -> None:
    ids = {kind: physical_id for kind, (physical_id, _) in created(aws).items()}
    found = {kind: read(aws, kind, physical_id) for kind, physical_id in ids.items()}
    attributes = {kind: dict(live.attributes) for kind, live in found.items() if live}
    arn = "arn:aws:{}:us-east-1:123456789012:{}"
    assert attributes.pop("AWS::IAM::Role").keys() == {"Arn", "RoleId"}
    assert attributes.pop("AWS::EC2::SecurityGroup").keys() == {"GroupId", "VpcId"}
    assert attributes == {
        "AWS::EC2::VPC": {"VpcId": ids["AWS::EC2::VPC"], "CidrBlock": "10.0.0.0/24"},
        "AWS::EC2::Subnet": {"SubnetId": ids["AWS::EC2::Subnet"]},
        "AWS::EC2::RouteTable": {"RouteTableId": ids["AWS::EC2::RouteTable"]},
        "AWS::ECR::Repository": {
            "Arn": arn.format("ecr", "repository/team/api"),
            "RepositoryUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/api",
        },
        "AWS::ECS::Cluster": {"Arn": arn.format("ecs", "cluster/c")},
        "AWS::ECS::Service": {"Name": "s", "ServiceArn": ids["AWS::ECS::Service"]},
        "AWS::ECS::TaskDefinition": {"TaskDefinitionArn": ids["AWS::ECS::TaskDefinition"]},
        "AWS::Events::Rule": {"Arn": arn.format("events", "rule/n")},
        "AWS::KMS::Key": {
            "Arn": arn.format("kms", f"key/{ids['AWS::KMS::Key']}"),
            "KeyId": ids["AWS::KMS::Key"],
        },
        "AWS::Logs::LogGroup": {"Arn": arn.format("logs", "log-group:g:*")},
        "AWS::SNS::Topic": {"TopicArn": ids["AWS::SNS::Topic"]},
        "AWS::SSM::Parameter": {},
    }


def test_an_added_range_of_addresses_is_read(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    assert not differs(aws, "AWS::EC2::VPC", vpc, "CidrBlocks", None)
    ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.9.0.0/24")
    assert differs(aws, "AWS::EC2::VPC", vpc, "CidrBlocks", None)


@pytest.mark.parametrize("ports", [{}, {"FromPort": 0, "ToPort": 65535}])
def test_a_rule_for_all_protocols_is_one_for_all_ports(aws: Aws, ports: dict[str, int]) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    everything = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", **ports}
    web = {"IpProtocol": "tcp", "CidrIp": "0.0.0.0/0", "FromPort": 443, "ToPort": 443}
    kind = "AWS::EC2::SecurityGroup"
    # Each new group has this rule, until a template declares others.
    assert not differs(aws, kind, group, "SecurityGroupEgress", [everything])
    assert differs(aws, kind, group, "SecurityGroupEgress", [web])


def test_the_key_of_a_topic_is_read(aws: Aws) -> None:
    sns = aws.client("sns")
    topic = sns.create_topic(Name="t", Attributes={"KmsMasterKeyId": "key-1"})["TopicArn"]
    assert not differs(aws, "AWS::SNS::Topic", topic, "KmsMasterKeyId", "key-1")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="key-2")
    assert differs(aws, "AWS::SNS::Topic", topic, "KmsMasterKeyId", "key-1")


def test_a_filter_that_sends_logs_elsewhere_is_read(aws: Aws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="g")
    kind = "AWS::Logs::LogGroup"
    assert not differs(aws, kind, "g", "SubscriptionFilters", None)
    aws.client("kinesis").create_stream(StreamName="s", ShardCount=1)
    logs.put_subscription_filter(
        logGroupName="g",
        filterName="copy",
        filterPattern="",
        destinationArn="arn:aws:kinesis:us-east-1:123456789012:stream/s",
    )
    assert differs(aws, kind, "g", "SubscriptionFilters", None)


def test_a_provider_of_github_is_read(aws: Aws) -> None:
    iam = aws.client("iam")
    arn = iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["0" * 40],
    )["OpenIDConnectProviderArn"]
    kind = "AWS::IAM::OIDCProvider"
    url = "https://token.actions.githubusercontent.com"
    assert not differs(aws, kind, arn, "Url", url)
    assert not differs(aws, kind, arn, "ClientIdList", ["sts.amazonaws.com"])
    assert differs(aws, kind, arn, "ClientIdList", ["sts.amazonaws.com", "other"])
    iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, Tags=[{"Key": "owner", "Value": "me"}]
    )
    assert differs(aws, kind, arn, "Tags", None)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert read(aws, kind, arn) is None


def test_a_permissions_boundary_is_read(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(OPEN))
    kind, boundary = "AWS::IAM::Role", "arn:aws:iam::aws:policy/ReadOnlyAccess"
    assert not differs(aws, kind, "r", "PermissionsBoundary", None)
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=boundary)
    assert differs(aws, kind, "r", "PermissionsBoundary", None)
    assert not differs(aws, kind, "r", "PermissionsBoundary", boundary)


def test_the_association_of_a_pod_is_read(aws: Aws) -> None:
    # Neither the embedded AWS nor moto has these; botocore checks the shapes of both sides.
    found = {
        "clusterName": "c",
        "namespace": "batch",
        "serviceAccount": "reader",
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "associationArn": "arn:aws:eks:us-east-1:123456789012:podidentityassociation/c/a-1",
        "associationId": "a-1",
        "tags": {"owner": "me"},
    }
    asked = {"clusterName": "c", "associationId": "a-1"}
    operation, kind = "describe_pod_identity_association", "AWS::EKS::PodIdentityAssociation"
    with Stubber(aws.client("eks")) as stub:
        stub.add_response(operation, {"association": found}, asked)
        live = read(aws, kind, "a-1", ClusterName="c")
        assert live
        names = ("ClusterName", "Namespace", "ServiceAccount", "RoleArn", "Tags")
        assert [live.properties[name] for name in names] == [
            *("c", "batch", "reader", found["roleArn"]),
            {"owner": "me"},
        ]
        stub.add_client_error(operation, "ResourceNotFoundException", expected_params=asked)
        assert read(aws, kind, "a-1", ClusterName="c") is None
