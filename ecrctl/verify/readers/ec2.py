"""VPCs and what they contain, as they are deployed."""

from collections.abc import Mapping
from typing import Any

from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

_ENDPOINT = "AWS::EC2::VPCEndpoint"


def _described(reading: Reading, kind: str, path: str, **arguments: Any) -> Any:
    """Return the first item that a call of EC2 describes; ``None`` where there is none."""
    answer = reading.call("ec2", f"describe_{kind}", **arguments) or {}
    return next(iter(answer.get(path, ())), None)


def read_vpc(reading: Reading, resource: Resource) -> Live | None:
    """Return a VPC by its ID, with the ways out that it has."""
    vpc_id = resource.physical_id
    found = _described(reading, "vpcs", "Vpcs", VpcIds=[vpc_id])
    if found is None:
        return None
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc_id]}]
    return Live(
        properties={
            "CidrBlock": found["CidrBlock"],
            "EnableDnsHostnames": _vpc_attribute(reading, vpc_id, "enableDnsHostnames"),
            "EnableDnsSupport": _vpc_attribute(reading, vpc_id, "enableDnsSupport"),
            "InstanceTenancy": found.get("InstanceTenancy"),
            "Tags": found.get("Tags"),
            "CidrBlocks": [
                one["CidrBlock"]
                for one in found.get("CidrBlockAssociationSet", ())
                if one["CidrBlock"] != found["CidrBlock"]
            ],
            "Endpoints": [
                endpoint["VpcEndpointId"] for endpoint in endpoints_of_vpc(reading, vpc_id)
            ],
            "InternetGateways": reading.listed(
                "ec2",
                "describe_internet_gateways",
                "InternetGateways[].InternetGatewayId",
                Filters=attached,
            ),
        },
        attributes={"VpcId": vpc_id, "CidrBlock": found["CidrBlock"]},
    )


def endpoints_of_vpc(reading: Reading, vpc_id: str) -> list[Mapping[str, Any]]:
    """Return the endpoints of a VPC as EC2 describes them."""
    in_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    found = reading.listed("ec2", "describe_vpc_endpoints", "VpcEndpoints[]", Filters=in_vpc)
    return [endpoint for endpoint in found if _exists(endpoint)]


def _vpc_attribute(reading: Reading, vpc_id: str, name: str) -> Any:
    answer = reading.call("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=name) or {}
    return answer.get(name[0].upper() + name[1:], {}).get("Value")


def _own_endpoints(vpc: Resource, _declared: Any) -> list[str]:
    return [
        one.physical_id for one in vpc.others(_ENDPOINT) if one.declared("VpcId") == vpc.physical_id
    ]


def read_subnet(reading: Reading, resource: Resource) -> Live | None:
    """Return a subnet by its ID."""
    subnet_id = resource.physical_id
    found = _described(reading, "subnets", "Subnets", SubnetIds=[subnet_id])
    if found is None:
        return None
    names = (
        *("AssignIpv6AddressOnCreation", "AvailabilityZone", "CidrBlock", "MapPublicIpOnLaunch"),
        *("Tags", "VpcId"),
    )
    return Live({name: found.get(name) for name in names}, {"SubnetId": subnet_id})


def read_route_table(reading: Reading, resource: Resource) -> Live | None:
    """Return a route table by its ID, with the routes that no VPC has by itself."""
    table_id = resource.physical_id
    found = _described(reading, "route_tables", "RouteTables", RouteTableIds=[table_id])
    if found is None:
        return None
    routes = [
        route
        for route in found.get("Routes", ())
        # The route of the VPC itself, and those of its gateway endpoints.
        if route.get("GatewayId") != "local" and not route.get("GatewayId", "").startswith("vpce-")
    ]
    return Live(
        {"VpcId": found["VpcId"], "Tags": found.get("Tags"), "Routes": [*map(_route, routes)]},
        {"RouteTableId": table_id},
    )


def _route(route: Mapping[str, Any]) -> str:
    parts = {key: value for key, value in route.items() if key not in ("Origin", "State")}
    return ", ".join(f"{key} {value}" for key, value in sorted(parts.items()))


def read_association(reading: Reading, resource: Resource) -> Live | None:
    """Return the association of a subnet with a route table by its ID."""
    association_id = resource.physical_id
    table = _described(
        reading,
        "route_tables",
        "RouteTables",
        Filters=[{"Name": "association.route-table-association-id", "Values": [association_id]}],
    )
    for one in (table or {}).get("Associations", ()):
        if one["RouteTableAssociationId"] == association_id:
            return Live({"RouteTableId": one["RouteTableId"], "SubnetId": one.get("SubnetId")})
    return None


def read_security_group(reading: Reading, resource: Resource) -> Live | None:
    """Return a security group by its ID."""
    group_id = resource.physical_id
    found = _described(reading, "security_groups", "SecurityGroups", GroupIds=[group_id])
    if found is None:
        return None
    return Live(
        properties={
            "GroupDescription": found["Description"],
            "GroupName": found["GroupName"],
            "SecurityGroupEgress": _rules(found.get("IpPermissionsEgress", ())),
            "SecurityGroupIngress": _rules(found.get("IpPermissions", ())),
            "Tags": found.get("Tags"),
            "VpcId": found.get("VpcId"),
        },
        attributes={"GroupId": group_id, "VpcId": found.get("VpcId", "")},
    )


# The peers of a rule: the key of the list, of the value in it, and CloudFormation's name.
_PEERS = (
    ("IpRanges", "CidrIp", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId", "SecurityGroupId"),
)


def _rules(permissions: Any) -> list[Mapping[str, Any]]:
    """Return rules one by one, as CloudFormation declares them; EC2 groups them by their ports."""
    return [
        {
            "IpProtocol": permission["IpProtocol"],
            "FromPort": permission.get("FromPort"),
            "ToPort": permission.get("ToPort"),
            name: peer[key],
            "Description": peer.get("Description"),
        }
        for permission in permissions
        for listed, key, name in _PEERS
        for peer in permission.get(listed, ())
    ]


@forms.each
def _rule_set(value: Any) -> Any:
    rules = [{**one} for one in value or ()]
    for rule in rules:
        for name in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
            if name in rule:
                rule["SecurityGroupId"] = rule.pop(name)
        for name in ("SourcePrefixListId", "DestinationPrefixListId"):
            if name in rule:
                rule["PrefixListId"] = rule.pop(name)
        if str(rule["IpProtocol"]) == "-1":
            # All ports, however they are written.
            rule.pop("FromPort", None)
            rule.pop("ToPort", None)
    return sorted(map(forms.plain, rules), key=str) or None


def read_endpoint(reading: Reading, resource: Resource) -> Live | None:
    """Return a VPC endpoint by its ID."""
    found = _described(
        reading, "vpc_endpoints", "VpcEndpoints", VpcEndpointIds=[resource.physical_id]
    )
    if found is None or not _exists(found):
        return None
    return Live(
        {
            "PolicyDocument": found.get("PolicyDocument"),
            "PrivateDnsEnabled": found.get("PrivateDnsEnabled"),
            "RouteTableIds": found.get("RouteTableIds"),
            "SecurityGroupIds": [group["GroupId"] for group in found.get("Groups", ())],
            "ServiceName": found["ServiceName"],
            "SubnetIds": found.get("SubnetIds"),
            "Tags": found.get("Tags"),
            "VpcEndpointType": found["VpcEndpointType"],
            "VpcId": found["VpcId"],
        },
        {"Id": resource.physical_id},
    )


def _exists(endpoint: Mapping[str, Any]) -> bool:
    return str(endpoint.get("State", "available")).lower() not in ("deleting", "deleted", "failed")


TYPES = (
    ResourceType(
        name="AWS::EC2::VPC",
        read=read_vpc,
        properties={
            "CidrBlock": Property(),
            "EnableDnsHostnames": Property(default=False),
            "EnableDnsSupport": Property(default=True),
            "InstanceTenancy": Property("default"),
            "Tags": Property(form=forms.tags),
            # Not CloudFormation's: ways in and out that someone added.
            "CidrBlocks": Property(form=forms.unordered),
            "Endpoints": Property(form=forms.unordered),
            "InternetGateways": Property(form=forms.unordered),
        },
        additions={"Endpoints": _own_endpoints},
    ),
    ResourceType(
        name="AWS::EC2::Subnet",
        read=read_subnet,
        properties={
            "AssignIpv6AddressOnCreation": Property(default=False),
            "AvailabilityZone": Property(CHOSEN),
            "CidrBlock": Property(),
            "MapPublicIpOnLaunch": Property(default=False),
            "Tags": Property(form=forms.tags),
            "VpcId": Property(),
        },
    ),
    ResourceType(
        name="AWS::EC2::RouteTable",
        read=read_route_table,
        properties={
            "VpcId": Property(),
            "Tags": Property(form=forms.tags),
            # Not CloudFormation's: routes are resources of their own, and no stack has one.
            "Routes": Property(form=forms.unordered),
        },
    ),
    ResourceType(
        name="AWS::EC2::SubnetRouteTableAssociation",
        read=read_association,
        properties={"RouteTableId": Property(), "SubnetId": Property()},
    ),
    ResourceType(
        name="AWS::EC2::SecurityGroup",
        read=read_security_group,
        properties={
            "GroupDescription": Property(),
            "GroupName": Property(CHOSEN),
            "SecurityGroupEgress": Property(CHOSEN, _rule_set),
            "SecurityGroupIngress": Property(form=_rule_set),
            "Tags": Property(form=forms.tags),
            "VpcId": Property(CHOSEN),
        },
    ),
    ResourceType(
        name=_ENDPOINT,
        read=read_endpoint,
        properties={
            "PolicyDocument": Property(CHOSEN, forms.policy),
            "PrivateDnsEnabled": Property(CHOSEN),
            "RouteTableIds": Property(form=forms.unordered),
            "SecurityGroupIds": Property(CHOSEN, forms.unordered),
            "ServiceName": Property(),
            "SubnetIds": Property(form=forms.unordered),
            "Tags": Property(form=forms.tags),
            "VpcEndpointType": Property("Gateway"),
            "VpcId": Property(),
        },
        not_returned={"PolicyDocument": None, "PrivateDnsEnabled": None, "SecurityGroupIds": None},
    ),
)
