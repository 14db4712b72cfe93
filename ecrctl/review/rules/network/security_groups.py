"""Rules about security groups and network ACLs: which traffic a change lets through.

Source: CloudFormation template reference, "AWS::EC2::SecurityGroup": a new group without egress
rules allows all outbound traffic; one whose egress rules are removed later allows none.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import mappings, properties, resources_of
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.texts import Values, is_unknown
from ecrctl.review.resolution.variants import paired_variants, variants_of
from ecrctl.review.rules.rule import Message, about, resource_rule, rule, undecided
from ecrctl.review.type_names import NETWORK_ACL_ENTRY, SECURITY_GROUP, SECURITY_GROUP_RULES

_LOST = Category.PROTECTION_LOST
_SEPARATE = dict(zip(SECURITY_GROUP_RULES, ("outbound", "inbound"), strict=True))
_INLINE = {"SecurityGroupIngress": "inbound", "SecurityGroupEgress": "outbound"}
_PEERS = (
    "CidrIp",
    "CidrIpv6",
    "SourcePrefixListId",
    "DestinationPrefixListId",
    "SourceSecurityGroupId",
    "SourceSecurityGroupName",
    "DestinationSecurityGroupId",
)
_EVERY_PROTOCOL, _EVERY_PORT = "-1", (0, 65_535)
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_ICMP = ("icmp", "icmpv6")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Traffic(NamedTuple):
    """The traffic that one rule lets through.

    :param group: the security group, by the path of its resource or by its id.
    :param direction: ``inbound`` or ``outbound``.
    :param peer: the addresses, group or prefix list at the other end.
    :param ports: the first and the last port, or ICMP's type and code; ``None`` where they are
        known at deployment.
    """

    group: str
    direction: str
    protocol: str
    ports: tuple[int, int] | None
    peer: str

    @property
    def is_unknown(self) -> bool:
        """Whether a part is known only at deployment."""
        return self.ports is None or is_unknown(f"{self.peer} {self.protocol}")

    @property
    def text(self) -> str:
        """The words for it, such as ``inbound tcp 443 from `10.0.0.0/16```."""
        ports = "-".join(map(str, dict.fromkeys(self.ports or ()))) or "on an unknown port"
        if self.protocol in _ICMP and self.ports == _EVERY_PORT:
            ports = "of every type"
        what = "everything" if self.protocol == _EVERY_PROTOCOL else f"{self.protocol} {ports}"
        where = "from" if self.direction == "inbound" else "to"
        return f"{self.direction} {what} {where} `{self.peer}`"

    def covers(self, other: "_Traffic") -> bool:
        """Return whether all the traffic of another rule passes, apart from its peer."""
        if self[:2] != other[:2] or self.protocol not in {_EVERY_PROTOCOL, other.protocol}:
            return False
        if self.protocol == _EVERY_PROTOCOL:
            return True
        if self.ports is None or other.ports is None:
            return self.ports == other.ports
        return self.ports[0] <= other.ports[0] and other.ports[1] <= self.ports[1]


@rule(_LOST)
def traffic_allowed(comparison: Comparison) -> Iterator[Finding]:
    """A security group lets more traffic through."""
    before = _known_before(comparison)
    for change in comparison.of_type(SECURITY_GROUP, *_SEPARATE):
        if change.head is None:
            continue
        found = [
            {
                one
                for one in _traffic(comparison, change, head, is_head=True)
                if not _passes(one, old)
            }
            for base, head in paired_variants(change.base, change.head)
            for old in [[*before, *_traffic(comparison, change, base, is_head=False)]]
        ]
        certain = {one for one in set.intersection(*found) if not one.is_unknown}
        unclear = set.union(*found) - certain
        if certain:
            yield about(change, f"allows {_listed(certain)}", detail=sorted(map(str, certain)))
        if unclear:
            message = f"may allow {_listed(unclear)}: the deployment decides"
            detail = sorted(map(str, unclear))
            yield about(change, message, detail=detail, is_undecided=True)


def _listed(traffic: set[_Traffic]) -> str:
    return listed(sorted(one.text for one in traffic))


@cache
def _known_before(comparison: Comparison) -> Sequence[_Traffic]:
    """Return the traffic that certainly passes on the base side."""
    found: list[_Traffic] = []
    for pair in comparison.pairs:
        values = Values(stack=pair.base, side=comparison.base) if pair.base else None
        for logical_id, resource in resources_of(pair.base).items() if values else ():
            variants = variants_of(resource) if isinstance(resource, Mapping) else []
            is_certain = len(variants) == 1 and variants[0].resource is not None
            if values and is_certain and resource.get("Type") in (SECURITY_GROUP, *_SEPARATE):
                found += _rules_of(values, logical_id, resource, is_new=False)
    return found


def _traffic(
    comparison: Comparison,
    change: ResourceChange,
    resource: Mapping[str, Any] | None,
    *,
    is_head: bool,
) -> Iterator[_Traffic]:
    stack = change.pair.head if is_head else change.pair.base
    if stack is None or resource is None:
        return
    values = Values(stack=stack, side=comparison.head if is_head else comparison.base)
    yield from _rules_of(values, change.logical_id, resource, is_new=change.base is None)


def _rules_of(
    values: Values, logical_id: str, resource: Mapping[str, Any], *, is_new: bool
) -> Iterator[_Traffic]:
    given = properties(resource)
    direction = _SEPARATE.get(str(resource.get("Type")))
    if direction:
        yield _one(values, _group(values.text(given.get("GroupId", "?"))), direction, given)
        return
    group = _group(values.path(logical_id))
    for name, direction in _INLINE.items():
        inline = given.get(name)
        for one in mappings(inline if isinstance(inline, list) else [inline]):
            yield _one(values, group, direction, one)
    if is_new and not given.get("SecurityGroupEgress"):
        yield _Traffic(group, "outbound", _EVERY_PROTOCOL, _EVERY_PORT, "0.0.0.0/0")


def _group(text: str) -> str:
    return text.removeprefix("${").removesuffix("}").removesuffix(".GroupId")


def _one(values: Values, group: str, direction: str, given: Mapping[str, Any]) -> _Traffic:
    protocol = values.text(given.get("IpProtocol", _EVERY_PROTOCOL)).lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    peer = next((values.text(given[name]) for name in _PEERS if name in given), "?")
    first, last = (_port(given.get(name)) for name in ("FromPort", "ToPort"))
    ports = None if first is None or last is None else (first, last)
    if "FromPort" not in given or first == -1:
        ports = _EVERY_PORT
    return _Traffic(group, direction, protocol, ports, peer)


def _port(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _passes(one: _Traffic, before: Sequence[_Traffic]) -> bool:
    """Return whether the traffic of a rule passed before, by one rule or by several."""
    covering = [other for other in before if other.covers(one)]
    if any(other.peer == one.peer for other in covering):
        return True
    network = _network(one.peer)
    if network is None:
        return False
    others = (_network(other.peer) for other in covering)
    return _is_within(network, [other for other in others if other is not None])


def _is_within(network: _Network, others: Sequence[_Network]) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        four = [one for one in others if isinstance(one, ipaddress.IPv4Network)]
        return any(network.subnet_of(one) for one in ipaddress.collapse_addresses(four))
    six = [one for one in others if isinstance(one, ipaddress.IPv6Network)]
    return any(network.subnet_of(one) for one in ipaddress.collapse_addresses(six))


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@resource_rule(_LOST, NETWORK_ACL_ENTRY)
def network_acl_changed(change: ResourceChange) -> Iterator[Message]:
    """An entry of a network ACL allows traffic, or no longer denies it."""
    before, after = change.values("RuleAction")
    if after == "allow" and change.head is not None:
        blocks = [properties(change.head).get(name) for name in ("CidrBlock", "Ipv6CidrBlock")]
        names = listed([f"`{one}`" for one in blocks if one is not None])
        yield undecided(
            f"allows traffic with {names}, unless an entry with a lower number denies it"
        )
    elif before == "deny":
        yield undecided(
            "changes or no longer denies traffic: whether other entries do is not known"
        )
