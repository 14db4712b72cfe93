"""The stack of an environment's public repositories."""

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from constructs_lib import SpecifiedPublicRepository
from constructs_lib.rules.ecr.public_repository import public_repository_logical_id
from environments.settings import PublicRepositorySettings


class PublicRepositoriesStack(cdk.Stack):
    """Define the stack of the repositories from which everyone may pull; in us-east-1 alone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repositories: Sequence[PublicRepositorySettings],
    ) -> None:
        super().__init__(
            scope, construct_id, description="Container image repositories that everyone may pull"
        )
        for repository in repositories:
            SpecifiedPublicRepository(
                self, public_repository_logical_id(repository.name), repository.spec
            )
