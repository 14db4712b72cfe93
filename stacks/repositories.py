"""The stack of one group of repositories."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib import EncryptionSpec, SpecifiedRepository
from constructs_lib.encryption import key_of
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
            SpecifiedRepository(
                self,
                repository_logical_id(repository.name),
                repository.spec,
                key=self._key(repository.spec.encryption, key),
            )

    def _key(self, encryption: EncryptionSpec, shared: kms.IKey | None) -> kms.IKey | None:
        if encryption.uses_shared_key:
            return shared
        return None if encryption.key_arn is None else key_of(self, encryption.key_arn)
