"""ARNs of another partition, region or account than they must have.

Source: IAM user guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
"""

from constructs_lib.rules.faults import Fault, faults_unless

from .partitions import partition_of

_PARTS = 6


def is_arn(text: str) -> bool:
    """Return whether a text is an ARN whose partition, region and account are written out."""
    parts = text.split(":", _PARTS - 1)
    return parts[0] == "arn" and len(parts) == _PARTS and not set("*?${") & set("".join(parts[:5]))


def partition_faults(arn: str, region: str) -> list[Fault]:
    """Check that an ARN is in the partition of a region: AWS knows no principal of another one."""
    partition = partition_of(region).name
    return faults_unless(
        arn.split(":")[1] == partition,
        f"an ARN must be in the partition of {region}, which is {partition}, got '{arn[:120]}'. "
        f"Write it with 'arn:{partition}:'.",
    )


def region_faults(arn: str, region: str, reason: str) -> list[Fault]:
    """Check that an ARN is in a region.

    :param reason: why, as a clause that begins with ``because``.
    """
    return faults_unless(
        arn.split(":")[3] == region,
        f"the resource must be in {region}, {reason}, got '{arn[:120]}'. Name one in {region}.",
    )


def account_faults(arn: str, account: str, reason: str) -> list[Fault]:
    """Check that an ARN is in an account.

    :param reason: why, as a clause that begins with ``because``.
    """
    return faults_unless(
        arn.split(":")[4] == account,
        f"the resource must be in the account {account}, {reason}, got '{arn[:120]}'. Name one in "
        f"{account}.",
    )
