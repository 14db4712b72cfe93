"""AWS partitions, account numbers and regions."""

import re
from dataclasses import dataclass

from constructs_lib.rules.faults import Fault, faults_unless


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition's name in ARNs, and the suffix of its host names."""

    name: str
    url_suffix: str


_COMMERCIAL = Partition("aws", "amazonaws.com")

# Longest prefix first: "us-isob-" would otherwise be taken for "us-iso".
_BY_REGION_PREFIX = (
    ("us-isob-", Partition("aws-iso-b", "sc2s.sgov.gov")),
    ("us-isof-", Partition("aws-iso-f", "csp.hci.ic.gov")),
    ("eu-isoe-", Partition("aws-iso-e", "cloud.adc-e.uk")),
    ("us-iso-", Partition("aws-iso", "c2s.ic.gov")),
    ("us-gov-", Partition("aws-us-gov", "amazonaws.com")),
    ("eusc-", Partition("aws-eusc", "amazonaws.eu")),
    ("cn-", Partition("aws-cn", "amazonaws.com.cn")),
)

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")
_ACCOUNT = re.compile(r"[0-9]{12}")


def partition_of(region: str) -> Partition:
    """Return the partition of a region: ``cn-north-1`` is in ``aws-cn``."""
    for prefix, partition in _BY_REGION_PREFIX:
        if region.startswith(prefix):
            return partition
    return _COMMERCIAL


def account_faults(account: str) -> list[Fault]:
    """Check an AWS account number: twelve digits."""
    return faults_unless(
        _ACCOUNT.fullmatch(account),
        f"an AWS account number has 12 digits, got '{account}'. "
        "Write all of them, in quotes, leading zeros included.",
    )


def region_faults(region: str) -> list[Fault]:
    """Check the form of a region's name; the region itself may not exist."""
    return faults_unless(
        _REGION.fullmatch(region),
        f"'{region}' is not a region's name. Write one such as 'us-west-2'.",
    )
