"""The stack of the roles with which GitHub Actions pushes images."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib import GitHubImagePusher, PrivateRepository, PublicRepository, Registry
from constructs_lib.rules.policy.github_oidc import AUDIENCE, HOST
from environments.settings import GitHubPushSettings


class GitHubAccessStack(cdk.Stack):
    """Define the stack of the roles that GitHub workflow runs assume, one for each subject."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pushes: Sequence[GitHubPushSettings],
        creates_provider: bool,
        registry: Registry | None = None,
    ) -> None:
        super().__init__(
            scope, construct_id, description="Roles with which GitHub Actions pushes images"
        )
        provider = self._provider() if creates_provider else None
        for push in pushes:
            # A construct ID cannot contain a slash, and a subject contains several.
            construct_id = push.subject.subject.replace("/", "%2F")
            pusher = GitHubImagePusher(
                self,
                construct_id,
                repositories=[
                    PrivateRepository.from_name(
                        self, f"{construct_id}:{name.replace('/', '--')}", repository_name=name
                    )
                    for name in push.repositories
                ],
                public_repositories=[
                    PublicRepository.from_name(
                        self,
                        f"{construct_id}:public:{name.replace('/', '--')}",
                        repository_name=name,
                    )
                    for name in push.public_repositories
                ],
                subjects=[push.subject],
                role_name=push.role_name,
                provider=provider,
            )
            if registry:
                for name in push.repositories:
                    registry.grant_signing(pusher.role, repository_name=name)
            cdk.CfnOutput(
                pusher,
                "RoleArn",
                value=pusher.role.role_arn,
                description=f"The role that {push.subject.subject} assumes",
            )

    def _provider(self) -> iam.IOpenIdConnectProvider:
        return iam.OidcProviderNative(
            self,
            "Provider",
            url=f"https://{HOST}",
            client_ids=[AUDIENCE],
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
