"""Private networks of a VPC.

Sources: Amazon VPC user guide, "VPC CIDR blocks"; RFC 1918, "Address Allocation for Private
Internets"; RFC 6598, "IANA-Reserved IPv4 Prefix for Shared Address Space".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from constructs_lib.rules.faults import Fault, faults_unless, raise_if_any
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

SHORTEST_PREFIX, LONGEST_PREFIX = 16, 26
MINIMUM_ZONES = 2
_PRIVATE_RANGES = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """A private network without a route to the internet.

    :param cidr: an IPv4 network of /16 to /26, such as ``10.20.0.0/24``.
    :param availability_zones: at least two zones of the region, such as ``us-west-2a``. They are
        named here because a synthesis looks nothing up in the account.
    :raises RuleError: with every rule that is broken.
    """

    cidr: str
    availability_zones: ListOf[str]

    def __post_init__(self) -> None:
        raise_if_any("network", [*_cidr_faults(self.cidr), *_zone_faults(self.availability_zones)])

    @property
    def is_private(self) -> bool:
        """Whether the network lies in a range for private use (RFC 1918 or RFC 6598)."""
        network = IPv4Network(self.cidr)
        return any(network.subnet_of(private) for private in _PRIVATE_RANGES)


def zone_region_faults(zones: Iterable[str], region: str) -> list[Fault]:
    """Check that zones are in a region, whose name each of them begins with."""
    others = [zone for zone in zones if not zone.startswith(region)]
    return faults_unless(
        not others,
        f"availability zones must be in the region {region}, got {', '.join(others)}. Name zones "
        f"such as {region}a.",
    )


def _cidr_faults(cidr: str) -> Iterator[Fault]:
    try:
        network = IPv4Network(cidr, strict=False)
    except ValueError:
        network = None
    if network is None or "/" not in cidr:
        yield Fault("cidr", f"cidr must be an IPv4 network, got '{cidr[:40]}'. Write 10.20.0.0/24.")
    elif not SHORTEST_PREFIX <= network.prefixlen <= LONGEST_PREFIX:
        yield Fault(
            "cidr",
            f"a network's prefix must be /{SHORTEST_PREFIX} to /{LONGEST_PREFIX}, got "
            f"'{cidr[:40]}'. Write 10.20.0.0/24.",
        )
    elif str(network) != cidr:
        yield Fault(
            "cidr",
            "cidr must be the first address of its network and a prefix length, got "
            f"'{cidr[:40]}'. Write {network}.",
        )


def _zone_faults(zones: Sequence[str]) -> Iterator[Fault]:
    different = len(set(zones))
    if different < MINIMUM_ZONES:
        yield Fault(
            "availability_zones",
            f"a network requires at least {MINIMUM_ZONES} different availability zones, got "
            f"{different}. Name two of the region.",
        )
    elif different < len(zones):
        yield Fault(
            "availability_zones",
            f"each availability zone can be named once, got {', '.join(zones)}. Remove the "
            "repeated one.",
        )
