"""The private networks of services."""

from __future__ import annotations

import pytest

from constructs_lib.rules.aws.networks import NetworkSpec
from constructs_lib.rules.faults import RuleError

ZONES = ("us-west-2a", "us-west-2b")


def refusal(cidr: str = "10.20.0.0/24", zones: tuple[str, ...] = ZONES) -> list[str]:
    """Return the faults that a network is refused with."""
    with pytest.raises(RuleError) as refused:
        NetworkSpec(cidr=cidr, availability_zones=zones)
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize(
    "cidr", ["10.20.0.0/16", "10.20.0.0/26", "203.0.113.0/24", "10.20.0.64/26"]
)
def test_a_network_is_accepted(cidr: str) -> None:
    assert NetworkSpec(cidr=cidr, availability_zones=ZONES).cidr == cidr


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("999.1.1.1/20", "cidr must be an IPv4 network, got '999.1.1.1/20'. Write 10.20.0.0/24."),
        ("10.20.0.0", "cidr must be an IPv4 network, got '10.20.0.0'. Write 10.20.0.0/24."),
        ("fd00::/64", "cidr must be an IPv4 network, got 'fd00::/64'. Write 10.20.0.0/24."),
        ("", "cidr must be an IPv4 network, got ''. Write 10.20.0.0/24."),
        (
            "10.20.0.0/15",
            "a network's prefix must be /16 to /26, got '10.20.0.0/15'. Write 10.20.0.0/24.",
        ),
        (
            "10.20.0.0/27",
            "a network's prefix must be /16 to /26, got '10.20.0.0/27'. Write 10.20.0.0/24.",
        ),
        (
            "10.20.0.7/24",
            "cidr must be the first address of its network and a prefix length, got "
            "'10.20.0.7/24'. Write 10.20.0.0/24.",
        ),
        (
            "10.20.0.0/255.255.255.0",
            "cidr must be the first address of its network and a prefix length, got "
            "'10.20.0.0/255.255.255.0'. Write 10.20.0.0/24.",
        ),
    ],
)
def test_a_network_that_a_vpc_would_not_have_is_refused(cidr: str, message: str) -> None:
    assert refusal(cidr=cidr) == [f"cidr: {message}"]


@pytest.mark.parametrize(
    ("zones", "message"),
    [
        (
            (),
            "a network requires at least 2 different availability zones, got 0. Name two of the "
            "region.",
        ),
        (
            ("us-west-2a", "us-west-2a"),
            "a network requires at least 2 different availability zones, got 1. Name two of the "
            "region.",
        ),
        (
            ("us-west-2a", "us-west-2b", "us-west-2a"),
            "each availability zone can be named once, got us-west-2a, us-west-2b, us-west-2a. "
            "Remove the repeated one.",
        ),
    ],
)
def test_a_network_requires_two_different_zones(zones: tuple[str, ...], message: str) -> None:
    assert refusal(zones=zones) == [f"availability_zones: {message}"]


def test_all_faults_of_a_network_are_raised_at_once() -> None:
    assert len(refusal(cidr="10.20.0.7/24", zones=("us-west-2a",))) == 2


@pytest.mark.parametrize(
    ("cidr", "is_private"),
    [
        ("10.0.0.0/16", True),
        ("10.255.0.0/16", True),
        ("11.0.0.0/16", False),
        ("172.16.0.0/16", True),
        ("172.31.0.0/16", True),
        ("172.32.0.0/16", False),
        ("192.168.0.0/16", True),
        ("192.169.0.0/16", False),
        ("100.64.0.0/16", True),
        ("100.127.0.0/16", True),
        ("100.128.0.0/16", False),
    ],
)
def test_a_network_is_private_in_the_ranges_of_both_rfcs(cidr: str, is_private: bool) -> None:
    assert NetworkSpec(cidr=cidr, availability_zones=ZONES).is_private is is_private
