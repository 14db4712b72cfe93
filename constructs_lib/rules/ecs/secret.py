"""Secrets that ECS fetches when a task starts.

Sources: Amazon ECS developer guide, "Pass sensitive data to an Amazon ECS container"; AWS Secrets
Manager user guide, "Secret encryption and decryption".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.rules.aws.tokens import is_token, matches
from constructs_lib.rules.faults import Fault, raise_if_any

AWS_MANAGED = "aws-managed"
SecretsService = Literal["secretsmanager", "ssm"]

SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}"
)
PARAMETER_ARN = re.compile(r"arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+")
KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_EXAMPLES = {
    "secret": "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3",
    "parameter": "arn:aws:ssm:us-west-2:111111111111:parameter/api/token",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSpec:
    """An environment variable that ECS fetches when a task starts: a secret, or a parameter.

    :param secret: the ARN of a Secrets Manager secret, its suffix of six characters included.
    :param parameter: the ARN of an SSM parameter.
    :param field: the key of one value in a secret that contains JSON; by default the whole secret.
    :param key: the key that encrypts the secret: ``aws-managed``, or the ARN of a KMS key.
    :raises RuleError: with every rule that is broken.
    """

    secret: str | None = None
    parameter: str | None = None
    field: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        raise_if_any("secret", secret_faults(self))

    @property
    def service(self) -> SecretsService:
        """The service that contains the secret, as IAM and endpoints name it."""
        return "secretsmanager" if self.secret else "ssm"

    @property
    def arn(self) -> str:
        """The ARN of the secret or parameter, as policies name it."""
        return str(self.secret or self.parameter)

    @property
    def value(self) -> str:
        """The ARN as a task definition refers to it: a field has two empty parts after it."""
        return f"{self.arn}:{self.field}::" if self.field else self.arn

    @property
    def key_arn(self) -> str | None:
        """The ARN of the KMS key; ``None`` for the key that AWS manages."""
        return None if self.key == AWS_MANAGED else self.key


def secret_faults(secret: SecretSpec) -> Iterator[Fault]:
    """Yield the faults for which ECS would refuse a secret, or its task would never start."""
    if (secret.secret is None) == (secret.parameter is None):
        given = "neither" if secret.secret is None else "both"
        yield Fault(
            "", f"a variable requires either a secret or a parameter, got {given}. Write one ARN."
        )
    for path, arn, pattern in (
        ("secret", secret.secret, SECRET_ARN),
        ("parameter", secret.parameter, PARAMETER_ARN),
    ):
        if arn is not None and not matches(pattern, arn):
            yield Fault(
                path,
                f"'{arn[:120]}' is not a valid {path} ARN. Write it like '{_EXAMPLES[path]}'.",
            )
    if secret.field is not None and secret.parameter is not None:
        yield Fault("field", "an SSM parameter has no fields. Remove field.")
    if secret.key is None:
        yield Fault(
            "key",
            "the encryption key is missing, and without a grant on that key no task would start. "
            "Write 'key: aws-managed', or the ARN of the KMS key.",
        )
    elif secret.key != AWS_MANAGED and not matches(KEY_ARN, secret.key):
        yield Fault(
            "key", f"a key must be aws-managed or the ARN of a KMS key, got '{secret.key[:120]}'."
        )
    elif len({_region_of(secret.arn), _region_of(secret.key)} - {""}) > 1:
        yield Fault(
            "key",
            f"a key must be in the region of what it encrypts, {_region_of(secret.arn)}, got "
            f"'{secret.key[:120]}'. Name the key of that region.",
        )


def _region_of(arn: str) -> str:
    """Return the region in an ARN; empty where it is not known, or the ARN has no region."""
    parts = arn.split(":")
    return "" if is_token(arn) or len(parts) < len(("arn", "aws", "kms", "region")) else parts[3]
