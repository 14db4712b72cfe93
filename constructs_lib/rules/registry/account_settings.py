"""Settings of an account's registry that CloudFormation has no resource type for.

Sources: Amazon ECR API reference, "PutAccountSetting"; Amazon ECR user guide, "Blob mounting in
Amazon ECR"; service authorization reference, "Amazon Elastic Container Registry".
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.policy.statements import Statement

BLOB_MOUNTING = "BLOB_MOUNTING"
_VALUES = {True: "ENABLED", False: "DISABLED"}


def blob_mounting_value(mounts: bool) -> str:  # noqa: FBT001 - the setting is a switch
    """Return ECR's word for blob mounting that is switched on or off."""
    return _VALUES[mounts]


def blob_mounting_statement() -> Statement:
    """Return the permission to switch blob mounting, and no other setting of the account.

    The action knows no resource; its condition key names the setting.
    """
    return {
        "Effect": "Allow",
        "Action": "ecr:PutAccountSetting",
        "Resource": "*",
        "Condition": {"StringEquals": {"ecr:AccountSetting": BLOB_MOUNTING}},
    }


def never_mounted(
    repositories: Mapping[str, EncryptionSpec], created: Iterable[EncryptionSpec] = ()
) -> list[str]:
    """Return the repositories whose layers ECR shares with no other repository.

    ECR mounts a layer where both repositories have the same encryption type and key.

    :param created: the encryptions of repositories that ECR creates, without those of caches.
    """
    counts = Counter([*repositories.values(), *created])
    return [
        name
        for name, one in repositories.items()
        if one.kind == "own-key" or (counts[one] == 1 and len(counts) > 1)
    ]
