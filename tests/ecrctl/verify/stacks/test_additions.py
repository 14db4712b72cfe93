"""What the other resources of an environment add to a property."""

from __future__ import annotations

from typing import Any

from ecrctl.verify.check import Check
from ecrctl.verify.stacks.comparison import check_resource
from tests.ecrctl.aws.stubs import StubClient
from tests.ecrctl.verify.loading import always

from .scripted import NAME, aws_with, cloudformation_with, deployed, stack_with

CIDR = "10.0.0.0/24"
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": CIDR}}


def endpoint_in(vpc: str) -> dict[str, Any]:
    """Return the template of an endpoint in a VPC."""
    return {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcId": {"Ref": vpc}}}


def ec2_with(endpoints: dict[str, list[str]]) -> StubClient:
    """Return a client of an account with the endpoints of some VPCs."""

    def describe_vpcs(VpcIds: list[str]) -> Any:  # noqa: N803 - AWS spells it so
        return {"Vpcs": [{"VpcId": VpcIds[0], "CidrBlock": CIDR}]}

    def describe_vpc_endpoints(Filters: list[Any]) -> Any:  # noqa: N803 - AWS spells it so
        ((vpc,),) = (one["Values"] for one in Filters)
        return [{"VpcEndpoints": [{"VpcEndpointId": one} for one in endpoints[vpc]]}]

    return StubClient(
        describe_vpcs=describe_vpcs,
        describe_vpc_endpoints=describe_vpc_endpoints,
        describe_vpc_attribute=always({}),
        describe_internet_gateways=always([{"InternetGateways": []}]),
    )


def endpoint_rows(endpoints: dict[str, list[str]]) -> list[Check]:
    """Return the checks of the endpoints of two VPCs."""
    stack = stack_with(
        {
            "One": VPC,
            "Other": VPC,
            "OfOne": endpoint_in("One"),
            "OfOther": endpoint_in("Other"),
            "NotDeployed": endpoint_in("One"),
        }
    )
    physical_ids = {"One": "vpc-1", "Other": "vpc-2", "OfOne": "vpce-1", "OfOther": "vpce-2"}
    aws = aws_with(cloudformation=cloudformation_with(physical_ids), ec2=ec2_with(endpoints))
    with deployed(aws, stack) as found:
        checks = [check for one in found.resources[:2] for check in check_resource(one)]
    return [check for check in checks if check.what == "Endpoints"]


def test_a_vpc_has_the_deployed_endpoints_that_templates_put_into_it() -> None:
    found = endpoint_rows({"vpc-1": ["vpce-1"], "vpc-2": ["vpce-2"]})
    assert found == [
        Check(f"{NAME}: One", "Endpoints", '["vpce-1"]', '["vpce-1"]'),
        Check(f"{NAME}: Other", "Endpoints", '["vpce-2"]', '["vpce-2"]'),
    ]


def test_an_endpoint_that_no_template_puts_into_a_vpc_is_named() -> None:
    added, same = endpoint_rows({"vpc-1": ["vpce-1", "vpce-9"], "vpc-2": ["vpce-2"]})
    assert (added.declared, added.found) == ('["vpce-1"]', '["vpce-1", "vpce-9"]')
    assert not same.differs
