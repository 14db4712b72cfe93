"""The stack of one group of repositories."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib import Administrators, Encryption, PrivateRepository
from constructs_lib.rules.ecr.images import repository_logical_id
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
        administrators: Administrators | None,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(
            scope, construct_id, description=f"Container image repositories of the group '{group}'"
        )
        # Made once for all that say the same: each key takes a crossing into the CDK.
        encryption = {
            settings: self._encryption(settings, key)
            for settings in dict.fromkeys(repository.encryption for repository in repositories)
        }
        for repository in repositories:
            PrivateRepository(
                self,
                repository_logical_id(repository.name),
                repository_name=repository.name,
                tag_immutability=repository.tag_immutability,
                scan_on_push=repository.scan_on_push,
                encryption=encryption[repository.encryption],
                lifecycle=repository.lifecycle,
                pull=repository.pull,
                push=repository.push,
                statements=repository.statements,
                administrators=administrators,
                removal_policy=(
                    cdk.RemovalPolicy.DESTROY if repository.destroyed else cdk.RemovalPolicy.RETAIN
                ),
                empty_on_delete=repository.empty_on_delete,
                tags=repository.tags,
            )

    def _encryption(self, settings: EncryptionSettings, key: kms.IKey | None) -> Encryption:
        if settings.kind == "aes256":
            return Encryption.aes256()
        if settings.kind == "aws-managed":
            return Encryption.aws_managed()
        if settings.kind == "dsse":
            return Encryption.dsse(key)
        if settings.key_arn:
            key = kms.Key.from_key_arn(self, f"Key {settings.key_arn}", settings.key_arn)
        return Encryption.customer_managed(key)
