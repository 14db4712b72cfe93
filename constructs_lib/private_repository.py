"""A private ECR repository that is safe by default."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .declared_repository import DeclaredPolicy, declare, taken_faults
from .encryption import Encryption, arn_of
from .lifecycle_rules import rule_of
from .named_repository import (
    CachedRepository,
    NamedRepository,
    ReferencedRepository,
    referenced_by_arn,
    referenced_by_attributes,
    referenced_by_name,
)
from .repository_key import RepositoryKey
from .repository_properties import (
    encryption_property,
    filters_property,
    lifecycle_property,
    scanning_property,
)
from .rules.ecr import images
from .rules.ecr.repository import (
    IMMUTABLE_TAGS,
    NO_ACCESS,
    STANDARD_LIFECYCLE,
    EncryptionSpec,
    Removal,
    RepositorySpec,
)
from .rules.ecr.tag_immutability import TagImmutability
from .rules.faults import Fault, raise_if_any, reported_by
from .rules.lifecycle.policy import LifecyclePolicy
from .rules.policy.access import Access, Administrators
from .rules.policy.adoption import adopted_statements
from .rules.policy.cross_account import RequiredGrant
from .rules.policy.statements import (
    Statement,
    policy_document,
)
from .rules.types import checked_arguments, checked_types
from .stack_facts import facts_of, stack_of


class SpecifiedRepository(NamedRepository):
    """Define a private ECR repository by its spec, which is checked without the CDK.

    ``PrivateRepository`` is the same with the spec's fields as arguments.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param spec: the repository.
    :param key: the KMS key of the spec's encryption; by default the key that the repositories of
        this stack share.
    :raises ValueError: when a grant adds a statement that ECR would refuse.

    Attributes: those of ``PrivateRepository``.

    Source: CloudFormation, "AWS::ECR::Repository".

    >>> from constructs_lib import Place, RepositorySpec
    >>> stack = cdk.Stack(cdk.App(), "Images")
    >>> spec = RepositorySpec(name="team/api", place=Place.of("111111111111", "eu-west-1"))
    >>> SpecifiedRepository(stack, "Api", spec).repository_name
    'team/api'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        spec: RepositorySpec,
        *,
        key: kms.IKey | None = None,
    ) -> None:
        stack, who = stack_of(scope), f"PrivateRepository '{construct_id}'"
        logical_id = images.repository_logical_id(spec.name)
        raise_if_any(who, taken_faults(scope, spec.name, logical_id))
        super().__init__(
            scope, construct_id, repository_name=spec.name, tag_immutability=spec.tag_immutability
        )
        removal_policy = cdk.RemovalPolicy[spec.removal.upper().replace("-", "_")]
        self.encryption_key = key or self._new_key(spec.encryption, stack, removal_policy)
        self._construct_id = construct_id
        self._account = spec.place.account
        self._lifecycle = spec.lifecycle
        # The CDK leaves "Default" out of the logical ID that it derives from the path.
        self._resource = ecr.CfnRepository(
            self,
            "Default",
            repository_name=spec.name,
            encryption_configuration=encryption_property(
                spec.encryption.kind, self._key_arn(spec.encryption)
            ),
            image_scanning_configuration=scanning_property(scan_on_push=spec.scan_on_push),
            image_tag_mutability=spec.tag_immutability.mode,
            image_tag_mutability_exclusion_filters=filters_property(spec.tag_immutability),
            lifecycle_policy=lifecycle_property(spec.lifecycle.text()) if spec.lifecycle else None,
            repository_policy_text=policy_document(spec.policy),
            empty_on_delete=True if spec.empty_on_delete else None,
            tags=[{"key": key, "value": value} for key, value in sorted(spec.tags.items())] or None,
        )
        self._resource.apply_removal_policy(removal_policy)
        declare(self._resource, scope, construct_id, spec.name, logical_id)
        self._policy = DeclaredPolicy(who, self._resource, spec.policy)

    def _key_arn(self, encryption: EncryptionSpec) -> str | None:
        if encryption.key_arn or self.encryption_key is None:
            return encryption.key_arn
        return arn_of(self.encryption_key)

    def _new_key(
        self, encryption: EncryptionSpec, stack: cdk.Stack, removal_policy: cdk.RemovalPolicy
    ) -> kms.IKey | None:
        if encryption.kind == "own-key":
            # The key is deleted or retained with the images.
            return RepositoryKey(self, "Key", removal_policy=removal_policy).key
        if encryption.kind == "customer-managed" and encryption.uses_shared_key:
            return RepositoryKey.shared_in(stack).key
        return None

    @checked_arguments
    def add_lifecycle_rule(
        self,
        *,
        description: str = "",
        max_image_age: cdk.Duration | None = None,
        max_image_count: int | None = None,
        rule_priority: int | None = None,
        tag_pattern_list: Sequence[str] = (),
        tag_prefix_list: Sequence[str] = (),
        tag_status: ecr.TagStatus | None = None,
    ) -> None:
        """Add a rule to the lifecycle policy, with the arguments of ``ecr.Repository``.

        Without a priority, the rule comes after the present ones, and rules for any tag come last.

        :param description: the purpose of the rule.
        :param max_image_age: images expire this many days after their push.
        :param max_image_count: the newest images that are kept, so many.
        :param rule_priority: by default the next one.
        :param tag_pattern_list: tag patterns, all of which an image must match.
        :param tag_prefix_list: tag prefixes, all of which an image must match.
        :param tag_status: ``TAGGED`` by default with patterns or prefixes, otherwise ``ANY``.
        :raises ValueError: when ECR would refuse the rule, or the policy with it.
        """
        with reported_by(f"PrivateRepository '{self._construct_id}'"):
            rule = rule_of(
                description=description,
                max_image_age=max_image_age,
                max_image_count=max_image_count,
                rule_priority=rule_priority,
                tag_patterns=tuple(tag_pattern_list),
                tag_prefixes=tuple(tag_prefix_list),
                tag_status=tag_status,
            )
            self._lifecycle = (
                self._lifecycle.with_rule(rule)
                if self._lifecycle
                else LifecyclePolicy((rule,), allow_touching_live_images=True)
            )
        self._resource.lifecycle_policy = lifecycle_property(self._lifecycle.text())

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

        :raises ValueError: when ECR would refuse the statement in a repository policy.
        """
        return self._policy.add(statement)


@checked_types
class PrivateRepository(SpecifiedRepository):
    """Define a private ECR repository with safe defaults.

    The construct **is** an ``ecr.IRepository``, so every CDK construct accepts it. By default no
    tag can be moved, images are scanned on push and encrypted with a rotating KMS key, the
    lifecycle policy keeps live images, no principal of another account has access, and the
    repository is retained when its stack is deleted. If the stack's account and region are known,
    the name, ARN and URI are plain strings, so using them in another stack creates no export.

    Name and encryption are create-only: CloudFormation refuses to change either on a deployed
    repository. The logical ID depends on the name alone (``team/api`` becomes
    ``RepositoryteamSlashapi``), so moving the construct within its stack replaces nothing.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param repository_name: 2 to 256 lower-case letters and digits, joined by ``/ - _ .``.
    :param tag_immutability: the tags that can be moved; by default none.
    :param scan_on_push: ``True`` by default. The registry's scanning configuration, if it has one,
        overrides this setting.
    :param encryption: by default a customer-managed, rotating KMS key that the repositories of
        this stack share.
    :param lifecycle: the lifecycle policy; by default live images are kept, untagged images expire
        after 7 days, and the last 30 others are kept. ``None`` keeps every image.
    :param pull: the principals that may pull besides the account's own; by default none.
    :param push: the principals that may push besides the account's own; by default none.
    :param statements: more statements of the repository policy, as in IAM, with only ECR's actions,
        no Resource and unique Sids. Statements without a Sid that differ only in their principals
        are merged into one.
    :param administrators: the only roles that may delete images or the repository, or change its
        policies; by default every principal whose identity policy allows that.
    :param removal_policy: ``RETAIN`` by default. ``DESTROY`` deletes the repository with its stack,
        which fails while the repository has images, unless ``empty_on_delete`` is set.
    :param empty_on_delete: with ``DESTROY``, whether all images are deleted too. ``False`` by
        default.
    :param tags: AWS tags of the repository itself (not of its images); at most 50.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``repository_name``, ``repository_arn``, ``repository_uri``; ``encryption_key`` is
    the customer-managed key or ``None``; ``required_grants`` are the grants that the owners of
    other accounts must add to complete this repository's grants.

    Sources: Amazon ECR user guide, "Private repositories"; CloudFormation, "AWS::ECR::Repository".

    >>> app = cdk.App()
    >>> environment = cdk.Environment(account="111111111111", region="eu-west-1")
    >>> stack = cdk.Stack(app, "Images", env=environment)
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api",
    ...     pull=Access(accounts=("222222222222",)))
    >>> api.repository_uri
    '111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/api'
    """

    # References to repositories that are declared elsewhere.
    from_name = ReferencedRepository
    through_cache = CachedRepository
    from_repository_name = staticmethod(referenced_by_name)
    from_repository_arn = staticmethod(referenced_by_arn)
    from_repository_attributes = staticmethod(referenced_by_attributes)

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        tag_immutability: TagImmutability = IMMUTABLE_TAGS,
        scan_on_push: bool = True,
        encryption: Encryption | None = None,
        lifecycle: LifecyclePolicy | None = STANDARD_LIFECYCLE,
        pull: Access = NO_ACCESS,
        push: Access = NO_ACCESS,
        statements: Sequence[Statement] = (),
        administrators: Administrators | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
        empty_on_delete: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        with reported_by(f"PrivateRepository '{construct_id}'"):
            spec = RepositorySpec(
                name=repository_name,
                place=facts_of(stack_of(scope)),
                tag_immutability=tag_immutability,
                scan_on_push=scan_on_push,
                encryption=encryption or Encryption.customer_managed(),
                lifecycle=lifecycle,
                pull=pull,
                push=push,
                statements=tuple(statements),
                administrators=administrators,
                removal=cast("Removal", removal_policy.name.lower().replace("_", "-")),
                empty_on_delete=empty_on_delete,
                tags=tags or {},
            )
        super().__init__(scope, construct_id, spec, key=encryption.key if encryption else None)

    @staticmethod
    def adopt(
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        existing_policy: Mapping[str, Any] | str | None,
        encryption: Encryption,
        tag_immutability: TagImmutability,
        scan_on_push: bool,
        lifecycle: LifecyclePolicy | None,
        pull: Access = NO_ACCESS,
        push: Access = NO_ACCESS,
        tags: Mapping[str, str] | None = None,
    ) -> SpecifiedRepository:
        """Define an existing repository, for ``cdk import`` to add to the stack.

        An import deletes a repository policy that the template does not declare, and changes no
        other property. So state every property as it is now, and harden the repository in a later
        deployment. The repository is retained when its stack is deleted.

        :param scope: the parent construct.
        :param construct_id: the construct's ID in its scope.
        :param repository_name: the repository's name.
        :param existing_policy: the repository's policy, as a document or as the text that
            ``aws ecr get-repository-policy`` returns; ``None`` states that there is none.
        :param encryption: the repository's encryption, which only a new repository could change,
            with the existing key. For AES256, the template has no encryption block, because
            naming AES256 would replace the repository.
        :param tag_immutability: the repository's tag immutability.
        :param scan_on_push: whether images are scanned on push.
        :param lifecycle: the repository's lifecycle policy, ``None`` for none.
        :param pull: the principals that may pull, besides those of ``existing_policy``.
        :param push: the principals that may push, besides those of ``existing_policy``.
        :param tags: the repository's AWS tags.
        :raises ValueError: before anything is created, with every rule that is broken.

        Sources: CloudFormation user guide, "Import AWS resources into a CloudFormation stack";
        CloudFormation coverage roadmap, issues 2493 and 2502.

        >>> stack = cdk.Stack(cdk.App(), "Adopted")
        >>> PrivateRepository.adopt(stack, "Api", repository_name="team/api",
        ...     existing_policy=None, encryption=Encryption.aes256(),
        ...     tag_immutability=TagImmutability(mode="MUTABLE"), scan_on_push=False,
        ...     lifecycle=None).repository_name
        'team/api'
        """
        statements, faults = adopted_statements(existing_policy)
        if encryption.kind == "own-key" or encryption == Encryption.customer_managed():
            faults.append(
                Fault(
                    "encryption",
                    "an adopted repository requires the key that it was created with, got a new "
                    "key. Write Encryption.customer_managed(kms.Key.from_key_arn(...)).",
                )
            )
        who = f"PrivateRepository '{construct_id}'"
        raise_if_any(who, faults)
        with reported_by(who):
            spec = RepositorySpec(
                name=repository_name,
                place=facts_of(stack_of(scope)),
                tag_immutability=tag_immutability,
                scan_on_push=scan_on_push,
                encryption=encryption,
                lifecycle=lifecycle,
                pull=pull,
                push=push,
                statements=tuple(statements),
                tags=tags or {},
                adopted=True,
            )
        return SpecifiedRepository(scope, construct_id, spec, key=encryption.key)
