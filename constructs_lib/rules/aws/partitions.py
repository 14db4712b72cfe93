"""AWS partitions, account numbers and regions."""

import re
from dataclasses import dataclass

from constructs_lib.rules.aws.tokens import matches
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

# The regions when this release was made. A newer one is no fault.
REGIONS = frozenset(
    f"{area}-{one}"
    for area, names in {
        "af": "south-1",
        "ap": (
            "east-1 east-2 northeast-1 northeast-2 northeast-3 south-1 south-2 southeast-1 "
            "southeast-2 southeast-3 southeast-4 southeast-5 southeast-6 southeast-7"
        ),
        "ca": "central-1 west-1",
        "cn": "north-1 northwest-1",
        "eu": "central-1 central-2 north-1 south-1 south-2 west-1 west-2 west-3 isoe-west-1",
        "eusc": "de-east-1",
        "il": "central-1",
        "me": "central-1 south-1",
        "mx": "central-1",
        "sa": "east-1",
        "us": (
            "east-1 east-2 west-1 west-2 gov-east-1 gov-west-1 iso-east-1 iso-west-1 isob-east-1 "
            "isob-west-1 isof-east-1 isof-south-1"
        ),
    }.items()
    for one in names.split()
)

REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")
ACCOUNT = re.compile(r"[0-9]{12}")


def partition_of(region: str) -> Partition:
    """Return the partition of a region: ``cn-north-1`` is in ``aws-cn``."""
    for prefix, partition in _BY_REGION_PREFIX:
        if region.startswith(prefix):
            return partition
    return _COMMERCIAL


def account_faults(account: str) -> list[Fault]:
    """Check an AWS account number: twelve digits."""
    return faults_unless(
        matches(ACCOUNT, account),
        f"an AWS account number has 12 digits, got '{account}'. "
        "Write all of them, in quotes, leading zeros included.",
    )


def region_faults(region: str) -> list[Fault]:
    """Check the form of a region's name; the region itself may not exist."""
    return faults_unless(
        matches(REGION, region),
        f"'{region}' is not a region's name. Write one such as 'us-west-2'.",
    )
