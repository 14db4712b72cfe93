"""How a repository's images are encrypted at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_kms as kms


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """Define the encryption of a repository; make one with the functions below.

    Create-only in ECR: changing it needs a new repository, and images do not move.

    Source: Amazon ECR user guide, "Encryption at rest".
    """

    kind: Literal["customer-managed", "own-key", "aws-managed", "aes256", "dsse"]
    key: kms.IKey | None = None
    key_arn: str | None = None

    @staticmethod
    def customer_managed(key: kms.IKey | None = None) -> Encryption:
        """Give encryption by a KMS key of yours; without one, by the key its stack shares."""
        arn = key.key_arn if key else None
        return Encryption(kind="customer-managed", key=key, key_arn=arn)

    @staticmethod
    def own_key() -> Encryption:
        """Give encryption by a rotating KMS key made for this one repository, and kept with it."""
        return Encryption(kind="own-key")

    @staticmethod
    def dsse(key: kms.IKey | None = None) -> Encryption:
        """Give dual-layer encryption, which ECR has in GovCloud regions only."""
        arn = key.key_arn if key else None
        return Encryption(kind="dsse", key=key, key_arn=arn)

    @staticmethod
    def aws_managed() -> Encryption:
        """Give encryption by ``aws/ecr``, the KMS key that AWS manages in the account."""
        return Encryption(kind="aws-managed")

    @staticmethod
    def aes256() -> Encryption:
        """Give ECR's own encryption, without a key that you could audit or revoke."""
        return Encryption(kind="aes256")
