"""A role with which GitHub Actions pushes images, without stored credentials."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from .public_repository import NamedPublicRepository
from .rules.aws.roles import role_name_faults
from .rules.faults import Fault, raise_if_any
from .rules.policy.github_oidc import GitHubSubject, provider_arn, trust_policy
from .rules.policy.repository_policy import (
    LOGIN_ACTIONS,
    PUBLIC_LOGIN_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
    PUSH_ACTIONS,
)
from .rules.types import checked_types
from .stack_facts import facts_of, stack_of

SESSION = cdk.Duration.hours(1)


@checked_types
class GitHubImagePusher(Construct):
    """Define a role that named GitHub workflow runs assume to push to named repositories.

    The role may push to exactly these repositories and log in to the registry, for an hour at a
    time. Its trust policy has no wildcard: runs of other branches, environments or repositories
    cannot assume the role.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repositories: the repositories that the role may push to, in the role's account; at
        least one, unless there are public ones.
    :param subjects: the workflow runs that may assume the role; at least one.
    :param provider: GitHub's OIDC provider in this account, if the app creates it. By default the
        account's existing one, because an account can have only one.
    :param public_repositories: the public repositories that the role may push to, in the role's
        account; by default none.
    :param role_name: the role's name, up to 64 characters; CloudFormation generates one by default.
        Another name replaces the role.
    :raises ValueError: before anything is created, when the role has no repository or no subject,
        or when IAM refuses its name.

    Attributes: ``role`` is the ``iam.Role``.

    Sources: GitHub documentation, "OpenID Connect reference"; IAM user guide, "Create a role for
    OpenID Connect federation".

    >>> from constructs_lib import PrivateRepository
    >>> stack = cdk.Stack(cdk.App(), "Access")
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api")
    >>> main = GitHubSubject(repository="acme/api", ref="refs/heads/main")
    >>> GitHubImagePusher(stack, "Push", repositories=[api], subjects=[main]).role.node.path
    'Access/Push/Role'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repositories: Sequence[ecr.IRepository],
        subjects: Sequence[GitHubSubject],
        provider: iam.IOpenIdConnectProvider | None = None,
        public_repositories: Sequence[NamedPublicRepository] = (),
        role_name: str | None = None,
    ) -> None:
        raise_if_any(
            f"GitHubImagePusher '{construct_id}'",
            [
                *role_name_faults(role_name),
                *(
                    Fault(
                        name, f"the role requires at least one of {name}, got none. Add {example}."
                    )
                    for name, values, example in (
                        (
                            "repositories",
                            [*repositories, *public_repositories],
                            "a PrivateRepository",
                        ),
                        ("subjects", subjects, "a GitHubSubject"),
                    )
                    if not values
                ),
            ],
        )
        super().__init__(scope, construct_id)
        facts = facts_of(stack_of(scope))
        arn = (
            provider.open_id_connect_provider_arn
            if provider
            else provider_arn(facts.account, facts.partition)
        )
        (trust,) = trust_policy(arn, subjects)["Statement"]
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            assumed_by=iam.WebIdentityPrincipal(arn, trust["Condition"]),
            description="Pushes images from GitHub Actions",
            max_session_duration=SESSION,
        )
        self._allow(PUSH_ACTIONS, [one.repository_arn for one in repositories], LOGIN_ACTIONS)
        self._allow(
            PUBLIC_PUSH_ACTIONS,
            [one.repository_arn for one in public_repositories],
            PUBLIC_LOGIN_ACTIONS,
        )

    def _allow(self, push: Sequence[str], arns: Sequence[str], login: Sequence[str]) -> None:
        """Allow pushing to repositories of one kind, of which there may be none."""
        for actions, resources in ((push, arns), (login, ["*"])) if arns else ():
            self.role.add_to_policy(
                iam.PolicyStatement(actions=list(actions), resources=list(resources))
            )
