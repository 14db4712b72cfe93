"""Repositories with a known name: name, ARN and URI are plain strings."""

import json
import re
from collections.abc import Callable

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from .rules.aws.partitions import account_faults, region_faults
from .rules.aws.tokens import is_token
from .rules.ecr import images
from .rules.ecr.tag_immutability import TagImmutability
from .rules.faults import Fault, faults_unless, raise_if_any
from .rules.policy.cross_account import owners_statement
from .rules.policy.repository_policy import PULL_ACTIONS
from .rules.policy.statements import Statement
from .rules.registry.prefixes import ROOT
from .rules.registry.registry_policy import IMPORT_ACTIONS
from .stack_facts import StackFacts, facts_of, stack_of

TOKEN_ACTION = "ecr:GetAuthorizationToken"  # noqa: S105 - the name of an action
_REPOSITORY_ARN = re.compile(r"arn:[^:]+:ecr:([^:]+):(\d{12}):repository/(.+)")


class NamedRepository(ecr.RepositoryBase):
    """Define an ``ecr.IRepository`` whose name is known.

    Account and region are the stack's by default. If both are known, ARN and URI have no tokens.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        account: str | None = None,
        region: str | None = None,
        tag_immutability: TagImmutability | None = None,
    ) -> None:
        super().__init__(
            scope, construct_id, physical_name=repository_name, account=account, region=region
        )
        self._tag_immutability = tag_immutability
        facts = facts_of(stack_of(scope))
        self._name = repository_name
        self._arn, self._uri = _arn_and_uri(
            repository_name, account or facts.account, region or facts.region, facts
        )

    @property
    def tag_immutability(self) -> TagImmutability | None:
        """The repository's tag immutability; ``None`` if it is unknown."""
        return self._tag_immutability

    @property
    def repository_name(self) -> str:
        """The repository's name."""
        return self._name

    @property
    def repository_arn(self) -> str:
        """The repository's ARN."""
        return self._arn

    @property
    def repository_uri(self) -> str:
        """The repository's URI, to which an image adds ``:tag`` or ``@digest``."""
        return self._uri

    def repository_uri_for_tag(self, tag: str | None = None) -> str:
        """Return the URI of the image with a tag, or the repository's URI without a tag."""
        return f"{self._uri}:{tag}" if tag else self._uri

    def repository_uri_for_digest(self, digest: str | None = None) -> str:
        """Return the URI of the image with a digest, or the repository's URI without a digest."""
        return f"{self._uri}@{digest}" if digest else self._uri

    def repository_uri_for_tag_or_digest(self, tag_or_digest: str | None = None) -> str:
        """Return the URI of the image with a tag or a digest (``sha256:...``)."""
        if tag_or_digest and tag_or_digest.startswith("sha256:"):
            return self.repository_uri_for_digest(tag_or_digest)
        return self.repository_uri_for_tag(tag_or_digest)


def _arn_and_uri(name: str, account: str, region: str, facts: StackFacts) -> tuple[str, str]:
    if is_token(region):
        arn = f"arn:{facts.partition}:ecr:{region}:{account}:repository/{name}"
        return arn, f"{account}.dkr.ecr.{region}.{facts.url_suffix}/{name}"
    return (
        images.repository_arn(account, region, name),
        images.repository_uri(account, region, name),
    )


class ReferencedRepository(NamedRepository):
    """Define a reference to a repository that is declared elsewhere, by its name.

    Nothing is created. A grant to a principal of the repository's own account is complete with
    the identity policy that it adds. A grant across accounts also requires a statement in the
    repository's policy, which a reference cannot write, so it raises unless
    ``policy_declared_by_owner``.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_name: the repository's name.
    :param account: the account that owns the repository; the stack's by default.
    :param region: the repository's region; the stack's by default.
    :param policy_declared_by_owner: ``True`` states that the repository's policy, declared
        elsewhere, already allows the grants made here. ``False`` by default.
    :param tag_immutability: the repository's tag immutability, if it is known. An image can be
        deployed by a tag that cannot be moved; by default only by its digest.
    :raises ValueError: when name, account or region has the wrong form.

    >>> import aws_cdk as cdk
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> ReferencedRepository(stack, "Api", repository_name="team/api", account="111111111111",
    ...     region="eu-west-1").repository_arn
    'arn:aws:ecr:eu-west-1:111111111111:repository/team/api'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        account: str | None = None,
        region: str | None = None,
        policy_declared_by_owner: bool = False,
        tag_immutability: TagImmutability | None = None,
    ) -> None:
        raise_if_any(
            f"{type(self).__name__} '{construct_id}'",
            [
                *images.repository_name_faults(repository_name),
                *_unless_token(account_faults, account),
                *_unless_token(region_faults, region),
            ],
        )
        super().__init__(
            scope,
            construct_id,
            repository_name=repository_name,
            account=account,
            region=region,
            tag_immutability=tag_immutability,
        )
        self._construct_id = construct_id
        self._policy_declared_by_owner = policy_declared_by_owner

    @property
    def policy_declared_by_owner(self) -> bool:
        """Whether the repository's policy is stated to allow the grants made here."""
        return self._policy_declared_by_owner

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Allow actions in the grantee's identity policy, and in the repository's if required."""
        if self._policy_declared_by_owner:
            return iam.Grant.add_to_principal(
                grantee=grantee, actions=list(actions), resource_arns=[self.repository_arn]
            )
        return super().grant(grantee, *actions)

    def owner_statement_fault(self, statement: Statement) -> Fault:
        """Return a fault that names the statement which the owner must add for a grant."""
        stack = stack_of(self)
        facts = facts_of(stack)
        required = owners_statement(
            stack.resolve(statement), account=facts.account, partition=facts.partition
        )
        return Fault(
            "",
            f"a grant across accounts requires a statement in the policy of '{self._name}', which "
            f"a reference cannot write. Ask its owner to add {json.dumps(required)}, then set "
            "`policy_declared_by_owner=True` here.",
        )

    def add_to_resource_policy(
        self, statement: iam.PolicyStatement
    ) -> iam.AddToResourcePolicyResult:
        """Add nothing if the owner's policy already allows the grant, and raise otherwise."""
        if not self._policy_declared_by_owner:
            raise_if_any(
                f"{type(self).__name__} '{self._construct_id}'",
                [self.owner_statement_fault(statement.to_statement_json())],
            )
        return iam.AddToResourcePolicyResult(statement_added=False)


class CachedRepository(ReferencedRepository):
    """Define a reference to a pull-through cache's copy of another registry's repository.

    The first pull creates the repository and fetches the image, so ``grant_pull`` also allows
    both, for this one repository. The upstream registry may move a cached tag: deploy by digest.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param prefix: the prefix of the pull-through cache rule, such as ``docker-hub``, or ``ROOT``.
    :param upstream_repository: the repository's name in the upstream registry, such as
        ``library/busybox``.
    :param account: the account of the cache; the stack's by default.
    :param region: the region of the cache; the stack's by default.
    :param policy_declared_by_owner: as for ``ReferencedRepository``.
    :raises ValueError: when name, account or region has the wrong form.

    Source: Amazon ECR user guide, "Sync an upstream registry with an Amazon ECR private registry".

    >>> import aws_cdk as cdk
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> CachedRepository(stack, "Busybox", prefix="docker-hub",
    ...     upstream_repository="library/busybox").repository_name
    'docker-hub/library/busybox'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        upstream_repository: str,
        account: str | None = None,
        region: str | None = None,
        policy_declared_by_owner: bool = False,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            repository_name=(
                upstream_repository if prefix == ROOT else f"{prefix}/{upstream_repository}"
            ),
            account=account,
            region=region,
            policy_declared_by_owner=policy_declared_by_owner,
            # ECR creates the repository with mutable tags, and the upstream registry moves them.
            tag_immutability=TagImmutability(mode="MUTABLE"),
        )

    def grant_pull(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow pulling, and creating and filling the repository on the first pull."""
        return (
            super()
            .grant(grantee, *PULL_ACTIONS, *IMPORT_ACTIONS)
            .combine(
                iam.Grant.add_to_principal(
                    grantee=grantee, actions=[TOKEN_ACTION], resource_arns=["*"]
                )
            )
        )


def _unless_token(rule: Callable[[str], list[Fault]], value: str | None) -> list[Fault]:
    return [] if value is None or is_token(value) else rule(value)


def referenced_by_name(
    scope: Construct, construct_id: str, repository_name: str
) -> ReferencedRepository:
    """Return a reference to a repository of the stack's account and region, as the CDK's own does.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_name: the repository's name.
    :raises ValueError: when the name has the wrong form.
    """
    return ReferencedRepository(scope, construct_id, repository_name=repository_name)


def referenced_by_arn(
    scope: Construct, construct_id: str, repository_arn: str
) -> ReferencedRepository:
    """Return a reference to a repository by its ARN, as the CDK's own does.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_arn: the ARN, whose name must be known when the app is synthesised.
    :raises ValueError: when the ARN is not that of a repository, or is known only at deployment.
    """
    if is_token(repository_arn):
        message = (
            "the ARN is known only at deployment, and the name of the repository is part of it. "
            "Use from_repository_attributes, with the name."
        )
        raise_if_any(f"ReferencedRepository '{construct_id}'", [Fault("repository_arn", message)])
    name = repository_arn.rpartition(":repository/")[2]
    return referenced_by_attributes(
        scope, construct_id, repository_name=name, repository_arn=repository_arn
    )


def referenced_by_attributes(
    scope: Construct, construct_id: str, *, repository_name: str, repository_arn: str
) -> ReferencedRepository:
    """Return a reference to a repository by its name and ARN, as the CDK's own does.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_name: the repository's name.
    :param repository_arn: the ARN, which has the account and the region; it may be a token.
    :raises ValueError: when the ARN is not that of this repository.
    """
    found = _REPOSITORY_ARN.fullmatch(repository_arn)
    raise_if_any(
        f"ReferencedRepository '{construct_id}'",
        faults_unless(
            is_token(repository_arn) or (found and found[3] == repository_name),
            f"'{repository_arn[:120]}' is not the ARN of the repository '{repository_name[:80]}'. "
            "Write it like 'arn:aws:ecr:us-west-2:111111111111:repository/team/api'.",
            path="repository_arn",
        ),
    )
    # Of a token, CloudFormation takes the parts.
    parts = cdk.Fn.split(":", repository_arn)
    return ReferencedRepository(
        scope,
        construct_id,
        repository_name=repository_name,
        region=found[1] if found else cdk.Fn.select(3, parts),
        account=found[2] if found else cdk.Fn.select(4, parts),
    )
