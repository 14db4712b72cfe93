"""Private networks: their addresses, and their availability zones."""

from __future__ import annotations

import pytest

from constructs_lib.rules.aws.networks import NetworkSpec
from constructs_lib.rules.faults import RuleError

ZONES = ("us-west-2a", "us-west-2b")


def faults_of(cidr: str = "10.20.0.0/24", zones: tuple[str, ...] = ZONES) -> list[str]:
    """Return the faults for which a network is refused."""
    try:
        NetworkSpec(cidr=cidr, availability_zones=zones)
    except RuleError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("cidr", ["10.20.0.0/16", "10.20.0.0/26", "10.20.0.64/26", "11.0.0.0/24"])
def test_a_network_of_16_to_26_bits_has_no_fault(cidr: str) -> None:
    assert faults_of(cidr) == []


@pytest.mark.parametrize("cidr", ["10.20.0.0/15", "10.20.0.0/27", "10.20.0.0/32", "0.0.0.0/0"])
def test_a_network_that_is_too_large_or_too_small_for_a_vpc_is_refused(cidr: str) -> None:
    assert faults_of(cidr) == [
        f"cidr: a network's prefix must be /16 to /26, got '{cidr}'. Write 10.20.0.0/24."
    ]


@pytest.mark.parametrize(
    ("cidr", "network"),
    [
        ("10.20.0.1/24", "10.20.0.0/24"),
        ("10.20.0.32/26", "10.20.0.0/26"),
        ("10.20.0.0/255.255.255.0", "10.20.0.0/24"),
    ],
)
def test_a_network_with_host_bits_is_refused_with_the_network_to_write(
    cidr: str, network: str
) -> None:
    (fault,) = faults_of(cidr)
    assert fault.startswith("cidr: cidr must be the first address of its network and a prefix")
    assert fault.endswith(f"Write {network}.")


@pytest.mark.parametrize(
    "cidr", ["", "10.20.0.0", "10.20.0/24", "10.20.0.0/33", "fd00::/64", "a/b"]
)
def test_a_text_that_is_no_ipv4_network_is_refused(cidr: str) -> None:
    assert faults_of(cidr) == [
        f"cidr: cidr must be an IPv4 network, got '{cidr}'. Write 10.20.0.0/24."
    ]


@pytest.mark.parametrize(
    ("zones", "count"), [((), 0), (("us-west-2a",), 1), (("us-west-2a", "us-west-2a"), 1)]
)
def test_a_network_requires_two_different_zones(zones: tuple[str, ...], count: int) -> None:
    assert faults_of(zones=zones) == [
        "availability_zones: a network requires at least 2 different availability zones, got "
        f"{count}. Name two of the region."
    ]


def test_each_zone_is_named_once() -> None:
    assert faults_of(zones=(*ZONES, "us-west-2c")) == []
    assert faults_of(zones=(*ZONES, "us-west-2a")) == [
        "availability_zones: each availability zone can be named once, got us-west-2a, "
        "us-west-2b, us-west-2a. Remove the repeated one."
    ]


def test_both_settings_of_a_network_are_refused_together() -> None:
    assert len(faults_of("10.20.0.1/24", ())) == 2


@pytest.mark.parametrize(
    ("cidr", "is_private"),
    [
        ("10.0.0.0/16", True),
        ("10.255.0.0/16", True),
        ("11.0.0.0/16", False),
        ("172.15.0.0/16", False),
        ("172.16.0.0/16", True),
        ("172.31.0.0/16", True),
        ("172.32.0.0/16", False),
        ("192.168.0.0/16", True),
        ("192.169.0.0/16", False),
        ("100.63.0.0/16", False),
        ("100.64.0.0/16", True),
        ("100.127.0.0/16", True),
        ("100.128.0.0/16", False),
    ],
)
def test_a_network_is_private_in_the_ranges_for_private_use(cidr: str, is_private: bool) -> None:
    assert NetworkSpec(cidr=cidr, availability_zones=ZONES).is_private is is_private
