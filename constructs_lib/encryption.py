"""A repository's encryption, with its key as a construct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from weakref import WeakKeyDictionary

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from .cdk_types import Key
from .rules.ecr.repository import EncryptionSpec
from .rules.types import checked_types
from .stack_facts import child_of

_ARNS: WeakKeyDictionary[kms.IKey, str] = WeakKeyDictionary()


def arn_of(key: kms.IKey) -> str:
    """Return a key's ARN, read once per key, because every read is a call into Node."""
    if key not in _ARNS:
        _ARNS[key] = key.key_arn
    return _ARNS[key]


def key_of(stack: cdk.Stack, arn: str) -> kms.IKey:
    """Return an existing key, to which a stack refers once."""
    return child_of(stack, f"Key {arn}", lambda scope, name: kms.Key.from_key_arn(scope, name, arn))


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption(EncryptionSpec):
    """The encryption of a repository, as one of the functions below returns it.

    Create-only in ECR: changing the encryption requires a new repository, and images do not move.

    Source: Amazon ECR user guide, "Encryption at rest".
    """

    EXAMPLE: ClassVar = "Encryption.customer_managed(key), Encryption.aes256() or another of them"

    key: Key | None = None

    def __post_init__(self) -> None:
        if self.key is not None:
            object.__setattr__(self, "key_arn", arn_of(self.key))
        EncryptionSpec.__post_init__(self)

    @staticmethod
    def customer_managed(key: Key | None = None) -> Encryption:
        """Return encryption with a KMS key of yours; by default with the key its stack shares."""
        return Encryption(kind="customer-managed", key=key)

    @staticmethod
    def own_key() -> Encryption:
        """Return encryption with a rotating KMS key for one repository, retained with it."""
        return Encryption(kind="own-key")

    @staticmethod
    def dsse(key: Key | None = None) -> Encryption:
        """Return dual-layer encryption, which ECR has in GovCloud regions only."""
        return Encryption(kind="dsse", key=key)

    @staticmethod
    def aws_managed() -> Encryption:
        """Return encryption with ``aws/ecr``, the KMS key that AWS manages in the account."""
        return Encryption(kind="aws-managed")

    @staticmethod
    def aes256() -> Encryption:
        """Return ECR's own encryption, without a key that you could audit or revoke."""
        return Encryption(kind="aes256")
