"""A secret of a container of an ECS task, and the grant to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .cdk_types import Key
from .encryption import key_of
from .rules.aws.partitions import partition_of
from .rules.ecs.secret import SecretSpec, SecretsService
from .rules.faults import faults_unless, raise_if_any
from .rules.policy.lists import one_or_list
from .rules.types import checked_types
from .stack_facts import facts_of, is_token, stack_of

AwsManaged = Literal["aws-managed"]
# For pyright: see cdk_types.
Secret = secretsmanager.ISecret | secretsmanager.Secret
_UNKNOWN_SUFFIX = "-??????"
_READ = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSecret:
    """A secret that ECS fetches when a task starts; no template contains its value.

    The execution role may read only this secret or parameter and may use its key only through that
    service. A task could never start without a grant on the key, so the key is required if the
    CDK does not know it.

    ``from_secrets_manager`` and ``from_ssm_parameter`` return a secret with all four values.

    :param value: the ARN of the secret, of its field or of the parameter, as a task definition
        refers to it.
    :param arn: the ARN of the secret or parameter, as policies name it. For a secret that is
        referred to by its name, ``-??????`` matches the suffix that Secrets Manager added.
    :param service: ``secretsmanager`` or ``ssm``.
    :param key: the KMS key that encrypts the secret, ``None`` for the service's own.

    Sources: Amazon ECS developer guide, "Pass sensitive data to an Amazon ECS container"; AWS
    Secrets Manager user guide, "Secret encryption and decryption".

    >>> import aws_cdk as cdk
    >>> stack = cdk.Stack(cdk.App(), "Workloads")
    >>> password = secretsmanager.Secret(stack, "Password")
    >>> ContainerSecret.from_secrets_manager(password).service
    'secretsmanager'
    """

    value: str
    arn: str
    service: SecretsService
    key: Key | None = None

    @staticmethod
    def from_secrets_manager(
        secret: Secret,
        *,
        field: str | None = None,
        key: Key | AwsManaged | None = None,
    ) -> ContainerSecret:
        """Return a secret of AWS Secrets Manager, or one field of it.

        :param field: the key of one value in a secret that contains JSON; by default the whole
            secret.
        :param key: for a secret that is not created in this app, its KMS key, or ``aws-managed``.
        :raises ValueError: when the key is unknown.
        """
        known = secret.encryption_key or key
        is_known = known is not None or isinstance(secret, secretsmanager.Secret)
        _require_key(secret.node.id, "secret", "Secrets Manager", is_known=is_known)
        arn = secret.secret_arn
        return ContainerSecret(
            # An empty version stage and version ID mean the current version.
            value=f"{arn}:{field}::" if field else arn,
            arn=secret.secret_full_arn or f"{arn}{_UNKNOWN_SUFFIX}",
            service="secretsmanager",
            key=None if isinstance(known, str) else known,
        )

    @staticmethod
    def from_ssm_parameter(
        parameter: ssm.IParameter, *, key: Key | AwsManaged | None = None
    ) -> ContainerSecret:
        """Return a parameter of the SSM Parameter Store.

        :param key: the KMS key of a SecureString, which CloudFormation cannot create, or
            ``aws-managed``.
        :raises ValueError: when a SecureString's key is unknown.
        """
        is_known = key is not None or parameter.parameter_type != "SecureString"
        _require_key(parameter.node.id, "parameter", "Parameter Store", is_known=is_known)
        return ContainerSecret(
            value=parameter.parameter_arn,
            arn=parameter.parameter_arn,
            service="ssm",
            key=None if isinstance(key, str) else key,
        )

    @staticmethod
    def of(scope: Construct, secret: SecretSpec | ContainerSecret) -> ContainerSecret:
        """Return the secret of a spec.

        :param scope: a construct of the stack in which the secret's key is referred to.
        """
        if isinstance(secret, ContainerSecret):
            return secret
        key = key_of(stack_of(scope), secret.key_arn) if secret.key_arn else None
        return ContainerSecret(value=secret.value, arn=secret.arn, service=secret.service, key=key)

    def for_ecs(self) -> ecs.Secret:
        """Return the secret for a container of ECS."""
        return _ExactSecret(self)


def _require_key(construct_id: str, kind: str, service: str, *, is_known: bool) -> None:
    message = (
        f"a {kind} requires its encryption key, because no task could start without a grant on the "
        f"key, got none. Add `key`, or write key='aws-managed' for the key of {service}."
    )
    raise_if_any(f"ContainerSecret '{construct_id}'", faults_unless(is_known, message, path="key"))


class _ExactSecret(ecs.Secret):
    """The CDK's form of a secret, which grants only the permissions that ECS requires."""

    def __init__(self, secret: ContainerSecret) -> None:
        super().__init__()
        self._secret = secret

    @property
    def arn(self) -> str:
        """The ARN in the task definition."""
        return self._secret.value

    @property
    def has_field(self) -> bool:
        """Whether this is a field of a secret, which old versions of Fargate refuse."""
        return self._secret.value.endswith("::")

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow a principal to read this secret and, through its service alone, to decrypt it."""
        secret = self._secret
        if secret.key:
            grantee.grant_principal.add_to_principal_policy(_decrypt(secret, secret.key, grantee))
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=[_READ[secret.service]], resource_arns=[secret.arn]
        )


def _decrypt(
    secret: ContainerSecret, key: kms.IKey, grantee: iam.IGrantable
) -> iam.PolicyStatement:
    # An execution role is a construct, although its interface is not.
    facts = facts_of(stack_of(cast("Construct", grantee.grant_principal)))
    region, suffix = facts.region, facts.url_suffix
    if not is_token(secret.arn):
        # A secret may be in another region, whose service then decrypts.
        region = secret.arn.split(":")[3]
        suffix = partition_of(region).url_suffix
    context = "SecretARN" if secret.service == "secretsmanager" else "PARAMETER_ARN"
    # Outside the commercial partition, the CDK and AWS' own policies name services differently.
    names = dict.fromkeys(
        f"{secret.service}.{region}.{ending}" for ending in (suffix, "amazonaws.com")
    )
    via = {"kms:ViaService": one_or_list(list(names))}
    encrypted = {f"kms:EncryptionContext:{context}": secret.arn}
    return iam.PolicyStatement(
        actions=["kms:Decrypt"],
        resources=[key.key_arn],
        conditions=(
            {"StringEquals": via, "StringLike": encrypted}
            if secret.arn.endswith(_UNKNOWN_SUFFIX)
            else {"StringEquals": via | encrypted}
        ),
    )
