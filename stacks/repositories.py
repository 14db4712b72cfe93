"""The stack of one group of repositories."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib import Administrators, Encryption, PrivateRepository
from environments.settings import EncryptionSettings, RepositorySettings


class RepositoriesStack(cdk.Stack):
    """Define the stack of the repositories that share an owner."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        group: str,
        repositories: Sequence[RepositorySettings],
        encryption: EncryptionSettings,
        administrators: Administrators | None,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(
            scope, construct_id, description=f"Container image repositories of the group '{group}'"
        )
        chosen = self._encryption(encryption, key)
        for repository in repositories:
            PrivateRepository(
                self,
                repository.name.replace("/", "--"),
                repository_name=repository.name,
                tag_immutability=repository.tag_immutability,
                scan_on_push=repository.scan_on_push,
                encryption=chosen,
                lifecycle=repository.lifecycle,
                pull=repository.pull,
                push=repository.push,
                administrators=administrators,
                removal_policy=(
                    cdk.RemovalPolicy.DESTROY if repository.destroyed else cdk.RemovalPolicy.RETAIN
                ),
                empty_on_delete=repository.empty_on_delete,
                tags=repository.tags,
            )

    def _encryption(self, encryption: EncryptionSettings, key: kms.IKey | None) -> Encryption:
        if encryption.kind == "aes256":
            return Encryption.aes256()
        if encryption.kind == "aws-managed":
            return Encryption.aws_managed()
        if encryption.key_arn:
            key = kms.Key.from_key_arn(self, "Key", encryption.key_arn)
        return Encryption.customer_managed(key)
