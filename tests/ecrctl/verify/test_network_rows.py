"""Every row of the network of an environment's services, with scripted answers of AWS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecrctl.verify.check import MISSING, NOT_RETURNED, Check
from ecrctl.verify.files.ecs_services import check_network
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import (
    Row,
    always,
    differing,
    load,
    lookup,
    missing,
    rows,
    stacks_with,
)

FILE = """
ecs_tasks:
  - name: api
    image: api
    memory_mib: 200
    fargate: smallest
    secrets:
      TOKEN: {parameter: "arn:aws:ssm:us-west-2:111111111111:parameter/t", key: aws-managed}
ecs_services: [{name: web, task: api}]
network: {cidr: 10.20.0.0/24, availability_zones: [us-west-2a, us-west-2b]}
"""
VPC = "vpc-1"
IDS = {
    ("Private", "Vpc", "Resource"): VPC,
    ("Private", "Vpc", "isolatedSubnet1", "Subnet"): "subnet-1",
    ("Private", "Vpc", "isolatedSubnet2", "Subnet"): "subnet-2",
    ("Private", "Endpoints", "SecurityGroup", "Resource"): "sg-2",
}


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment with a service in a network."""
    return load(tmp_path, FILE)


def policy(*statements: dict[str, Any]) -> str:
    """Return a policy as EC2 returns it: as text, with an account's number as it was set."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


OWN = {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}
ALLOW: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Condition": OWN}
ECR = policy(
    {**ALLOW, "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]},
    {
        **ALLOW,
        "Action": [
            *("ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability")
        ],
        "Resource": "arn:aws:ecr:us-west-2:111111111111:repository/*",
    },
)
S3 = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*",
}
LOGS = {
    **ALLOW,
    "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
    "Resource": "arn:aws:logs:us-west-2:111111111111:log-group:*",
}
SSM = {
    **ALLOW,
    "Action": "ssm:GetParameters",
    "Resource": "arn:aws:ssm:us-west-2:111111111111:parameter/*",
}
POLICIES = {
    "ecr.api": ECR,
    "ecr.dkr": ECR,
    "logs": policy(LOGS),
    "s3": policy(S3),
    "ssm": policy(SSM),
}
SUBNETS = ("subnet-1", "subnet-2")
# The policy of an endpoint that was created without one.
FULL_ACCESS = json.dumps(
    {
        "Version": "2008-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
SERVICES = ", ".join(POLICIES)


def endpoint(service: str, document: str | None, number: int = 0, **more: str) -> dict[str, Any]:
    """Return an endpoint as EC2 describes it."""
    found = {
        "VpcEndpointId": f"vpce-{service}-{number}",
        "ServiceName": f"com.amazonaws.us-west-2.{service}",
        "State": "available",
        **more,
    }
    return {**found, **({"PolicyDocument": document} if document else {})}


def endpoints(**changed: str | None) -> list[dict[str, Any]]:
    """Return the declared endpoints, some with another policy."""
    documents = {**POLICIES, **{name.replace("_", "."): text for name, text in changed.items()}}
    return [endpoint(service, document) for service, document in reversed(documents.items())]


def network_rows(
    settings: EnvironmentSettings,
    *,
    listed: Sequence[dict[str, Any]] | None = None,
    zones: Sequence[str] = ("us-west-2b", "us-west-2a"),
    gateways: Sequence[str] = (),
    is_emulated: bool = False,
    **vpc: Any,
) -> list[Row]:
    """Return the rows of the environment's network."""
    found = endpoints() if listed is None else listed
    ec2 = StubClient(
        describe_vpcs=always({"Vpcs": [{"CidrBlock": "10.20.0.0/24", **vpc}]}),
        describe_vpc_attribute=always({}),
        describe_vpc_endpoints=always(
            [{"VpcEndpoints": found[:1]}, {"VpcEndpoints": [*found[1:]]}]
        ),
        describe_internet_gateways=always(
            [{"InternetGateways": [{"InternetGatewayId": one} for one in gateways]}]
        ),
        describe_subnets=lambda SubnetIds: {  # noqa: N803 - AWS spells it so
            "Subnets": [{"AvailabilityZone": dict(zip(SUBNETS, zones, strict=False))[SubnetIds[0]]}]
        },
    )
    stacks = stacks_with(EcsWorkloads=IDS)
    assert settings.network is not None
    where = lookup(settings, is_emulated=is_emulated, ec2=ec2, cloudformation=stacks)
    checks = rows(check_network(settings.network, where), "network")
    filters = [request for name, request in ec2.requests if name == "describe_vpc_endpoints"]
    assert filters == [{"Filters": [{"Name": "vpc-id", "Values": [VPC]}]}]
    return checks


ZONES = "us-west-2a, us-west-2b"


def test_a_network_as_declared_has_every_row(settings: EnvironmentSettings) -> None:
    assert network_rows(settings) == [
        ("cidr", "10.20.0.0/24", "10.20.0.0/24"),
        ("internet gateways", "none", "none"),
        ("availability zones", ZONES, ZONES),
        ("endpoints", SERVICES, SERVICES),
        *(
            (f"policy of the endpoint for {service}", "as declared", "as declared")
            for service in POLICIES
        ),
    ]


@pytest.mark.parametrize(
    ("changes", "what", "declared", "found"),
    [
        ({"CidrBlock": "10.0.0.0/8"}, "cidr", "10.20.0.0/24", "10.0.0.0/8"),
        ({"gateways": ["igw-2", "igw-1"]}, "internet gateways", "none", "igw-1, igw-2"),
        (
            {"zones": ["us-west-2a", "us-west-2c"]},
            *("availability zones", ZONES, "us-west-2a, us-west-2c"),
        ),
        (
            {"listed": [*endpoints(), endpoint("execute-api", None)]},
            *("endpoints", SERVICES, "ecr.api, ecr.dkr, execute-api, logs, s3, ssm"),
        ),
        (
            {"listed": [*endpoints(), endpoint("com.amazonaws.vpce.svc", None)]},
            *("endpoints", SERVICES, "com.amazonaws.vpce.svc, ecr.api, ecr.dkr, logs, s3, ssm"),
        ),
        ({"listed": endpoints()[:-1]}, "endpoints", SERVICES, "ecr.dkr, logs, s3, ssm"),
        (
            {"listed": [endpoint("ecr.api", ECR, State="deleting"), *endpoints()[:-1]]},
            *("endpoints", SERVICES, "ecr.dkr, logs, s3, ssm"),
        ),
    ],
)
def test_a_changed_property_of_a_network_has_both_values_in_its_row(
    settings: EnvironmentSettings, changes: Any, what: str, declared: str, found: str
) -> None:
    assert differing(network_rows(settings, **changes)) == {what: (declared, found)}


def test_another_way_through_the_network_to_one_service_is_named(
    settings: EnvironmentSettings,
) -> None:
    found = network_rows(settings, listed=[*endpoints(), endpoint("s3", FULL_ACCESS, 1)])
    assert differing(found).keys() == {"endpoints", "policy of the endpoint for s3"}
    policies = [row for row in found if row[0] == "policy of the endpoint for s3"]
    assert [declared == shown for _, declared, shown in policies] == [True, False]


WIDER = {
    "ecr.api": ECR.replace(":111111111111:repository/*", ":*:repository/*"),
    "ecr.dkr": ECR.replace('"ecr:BatchGetImage"', '"ecr:*"'),
    "logs": policy({**LOGS, "Condition": {}}),
    "s3": policy({**S3, "Resource": "*"}),
    "ssm": policy({**SSM, "Action": ["ssm:GetParameters", "ssm:PutParameter"]}),
}


@pytest.mark.parametrize("service", POLICIES)
@pytest.mark.parametrize("is_emulated", [True, False])
def test_a_wider_policy_of_an_endpoint_is_named(
    settings: EnvironmentSettings, service: str, *, is_emulated: bool
) -> None:
    for document in (WIDER[service], FULL_ACCESS):
        listed = endpoints(**{service: document})
        found = differing(network_rows(settings, listed=listed, is_emulated=is_emulated))
        assert found.keys() == {f"policy of the endpoint for {service}"}
        (values,) = found.values()
        assert "111111111111" in values[0] or service == "s3"
        assert "as declared" not in values


@pytest.mark.parametrize("is_emulated", [True, False])
def test_an_endpoint_without_a_policy_is_unknown_of_an_emulator_alone(
    settings: EnvironmentSettings, *, is_emulated: bool
) -> None:
    found = network_rows(settings, listed=endpoints(ecr_dkr=None), is_emulated=is_emulated)
    what = "policy of the endpoint for ecr.dkr"
    if is_emulated:
        assert (what, NOT_RETURNED, NOT_RETURNED) in found
        assert differing(found) == {}
    else:
        assert differing(found)[what][1] == "none"


def test_other_registries_may_be_pulled_from_through_the_endpoints(
    settings: EnvironmentSettings,
) -> None:
    both = json.dumps([f"arn:aws:ecr:us-west-2:{one * 12}:repository/*" for one in "12"])
    document = ECR.replace('"arn:aws:ecr:us-west-2:111111111111:repository/*"', both)
    central = replace(settings, registry_accounts=("222222222222",))
    listed = endpoints(ecr_api=document, ecr_dkr=document)
    assert differing(network_rows(central, listed=listed)) == {}
    assert len(differing(network_rows(settings, listed=listed))) == 2


def test_a_missing_network_has_one_row(settings: EnvironmentSettings) -> None:
    gone = StubClient(describe_vpcs=missing("DescribeVpcs", "InvalidVpcID.NotFound"))
    assert settings.network is not None
    for stacks in (stacks_with(EcsWorkloads=IDS), stacks_with()):
        found = lookup(settings, ec2=gone, cloudformation=stacks)
        checks = list(check_network(settings.network, found))
        assert checks == [Check("network", "exists", "yes", MISSING)]
    assert len(gone.requests) == 1
