"""A private ECR repository that is safe by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .encryption import Encryption, arn_of
from .named_repository import CachedRepository, NamedRepository, ReferencedRepository
from .repository_key import RepositoryKey
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
from .rules.policy.cross_account import RequiredGrant, required_grants
from .rules.policy.statements import (
    Statement,
    merged,
    policy_document,
    repository_policy_faults,
    statement_faults,
)
from .stack_facts import facts_of, is_token, stack_of


class PrivateRepository(NamedRepository):
    """Define a private ECR repository that is safe without being asked.

    It **is** an ``ecr.IRepository``, so every CDK construct takes it. By default no tag can be
    moved, images are scanned on push and encrypted with a rotating KMS key, live images are
    shielded from the lifecycle policy, nobody beyond the account has access, and the repository
    outlives its stack. Where account and region of the stack are known, its name, ARN and URI
    are plain strings, so that using it in another stack makes no export.

    Name and encryption are create-only: changing either on a deployed repository is refused by
    CloudFormation. The logical ID follows from the name alone (``team/api`` becomes
    ``RepositoryteamSlashapi``), so moving the construct within its stack replaces nothing.

    :param scope: the construct this one belongs to.
    :param construct_id: its ID there.
    :param repository_name: 2 to 256 lower-case letters and digits, joined by ``/ - _ .``.
    :param tag_immutability: which tags can be moved; by default none.
    :param scan_on_push: ``True`` by default. A registry's scanning configuration, where there is
        one, overrides it.
    :param encryption: by default a customer-managed, rotating KMS key that the repositories of
        this stack share.
    :param lifecycle: the lifecycle policy; by default live images stay, untagged ones go after 7
        days and of the rest the last 30 stay. ``None`` leaves every image for ever.
    :param pull: who may pull besides the account itself; by default nobody.
    :param push: who may push besides the account itself; by default nobody.
    :param statements: more statements of the repository policy, in IAM's own words, as exact as
        you need them: only ECR's actions, no Resource, every Sid once. Statements without a Sid
        that differ in their principals alone are merged into one.
    :param administrators: who alone may delete and change policies; by default whoever an identity
        policy of the account allows.
    :param removal_policy: ``RETAIN`` by default: the repository outlives its stack. ``DESTROY``
        deletes it, which fails while it holds images unless ``empty_on_delete``.
    :param empty_on_delete: with ``DESTROY``, delete all images too. ``False`` by default.
    :param tags: AWS tags of the repository itself (not of its images); at most 50.
    :raises ValueError: before anything is created, with every rule that is broken.

    Attributes: ``repository_name``, ``repository_arn``, ``repository_uri``; ``encryption_key`` is
    the customer-managed key or ``None``; ``required_grants`` is what owners of other accounts must
    allow for this repository's grants to hold.

    Sources: Amazon ECR user guide, "Private repositories"; CloudFormation, "AWS::ECR::Repository".

    >>> app = cdk.App()
    >>> environment = cdk.Environment(account="111111111111", region="eu-west-1")
    >>> stack = cdk.Stack(app, "Images", env=environment)
    >>> api = PrivateRepository(stack, "Api", repository_name="team/api",
    ...     pull=Access(accounts=("222222222222",)))
    >>> api.repository_uri
    '111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/api'
    """

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
        self._define(scope, construct_id, spec, encryption.key if encryption else None)

    @staticmethod
    def of(
        scope: Construct, construct_id: str, spec: RepositorySpec, *, key: kms.IKey | None = None
    ) -> PrivateRepository:
        """Define the repository of a spec that was made without the CDK.

        :param scope: the construct this one belongs to.
        :param construct_id: its ID there.
        :param spec: the repository, checked when it was made.
        :param key: the KMS key that the spec's encryption names; by default the key that the
            repositories of this stack share.
        """
        return _SpecifiedRepository(scope, construct_id, spec, key)

    def _define(
        self, scope: Construct, construct_id: str, spec: RepositorySpec, key: kms.IKey | None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            repository_name=spec.name,
            tag_immutability=spec.tag_immutability,
        )
        stack = stack_of(scope)
        removal_policy = cdk.RemovalPolicy[spec.removal.upper().replace("-", "_")]
        self.encryption_key = key or self._new_key(spec.encryption, stack, removal_policy)
        self._construct_id = construct_id
        self._account = spec.place.account
        self._statements = spec.policy
        # "Default" leaves no trace in the logical ID that the CDK makes of the path.
        self._resource = ecr.CfnRepository(
            self,
            "Default",
            repository_name=spec.name,
            encryption_configuration=_encryption_property(
                spec.encryption.kind, self._key_arn(spec.encryption)
            ),
            image_scanning_configuration=_scanning_property(scan_on_push=spec.scan_on_push),
            image_tag_mutability=spec.tag_immutability.mode,
            image_tag_mutability_exclusion_filters=_filters_property(spec.tag_immutability),
            lifecycle_policy=_lifecycle_property(spec.lifecycle.text()) if spec.lifecycle else None,
            repository_policy_text=policy_document(spec.policy),
            empty_on_delete=True if spec.empty_on_delete else None,
            tags=[{"key": key, "value": value} for key, value in sorted(spec.tags.items())] or None,
        )
        self._resource.apply_removal_policy(removal_policy)
        if not is_token(spec.name):
            logical_id = images.repository_logical_id(spec.name)
            # Directly in its stack, the CDK derives exactly this logical ID from the construct's.
            if scope is not stack or construct_id != logical_id:
                self._resource.override_logical_id(logical_id)

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
    ) -> PrivateRepository:
        """Define a repository that exists already, for ``cdk import`` to take over.

        An import deletes the repository policy that the template does not declare, and applies
        nothing else, so everything is stated here as it is today. Harden it in a deployment of
        its own, once it is imported. It is retained: what was adopted is never deleted with its
        stack.

        :param scope: the construct this one belongs to.
        :param construct_id: its ID there.
        :param repository_name: the name it has.
        :param existing_policy: the repository policy it has, as a document or as the text that
            ``aws ecr get-repository-policy`` gives; ``None`` states that it has none.
        :param encryption: the encryption it has, which only a new repository could change. A key
            is given by itself, because none is made here; AES256 leaves the block out of the
            template, as naming it would replace the repository.
        :param tag_immutability: the tag immutability it has.
        :param scan_on_push: whether it is scanned on push.
        :param lifecycle: the lifecycle policy it has, ``None`` for none.
        :param pull: who may pull besides ``existing_policy``.
        :param push: who may push besides ``existing_policy``.
        :param tags: the AWS tags it has.
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
                    "an adopted repository keeps the key it was created with, got one that would "
                    "be made. Give it: Encryption.customer_managed(kms.Key.from_key_arn(...)).",
                )
            )
        raise_if_any(f"PrivateRepository '{construct_id}'", faults)
        return PrivateRepository(
            scope,
            construct_id,
            repository_name=repository_name,
            tag_immutability=tag_immutability,
            scan_on_push=scan_on_push,
            encryption=encryption,
            lifecycle=lifecycle,
            pull=pull,
            push=push,
            statements=statements,
            tags=tags,
        )

    @staticmethod
    def from_name(
        scope: Construct,
        construct_id: str,
        *,
        repository_name: str,
        account: str | None = None,
        region: str | None = None,
        policy_declared_by_owner: bool = False,
        tag_immutability: TagImmutability | None = None,
    ) -> ReferencedRepository:
        """Give a reference to a repository that is declared elsewhere; see there."""
        return ReferencedRepository(
            scope,
            construct_id,
            repository_name=repository_name,
            account=account,
            region=region,
            policy_declared_by_owner=policy_declared_by_owner,
            tag_immutability=tag_immutability,
        )

    @staticmethod
    def through_cache(
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        upstream_repository: str,
        account: str | None = None,
        region: str | None = None,
        policy_declared_by_owner: bool = False,
    ) -> CachedRepository:
        """Give a reference to what a pull-through cache keeps of another registry's repository.

        :param prefix: the prefix of the pull-through cache rule, such as ``docker-hub``.
        :param upstream_repository: the repository there, such as ``library/busybox``.
        :param account: the account of the cache; the stack's by default.
        :param region: the region of the cache; the stack's by default.
        :param policy_declared_by_owner: see ``ReferencedRepository``.
        :raises ValueError: when a name, the account or the region does not have its form.

        >>> stack = cdk.Stack(cdk.App(), "Workloads")
        >>> PrivateRepository.through_cache(stack, "Busybox", prefix="docker-hub",
        ...     upstream_repository="library/busybox").repository_name
        'docker-hub/library/busybox'
        """
        return CachedRepository(
            scope,
            construct_id,
            repository_name=f"{prefix}/{upstream_repository}",
            account=account,
            region=region,
            policy_declared_by_owner=policy_declared_by_owner,
            # What ECR makes on the first pull is mutable, and upstream moves its tags.
            tag_immutability=TagImmutability(mode="MUTABLE"),
        )

    @property
    def required_grants(self) -> list[RequiredGrant]:
        """Give what owners of other accounts must allow, as things stand."""
        # The CDK's own grants name accounts by tokens.
        statements = stack_of(self).resolve(self._statements)
        return required_grants(
            statements, account=self._account, repository_arn=self.repository_arn
        )

    def add_to_resource_policy(
        self, statement: iam.PolicyStatement
    ) -> iam.AddToResourcePolicyResult:
        """Add a statement to the repository policy; the CDK's own grants come here too.

        :raises ValueError: when ECR would refuse the statement in a repository policy.
        """
        added = statement.to_statement_json()
        policy = merged([*self._statements, added])
        raise_if_any(
            f"PrivateRepository '{self._construct_id}'",
            [*statement_faults([added]), *repository_policy_faults(policy)],
        )
        self._statements = policy
        self._resource.repository_policy_text = policy_document(policy)
        return iam.AddToResourcePolicyResult(statement_added=True, policy_dependable=self._resource)


class _SpecifiedRepository(PrivateRepository):
    """A private repository whose spec was made elsewhere."""

    def __init__(self, *arguments: Any) -> None:
        self._define(*arguments)


# Properties that many repositories have in common are made once, because each costs a crossing into
# Node. Bounded, because there can be any number of policies and keys.


@lru_cache(maxsize=64)
def _encryption_property(
    kind: str, key_arn: str | None
) -> ecr.CfnRepository.EncryptionConfigurationProperty | None:
    # AES256 is what ECR does unasked. Spelling it out would replace an imported repository.
    if kind == "aes256":
        return None
    return ecr.CfnRepository.EncryptionConfigurationProperty(
        encryption_type="KMS_DSSE" if kind == "dsse" else "KMS", kms_key=key_arn
    )


@lru_cache(maxsize=2)
def _scanning_property(
    *, scan_on_push: bool
) -> ecr.CfnRepository.ImageScanningConfigurationProperty:
    return ecr.CfnRepository.ImageScanningConfigurationProperty(scan_on_push=scan_on_push)


@lru_cache(maxsize=64)
def _lifecycle_property(text: str) -> ecr.CfnRepository.LifecyclePolicyProperty:
    return ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=text)


def _filters_property(tag_immutability: TagImmutability) -> list[dict[str, Any]] | None:
    return [
        {
            "imageTagMutabilityExclusionFilterType": "WILDCARD",
            "imageTagMutabilityExclusionFilterValue": value,
        }
        for value in tag_immutability.exclusion_filters
    ] or None
