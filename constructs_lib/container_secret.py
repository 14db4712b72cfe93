"""A secret of a container of an ECS task, and the permissions to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import aws_cdk as cdk
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .rules.aws.partitions import partition_of
from .rules.ecs.secret import SecretSpec, SecretsService
from .rules.faults import Fault, raise_if_any
from .stack_facts import facts_of, is_token, stack_of

AwsManaged = Literal["aws-managed"]
_UNKNOWN_SUFFIX = "-??????"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSecret:
    """A secret that ECS fetches when a task starts; no template contains its value.

    Use ``from_secrets_manager`` or ``from_ssm_parameter`` to create one. The execution role may
    read exactly this secret or parameter and, through its service alone, decrypt with its key. The
    key is required where the CDK does not know it, because no task starts without a grant on it.

    :param value: the ARN of the secret, its field or the parameter, in ECS's form.
    :param arn: the ARN of the secret or parameter, in the form of policies. If the secret is
        referred to by its name, ``-??????`` replaces the suffix that Secrets Manager added.
    :param service: ``secretsmanager`` or ``ssm``.
    :param key: the KMS key of the secret, ``None`` for the service's own key.

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
    key: kms.IKey | None = None

    @staticmethod
    def from_secrets_manager(
        secret: secretsmanager.ISecret,
        *,
        field: str | None = None,
        key: kms.IKey | AwsManaged | None = None,
    ) -> ContainerSecret:
        """Return a secret of AWS Secrets Manager, or one field of it.

        :param field: a field of a secret in JSON; by default the whole secret.
        :param key: the KMS key of a secret that this app does not create, or ``aws-managed``.
        :raises ValueError: when the key is unknown.
        """
        known = secret.encryption_key or key
        if known is None and not isinstance(secret, secretsmanager.Secret):
            raise_if_any(
                f"ContainerSecret '{secret.node.id}'",
                [_key_missing("secret", "Secrets Manager")],
            )
        arn = secret.secret_arn
        return ContainerSecret(
            # The empty version stage and version ID mean the current version.
            value=f"{arn}:{field}::" if field else arn,
            arn=secret.secret_full_arn or f"{arn}{_UNKNOWN_SUFFIX}",
            service="secretsmanager",
            key=None if isinstance(known, str) else known,
        )

    @staticmethod
    def from_ssm_parameter(
        parameter: ssm.IParameter, *, key: kms.IKey | AwsManaged | None = None
    ) -> ContainerSecret:
        """Return a parameter of the SSM parameter store.

        :param key: the KMS key of a SecureString (which CloudFormation cannot create), or
            ``aws-managed``.
        :raises ValueError: when the key of a SecureString is unknown.
        """
        if key is None and parameter.parameter_type == "SecureString":
            raise_if_any(
                f"ContainerSecret '{parameter.node.id}'",
                [_key_missing("parameter", "the parameter store")],
            )
        return ContainerSecret(
            value=parameter.parameter_arn,
            arn=parameter.parameter_arn,
            service="ssm",
            key=None if isinstance(key, str) else key,
        )

    @staticmethod
    def of(scope: Construct, secret: SecretSpec | ContainerSecret) -> ContainerSecret:
        """Return the secret of a spec.

        :param scope: a construct of the stack that refers to the secret's key.
        """
        if isinstance(secret, ContainerSecret):
            return secret
        key = _key_of(stack_of(scope), secret.key_arn) if secret.key_arn else None
        return ContainerSecret(value=secret.value, arn=secret.arn, service=secret.service, key=key)

    def for_ecs(self) -> ecs.Secret:
        """Return the secret in the form of the CDK's ECS constructs."""
        return _ExactSecret(self)


def _key_of(stack: cdk.Stack, arn: str) -> kms.IKey:
    construct_id = f"Key {arn}"
    existing = stack.node.try_find_child(construct_id)
    return cast("kms.IKey", existing or kms.Key.from_key_arn(stack, construct_id, arn))


def _key_missing(what: str, where: str) -> Fault:
    return Fault(
        "key",
        f"the {what} requires its KMS key, without a grant on which no task starts, got none. Set "
        f"`key`, or key='aws-managed' for the key of {where}.",
    )


class _ExactSecret(ecs.Secret):
    """The CDK's form of a secret, which grants only what ECS requires to fetch it."""

    def __init__(self, secret: ContainerSecret) -> None:
        super().__init__()
        self._secret = secret

    @property
    def arn(self) -> str:
        """The ARN in the task definition."""
        return self._secret.value

    @property
    def has_field(self) -> bool:
        """Whether it is a field of a secret, which old platform versions of Fargate refuse."""
        return self._secret.value.endswith("::")

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow reading this secret and, by its service alone, decrypting it."""
        secret = self._secret
        if secret.key:
            grantee.grant_principal.add_to_principal_policy(_decrypt(secret, secret.key, grantee))
        action = (
            "secretsmanager:GetSecretValue"
            if secret.service == "secretsmanager"
            else "ssm:GetParameters"
        )
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=[action], resource_arns=[secret.arn]
        )


def _decrypt(
    secret: ContainerSecret, key: kms.IKey, grantee: iam.IGrantable
) -> iam.PolicyStatement:
    # An execution role is a construct; its interface does not say so.
    facts = facts_of(stack_of(cast("Construct", grantee.grant_principal)))
    region, suffix = facts.region, facts.url_suffix
    if not is_token(secret.arn):
        # The service of the secret's region decrypts it.
        region = secret.arn.split(":")[3]
        suffix = partition_of(region).url_suffix
    context = "SecretARN" if secret.service == "secretsmanager" else "PARAMETER_ARN"
    # Outside the commercial partition, the CDK and AWS's policies name services differently.
    names = dict.fromkeys(
        f"{secret.service}.{region}.{ending}" for ending in (suffix, "amazonaws.com")
    )
    via = {"kms:ViaService": list(names) if len(names) > 1 else next(iter(names))}
    which = {f"kms:EncryptionContext:{context}": secret.arn}
    return iam.PolicyStatement(
        actions=["kms:Decrypt"],
        resources=[key.key_arn],
        conditions=(
            {"StringEquals": via, "StringLike": which}
            if secret.arn.endswith(_UNKNOWN_SUFFIX)
            else {"StringEquals": via | which}
        ),
    )
