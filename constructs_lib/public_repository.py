"""A public ECR repository, from which everyone may pull."""

from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from .declared_repository import DeclaredPolicy, declare, taken_faults
from .rules.aws.partitions import account_faults
from .rules.aws.tokens import is_token
from .rules.ecr.public_catalog import CatalogData
from .rules.ecr.public_repository import (
    NO_CATALOG_DATA,
    NO_PUSH,
    PublicRemoval,
    PublicRepositorySpec,
    public_name_faults,
    public_repository_arn,
    public_repository_logical_id,
    public_repository_uri,
)
from .rules.faults import Fault, raise_if_any, reported_by
from .rules.policy.access import Access, Administrators
from .rules.policy.cross_account import RequiredGrant
from .rules.policy.repository_policy import PUBLIC_LOGIN_ACTIONS, PUBLIC_PUSH_ACTIONS
from .rules.policy.statements import (
    PUBLIC,
    Statement,
    policy_document,
)
from .rules.types import checked_types
from .stack_facts import facts_of, stack_of


@jsii.implements(iam.IResourceWithPolicy)
class NamedPublicRepository(cdk.Resource):
    """Define a public repository whose name is known. Its ARN is a plain string if the account is.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_name: the repository's name.
    :param account: the account that owns the repository; the stack's by default.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        account: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id, physical_name=repository_name, account=account)
        self._name = repository_name
        self._arn = public_repository_arn(
            account or facts_of(stack_of(scope)).account, repository_name
        )
        self._construct_id = construct_id

    @property
    def repository_name(self) -> str:
        """The repository's name."""
        return self._name

    @property
    def repository_arn(self) -> str:
        """The repository's ARN, which has no region."""
        return self._arn

    def repository_uri(self, registry_alias: str) -> str:
        """Return the repository's URI, to which an image adds ``:tag`` or ``@digest``.

        :param registry_alias: the alias of the account's public registry, such as ``a1b2c3d4``.
            ECR assigns one, which no template can know: ``aws ecr-public describe-registries
            --region us-east-1`` returns it.
        """
        return public_repository_uri(registry_alias, self._name)

    def grant_push(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow pushing to this repository, and the login to ECR Public.

        The identity policy gets the five actions of a push on this repository, and on all resources
        those of the login, ``ecr-public:GetAuthorizationToken`` and
        ``sts:GetServiceBearerToken``. Across accounts, the repository's policy allows the push
        as well, and ECR refuses it as long as the named principal does not exist. ``push`` with the
        role's ARN has no such limit: it names the account, and the role in its condition.
        """
        push = iam.Grant.add_to_principal_or_resource(
            grantee=grantee,
            actions=list(PUBLIC_PUSH_ACTIONS),
            resource_arns=[self._arn],
            resource=self,
        )
        login = iam.Grant.add_to_principal(
            grantee=grantee, actions=list(PUBLIC_LOGIN_ACTIONS), resource_arns=["*"]
        )
        return push.combine(login)

    def add_to_resource_policy(
        self,
        statement: iam.PolicyStatement,  # noqa: ARG002 - the interface's
    ) -> iam.AddToResourcePolicyResult:
        """Raise, because the repository's policy is declared elsewhere."""
        raise_if_any(
            f"{type(self).__name__} '{self._construct_id}'",
            [
                Fault(
                    "",
                    "a grant across accounts requires a statement in the policy of "
                    f"'{self._name}', which a reference cannot write. Declare the grantee's role "
                    "in `push` of the repository.",
                )
            ],
        )
        return iam.AddToResourcePolicyResult(statement_added=False)


class ReferencedPublicRepository(NamedPublicRepository):
    """Define a reference to a public repository that is declared elsewhere, by its name.

    Nothing is created, so a reference can be in a stack of any region.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_name: the repository's name.
    :param account: the account that owns the repository; the stack's by default.
    :raises ValueError: when the name or the account has the wrong form.

    >>> stack = cdk.Stack(cdk.App(), "Access")
    >>> ReferencedPublicRepository(stack, "Cli", repository_name="tools/cli",
    ...     account="111111111111").repository_arn
    'arn:aws:ecr-public::111111111111:repository/tools/cli'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        account: str | None = None,
    ) -> None:
        known = [] if account is None or is_token(account) else account_faults(account)
        raise_if_any(
            f"{type(self).__name__} '{construct_id}'",
            [*public_name_faults(repository_name), *known],
        )
        super().__init__(scope, construct_id, repository_name=repository_name, account=account)


class SpecifiedPublicRepository(NamedPublicRepository):
    """Define a public repository by its spec, which is checked without the CDK.

    ``PublicRepository`` is the same with the spec's fields as arguments.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param spec: the repository.
    :raises ValueError: when a grant adds a statement that ECR would refuse.

    Attributes: those of ``PublicRepository``.

    Source: CloudFormation, "AWS::ECR::PublicRepository".

    >>> from constructs_lib import Place, PublicRepositorySpec
    >>> stack = cdk.Stack(cdk.App(), "Images")
    >>> spec = PublicRepositorySpec(name="cli", place=Place.of("111111111111", "us-east-1"))
    >>> SpecifiedPublicRepository(stack, "Cli", spec).repository_name
    'cli'
    """

    def __init__(self, scope: Construct, construct_id: str, spec: PublicRepositorySpec) -> None:
        who = f"PublicRepository '{construct_id}'"
        logical_id = public_repository_logical_id(spec.name)
        raise_if_any(who, taken_faults(scope, spec.name, logical_id))
        super().__init__(scope, construct_id, repository_name=spec.name)
        self._account = spec.place.account
        # The CDK leaves "Default" out of the logical ID that it derives from the path.
        self._resource = ecr.CfnPublicRepository(
            self,
            "Default",
            repository_name=spec.name,
            repository_catalog_data=spec.catalog_data.properties() or None,
            repository_policy_text=policy_document(spec.policy),
            tags=[{"key": key, "value": value} for key, value in sorted(spec.tags.items())] or None,
        )
        self._resource.apply_removal_policy(cdk.RemovalPolicy[spec.removal.upper()])
        declare(self._resource, scope, construct_id, spec.name, logical_id)
        self._policy = DeclaredPolicy(who, self._resource, spec.policy, PUBLIC)

    @property
    def required_grants(self) -> list[RequiredGrant]:
        """The grants that owners of other accounts must add for the present policy."""
        return self._policy.required_grants(
            account=self._account, repository_arn=self.repository_arn
        )

    def add_to_resource_policy(
        self, statement: iam.PolicyStatement
    ) -> iam.AddToResourcePolicyResult:
        """Add a statement to the repository policy, as the CDK's own grants do.

        :raises ValueError: when ECR would refuse the statement in a public repository's policy.
        """
        return self._policy.add(statement)


@checked_types
class PublicRepository(SpecifiedPublicRepository):
    """Define a public ECR repository: **everyone on the internet may pull its images**.

    By default no principal of another account may push, and the repository is retained when its
    stack is deleted. ECR Public has no tag immutability, no encryption with a key of yours, no
    scanning and no lifecycle policy: every tag can be moved, and no image expires. CloudFormation
    cannot set a logo.

    The stack's region must be us-east-1, which manages public repositories for all regions.
    The name is create-only: a deployed repository that gets another name would be replaced. The
    logical ID depends on the name alone (``tools/cli`` becomes ``PublicRepositorytoolsSlashcli``).

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_name: 2 to 205 lower-case letters and digits, joined by ``/ - _ .``.
    :param catalog_data: the repository's page in the Amazon ECR Public Gallery; empty by default.
    :param push: the principals that may push besides the account's own; by default none.
    :param statements: more statements of the repository policy, as in IAM, with only the actions
        of ECR Public, no Resource and unique Sids. A Deny cannot keep anyone from pulling.
    :param administrators: the only roles that may delete images or the repository, or change its
        policy or page; by default every principal whose identity policy allows that.
    :param removal_policy: ``RETAIN`` by default. ``DESTROY`` deletes the repository with its stack,
        which fails while the repository has images.
    :param tags: AWS tags of the repository itself (not of its images); at most 50.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``repository_name``, ``repository_arn``; ``repository_uri(alias)`` requires the
    alias of the account's public registry; ``required_grants`` are the grants that the owners of
    other accounts must add to complete this repository's grants.

    Sources: Amazon ECR Public user guide, "Public repositories"; CloudFormation,
    "AWS::ECR::PublicRepository".

    >>> environment = cdk.Environment(account="111111111111", region="us-east-1")
    >>> stack = cdk.Stack(cdk.App(), "Public", env=environment)
    >>> cli = PublicRepository(stack, "Cli", repository_name="tools/cli",
    ...     catalog_data=CatalogData(description="Our command line", architectures=("ARM 64",)))
    >>> cli.repository_arn
    'arn:aws:ecr-public::111111111111:repository/tools/cli'
    >>> cli.repository_uri("a1b2c3d4")
    'public.ecr.aws/a1b2c3d4/tools/cli'
    """

    # A reference to a repository that is declared elsewhere.
    from_name = ReferencedPublicRepository

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        catalog_data: CatalogData = NO_CATALOG_DATA,
        push: Access = NO_PUSH,
        statements: Sequence[Statement] = (),
        administrators: Administrators | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        with reported_by(f"PublicRepository '{construct_id}'"):
            spec = PublicRepositorySpec(
                name=repository_name,
                place=facts_of(stack_of(scope)),
                catalog_data=catalog_data,
                push=push,
                statements=tuple(statements),
                administrators=administrators,
                removal=cast("PublicRemoval", removal_policy.name.lower().replace("_", "-")),
                tags=tags or {},
            )
        super().__init__(scope, construct_id, spec)
