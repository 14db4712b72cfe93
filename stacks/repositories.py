"""The stack of one group of repositories."""

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib import EncryptionSpec, PrivateRepository
from constructs_lib.rules.ecr.images import repository_logical_id
from environments.settings import RepositorySettings


class RepositoriesStack(cdk.Stack):
    """Define the stack of the repositories that share an owner."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        group: str,
        repositories: Sequence[RepositorySettings],
        key: kms.IKey | None,
    ) -> None:
        super().__init__(
            scope, construct_id, description=f"Container image repositories of the group '{group}'"
        )
        for repository in repositories:
            PrivateRepository.of(
                self,
                repository_logical_id(repository.name),
                repository.spec,
                key=self._key(repository.spec.encryption, key),
            )

    def _key(self, encryption: EncryptionSpec, shared: kms.IKey | None) -> kms.IKey | None:
        if encryption.uses_shared_key:
            return shared
        if encryption.key_arn is None:
            return None
        construct_id = f"Key {encryption.key_arn}"
        existing = self.node.try_find_child(construct_id)
        return cast("kms.IKey | None", existing) or kms.Key.from_key_arn(
            self, construct_id, encryption.key_arn
        )
