"""Private networks of a VPC."""

from __future__ import annotations

import pytest

from constructs_lib.rules.aws.networks import NetworkSpec
from constructs_lib.rules.faults import RuleError

ZONES = ("us-west-2a", "us-west-2b")


def faults_of(cidr: str, zones: tuple[str, ...] = ZONES) -> list[str]:
    """Return the faults that a network is refused with."""
    try:
        NetworkSpec(cidr=cidr, availability_zones=zones)
    except RuleError as error:
        return [str(fault) for fault in error.faults]
    return []


@pytest.mark.parametrize("cidr", ["10.20.0.0/24", "10.20.0.0/16", "10.20.0.192/26"])
def test_a_network_has_a_prefix_of_16_to_26_bits(cidr: str) -> None:
    assert faults_of(cidr) == []


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.20.0.128/27"])
def test_a_network_with_another_prefix_is_refused(cidr: str) -> None:
    assert faults_of(cidr) == [
        f"cidr: a network's prefix must be /16 to /26, got '{cidr}'. Write 10.20.0.0/24."
    ]


@pytest.mark.parametrize("cidr", ["", "10.20.0.0", "10.20.0/24", "fd00::/24", "10.20.0.0/33"])
def test_text_that_is_no_ipv4_network_is_refused(cidr: str) -> None:
    assert faults_of(cidr) == [
        f"cidr: cidr must be an IPv4 network, got '{cidr}'. Write 10.20.0.0/24."
    ]


def test_an_address_inside_a_network_is_refused_with_the_first_one() -> None:
    assert faults_of("10.20.0.1/24") == [
        "cidr: cidr must be the first address of its network and a prefix length, got "
        "'10.20.0.1/24', which lies in another network. Write 10.20.0.0/24."
    ]


@pytest.mark.parametrize(
    ("zones", "sentence"),
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
def test_a_network_has_two_zones_or_more_each_named_once(
    zones: tuple[str, ...], sentence: str
) -> None:
    assert faults_of("10.20.0.0/24", zones) == [f"availability_zones: {sentence}"]
    assert faults_of("10.20.0.0/24", (*ZONES, "us-west-2c")) == []


def test_the_faults_of_addresses_and_zones_are_reported_together() -> None:
    assert len(faults_of("10.20.0.0/8", ())) == 2


@pytest.mark.parametrize(
    ("cidr", "is_private"),
    [
        ("10.255.255.0/24", True),
        ("172.16.0.0/16", True),
        ("172.31.255.0/24", True),
        ("172.32.0.0/16", False),
        ("192.168.0.0/16", True),
        ("192.169.0.0/16", False),
        ("100.64.0.0/24", True),
        ("100.128.0.0/24", False),
        ("11.0.0.0/16", False),
    ],
)
def test_a_network_is_private_in_the_ranges_for_private_use(cidr: str, *, is_private: bool) -> None:
    assert NetworkSpec(cidr=cidr, availability_zones=ZONES).is_private is is_private
