"""Rules about ways into and out of a network: routes, gateways, peerings and prefix lists.

Source: CloudFormation template reference, the pages of these types.
"""

import ipaddress
from collections.abc import Iterator
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.resources import Resource, mappings, properties, resources_of, value_at
from ecrctl.review.findings import Category
from ecrctl.review.rules.rule import Message, resource_rule, undecided

_LOST = Category.PROTECTION_LOST
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_ROUTE = "AWS::EC2::Route"
# What connects a network with another one or the internet, and the property with the network.
_CONNECTIONS = {
    "AWS::EC2::TransitGatewayAttachment": "VpcId",
    "AWS::EC2::TransitGatewayVpcAttachment": "VpcId",
    "AWS::EC2::VPCGatewayAttachment": "VpcId",
    "AWS::EC2::VPCPeeringConnection": "VpcId",
}


@resource_rule(_LOST, _ROUTE)
def route_opened(change: ResourceChange) -> Iterator[str]:
    """A route table that exists gets a route to the internet."""
    before = _internet_routes(change.base, change.pair.base)
    after = _internet_routes(change.head, change.pair.head)
    table = value_at(change.head, "RouteTableId")
    if after - before and not _is_new(change, table):
        yield f"leads {listed(sorted(f'`{one}`' for one in after - before))} to an internet gateway"


def _internet_routes(resource: Resource | None, stack: Stack | None) -> set[str]:
    given = properties(resource)
    blocks = (given.get("DestinationCidrBlock"), given.get("DestinationIpv6CidrBlock"))
    is_open = "GatewayId" in given and not _is_private(given["GatewayId"], stack)
    return {one for one in blocks if one in _EVERYWHERE} if is_open else set()


def _is_private(gateway: Any, stack: Stack | None) -> bool:
    """Return whether a gateway leads to a network of one's own, by its ID or its type."""
    if isinstance(gateway, str):
        return gateway.startswith("vgw-")
    name = gateway.get("Ref") if isinstance(gateway, dict) else None
    named = resources_of(stack).get(str(name))
    return isinstance(named, dict) and named.get("Type") == "AWS::EC2::VPNGateway"


@resource_rule(_LOST, "AWS::EC2::SubnetRouteTableAssociation")
def route_table_switched(change: ResourceChange) -> Iterator[Message]:
    """A subnet gets another route table."""
    before, after = change.values("RouteTableId")
    if change.is_update and before != after:
        yield undecided("gets another route table: whether it leads to the internet is not known")


@resource_rule(_LOST, *_CONNECTIONS)
def network_connected(change: ResourceChange) -> Iterator[Message]:
    """A network that exists is connected with another one, or with the internet."""
    network = value_at(change.head, _CONNECTIONS[change.type])
    if change.base is None and not _is_new(change, network):
        yield undecided("is new: it connects a network that had no such connection")


def _is_new(change: ResourceChange, reference: Any) -> bool:
    """Return whether what a reference names is new as well."""
    if change.pair.base is None:
        return True
    name = reference.get("Ref") if isinstance(reference, dict) else None
    is_own = name in resources_of(change.pair.head)
    return is_own and name not in resources_of(change.pair.base)


@resource_rule(_LOST, "AWS::EC2::PrefixList")
def prefix_list_wider(change: ResourceChange) -> Iterator[str]:
    """A prefix list, which security groups refer to, gets more addresses."""
    before, after = change.both(_blocks)
    added = [one for one in after if not any(_is_within(one, other) for other in before)]
    if change.is_update and added:
        blocks = listed([f"`{one}`" for one in added])
        yield f"gets {blocks}: security groups that refer to the list allow them"


def _blocks(resource: Resource | None) -> list[str]:
    return [str(one.get("Cidr")) for one in mappings(value_at(resource, "Entries"))]


def _is_within(narrow: str, wide: str) -> bool:
    try:
        inner, outer = (ipaddress.ip_network(one, strict=False) for one in (narrow, wide))
    except ValueError:
        return narrow == wide
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
