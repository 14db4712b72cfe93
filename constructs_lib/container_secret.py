"""A secret that a container of an ECS task is given, and who may read it."""

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
    """Define a value that ECS fetches when a task starts; it stands in no template.

    The execution role may read exactly this secret or parameter and, by that service alone,
    decrypt with its key. A secret whose key is unknown would let a task be defined that can
    never start, so the key is said where the CDK does not know it.

    :param value: the secret's, or its field's, or the parameter's ARN, as ECS takes it.
    :param arn: the ARN of the secret or parameter, as policies name it: of a secret that is
        referred to by its name, ``-??????`` stands for the suffix that Secrets Manager added.
    :param service: ``secretsmanager`` or ``ssm``.
    :param key: the KMS key it is encrypted with, ``None`` for the service's own.

    Made by ``from_secrets_manager`` and ``from_ssm_parameter``.

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
        """Give a secret of AWS Secrets Manager, or one field of it.

        :param field: which value of a secret that is JSON; the whole secret by default.
        :param key: the key of a secret that is only referred to: its KMS key, or
            ``aws-managed``. What a secret made in this app is encrypted with is known.
        :raises ValueError: when the key is not known.
        """
        known = secret.encryption_key or key
        if known is None and not isinstance(secret, secretsmanager.Secret):
            raise_if_any(
                f"ContainerSecret '{secret.node.id}'",
                [_key_missing("secret", "Secrets Manager")],
            )
        arn = secret.secret_arn
        return ContainerSecret(
            # Version stage and version ID stay empty: the current one.
            value=f"{arn}:{field}::" if field else arn,
            arn=secret.secret_full_arn or f"{arn}{_UNKNOWN_SUFFIX}",
            service="secretsmanager",
            key=None if isinstance(known, str) else known,
        )

    @staticmethod
    def from_ssm_parameter(
        parameter: ssm.IParameter, *, key: kms.IKey | AwsManaged | None = None
    ) -> ContainerSecret:
        """Give a parameter of the SSM parameter store.

        :param key: of a SecureString, which CloudFormation cannot make: its KMS key, or
            ``aws-managed``.
        :raises ValueError: when a SecureString's key is not known.
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
        """Return the secret of a spec that was made without the CDK.

        :param scope: a construct of the stack in which the secret's key is referred to.
        """
        if isinstance(secret, ContainerSecret):
            return secret
        key = _key_of(stack_of(scope), secret.key_arn) if secret.key_arn else None
        return ContainerSecret(value=secret.value, arn=secret.arn, service=secret.service, key=key)

    def for_ecs(self) -> ecs.Secret:
        """Return the secret as a container of ECS takes it."""
        return _ExactSecret(self)


def _key_of(stack: cdk.Stack, arn: str) -> kms.IKey:
    construct_id = f"Key {arn}"
    existing = stack.node.try_find_child(construct_id)
    return cast("kms.IKey", existing or kms.Key.from_key_arn(stack, construct_id, arn))


def _key_missing(what: str, where: str) -> Fault:
    return Fault(
        "key",
        f"which key the {what} is encrypted with is not known here, and without a grant on it no "
        f"task would start. Give `key`, or say key='aws-managed' for the one of {where}.",
    )


class _ExactSecret(ecs.Secret):
    """Define the CDK's form of a secret, with no more granted than ECS needs to fetch it."""

    def __init__(self, secret: ContainerSecret) -> None:
        super().__init__()
        self._secret = secret

    @property
    def arn(self) -> str:
        """Give what the task definition refers to."""
        return self._secret.value

    @property
    def has_field(self) -> bool:
        """Say whether it is a field of a secret, which old versions of Fargate refuse."""
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
        # A secret may be in another region, whose service is who decrypts then.
        region = secret.arn.split(":")[3]
        suffix = partition_of(region).url_suffix
    context = "SecretARN" if secret.service == "secretsmanager" else "PARAMETER_ARN"
    # Outside the commercial partition the CDK and AWS' own policies name services differently.
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
