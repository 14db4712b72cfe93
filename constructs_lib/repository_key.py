"""The KMS key that encrypts images."""

from __future__ import annotations

import re
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.interfaces import ResourceEnvironment
from aws_cdk.interfaces.aws_kms import KeyReference
from constructs import Construct

from .encryption import Encryption
from .rules.aws.tokens import is_token
from .rules.faults import Fault, faults_unless, raise_if_any
from .rules.policy.statements import policy_document
from .rules.types import checked_types
from .stack_facts import StackFacts, facts_of, stack_of

_SHARED_ID = "RepositoryKey"
# Actions that administer the key, and none that use it. Without kms:CreateGrant, because its
# holder could grant the use of the key to every principal.
_ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:Delete*",
    "kms:Describe*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:Get*",
    "kms:List*",
    "kms:Put*",
    "kms:Revoke*",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
)
_ALIAS = re.compile(r"(?!aws/|alias/)[A-Za-z0-9/_-]{1,250}")


@checked_types
@jsii.implements(kms.IKey)
class RepositoryKey(Construct):
    """Define a KMS key for repositories: rotated every year, and kept when its stack is deleted.

    ECR uses the key through grants that the creator of a repository makes. Pulling requires no
    permission on the key. The key's policy allows principals of its own account two things, if
    their identity policies allow them too: to administer the key, and to let ECR use it. No
    principal can decrypt with it directly, administrators included. Replacing the key would replace
    every repository that uses it, which CloudFormation refuses for named repositories. So the key
    is retained by default.

    :param scope: the parent construct.
    :param construct_id: the construct's ID in its scope.
    :param alias: the key's alias without ``alias/``, such as ``ecr/dev``; none by default.
    :param removal_policy: ``RETAIN`` by default. ``DESTROY`` schedules the key's deletion with
        the stack, after which no image encrypted with it can be pulled.
    :raises ValueError: when KMS would refuse the alias.

    The construct is a ``kms.IKey``, which every construct of the CDK accepts.

    Attributes: ``key`` is the ``kms.Key``; ``encryption`` the value that repositories take.

    Source: Amazon ECR user guide, "Encryption at rest".

    >>> app = cdk.App()
    >>> stack = cdk.Stack(app, "Encryption")
    >>> RepositoryKey(stack, "Key", alias="ecr/dev").key.node.path
    'Encryption/Key/Resource'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alias: str | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        raise_if_any(f"RepositoryKey '{construct_id}'", _alias_faults(alias))
        super().__init__(scope, construct_id)
        facts = facts_of(stack_of(scope))
        self.key = kms.Key(
            self,
            "Resource",
            alias=f"alias/{alias}" if alias else None,
            description="Encrypts the container images of Amazon ECR repositories",
            enable_key_rotation=True,
            policy=_policy(facts),
            removal_policy=removal_policy,
        )
        # The key must not be deleted while other stacks use it. CloudFormation refuses to delete an
        # export that is imported; a weak reference has no such protection.
        cdk.CrossStackReferences.of(self.key).produce(cdk.ReferenceStrength.STRONG)
        self.encryption = Encryption.customer_managed(self.key)

    @property
    def key_arn(self) -> str:
        """The key's ARN."""
        return self.key.key_arn

    @property
    def key_id(self) -> str:
        """The key's ID."""
        return self.key.key_id

    @property
    def key_ref(self) -> KeyReference:
        """The key's reference, as the CDK's other services take it."""
        return self.key.key_ref

    @property
    def stack(self) -> cdk.Stack:
        """The stack of the key."""
        return self.key.stack

    @property
    def env(self) -> ResourceEnvironment:
        """The account and region of the key."""
        return self.key.env

    def apply_removal_policy(self, policy: cdk.RemovalPolicy) -> None:
        """Apply a policy to the key: it is retained or deleted with its stack."""
        self.key.apply_removal_policy(policy)

    def add_alias(self, alias: str) -> kms.Alias:
        """Add another alias, with ``alias/``."""
        return self.key.add_alias(alias)

    def add_to_resource_policy(
        self,
        statement: iam.PolicyStatement,
        allow_no_op: bool | None = None,  # noqa: FBT001 - the interface's
    ) -> iam.AddToResourcePolicyResult:
        """Add a statement to the key's policy."""
        return self.key.add_to_resource_policy(statement, allow_no_op)

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Allow actions with the key."""
        return self.key.grant(grantee, *actions)

    def grant_decrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow decryption with the key."""
        return self.key.grant_decrypt(grantee)

    def grant_encrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow encryption with the key."""
        return self.key.grant_encrypt(grantee)

    def grant_encrypt_decrypt(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow encryption and decryption with the key."""
        return self.key.grant_encrypt_decrypt(grantee)

    def grant_generate_mac(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow MACs to be generated with the key."""
        return self.key.grant_generate_mac(grantee)

    def grant_verify_mac(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow MACs to be verified with the key."""
        return self.key.grant_verify_mac(grantee)

    def grant_sign(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signing with the key."""
        return self.key.grant_sign(grantee)

    def grant_verify(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signatures to be verified with the key."""
        return self.key.grant_verify(grantee)

    def grant_sign_verify(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow signing and verification with the key."""
        return self.key.grant_sign_verify(grantee)

    @classmethod
    def shared_in(cls, stack: cdk.Stack) -> RepositoryKey:
        """Return the key that the repositories of a stack share, created on the first call."""
        if stack not in _SHARED:
            _SHARED[stack] = cls(stack, _SHARED_ID)
        return _SHARED[stack]


def _policy(facts: StackFacts) -> iam.PolicyDocument:
    account = f"arn:{facts.partition}:iam::{facts.account}:root"
    through_ecr = {"kms:ViaService": f"ecr.{facts.region}.{facts.url_suffix}"}
    return iam.PolicyDocument.from_json(
        policy_document(
            [
                {
                    "Sid": "AdministeredByTheAccount",
                    "Effect": "Allow",
                    "Principal": {"AWS": account},
                    "Action": list(_ADMINISTER),
                    "Resource": "*",
                },
                {
                    "Sid": "UsedThroughEcrAlone",
                    "Effect": "Allow",
                    "Principal": {"AWS": account},
                    "Action": ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"],
                    "Resource": "*",
                    "Condition": {"StringEquals": through_ecr},
                },
            ]
        )
    )


def _alias_faults(alias: str | None) -> list[Fault]:
    return faults_unless(
        alias is None or is_token(alias) or _ALIAS.fullmatch(alias),
        "a key's alias must have 1 to 250 letters, digits, '/', '_' and '-', and cannot begin "
        f"with 'aws/' or 'alias/', got '{str(alias)[:80]}'. Write it like 'ecr/dev'.",
        path="alias",
    )


_SHARED: WeakKeyDictionary[cdk.Stack, RepositoryKey] = WeakKeyDictionary()
