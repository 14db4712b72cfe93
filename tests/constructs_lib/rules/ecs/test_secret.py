"""Secrets that ECS fetches when a task starts."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.ecs.secret import SecretSpec
from constructs_lib.rules.faults import RuleError

SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3"
PARAMETER = "arn:aws-cn:ssm:cn-north-1:111111111111:parameter/api/token"
KEY = "arn:aws:kms:us-west-2:111111111111:key/1234-abcd"


def test_a_field_of_a_secret_is_named_after_its_arn() -> None:
    secret = SecretSpec(secret=SECRET, field="password", key=KEY)
    assert (secret.service, secret.arn, secret.key_arn) == ("secretsmanager", SECRET, KEY)
    assert secret.value == f"{SECRET}:password::"
    assert SecretSpec(secret=SECRET, key=KEY).value == SECRET


def test_a_parameter_with_the_key_of_aws_names_no_key() -> None:
    secret = SecretSpec(parameter=PARAMETER, key="aws-managed")
    assert (secret.service, secret.arn, secret.value) == ("ssm", PARAMETER, PARAMETER)
    assert secret.key_arn is None


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        (
            {"key": KEY},
            ["a variable requires either a secret or a parameter, got neither. Write one ARN."],
        ),
        (
            {"secret": SECRET, "parameter": PARAMETER, "key": KEY},
            ["a variable requires either a secret or a parameter, got both. Write one ARN."],
        ),
        (
            {"secret": SECRET.removesuffix("-a1B2c3"), "key": KEY},
            [
                "secret: 'arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password' is "
                f"not a valid secret ARN. Write it like '{SECRET}'."
            ],
        ),
        (
            {"parameter": "/api/token", "key": KEY},
            [
                "parameter: '/api/token' is not a valid parameter ARN. Write it like "
                "'arn:aws:ssm:us-west-2:111111111111:parameter/api/token'."
            ],
        ),
        (
            {"parameter": PARAMETER, "field": "password", "key": "aws-managed"},
            ["field: an SSM parameter has no fields. Remove field."],
        ),
        (
            {"secret": SECRET},
            [
                "key: the encryption key is missing, and without a grant on that key no task would "
                "start. Write 'key: aws-managed', or the ARN of the KMS key."
            ],
        ),
        (
            {"secret": SECRET, "key": "alias/api"},
            ["key: a key must be aws-managed or the ARN of a KMS key, got 'alias/api'."],
        ),
        (
            {"secret": SECRET, "key": KEY.replace("us-west-2", "eu-west-1")},
            [
                "key: a key must be in the region of what it encrypts, us-west-2, got "
                "'arn:aws:kms:eu-west-1:111111111111:key/1234-abcd'. Name the key of that region."
            ],
        ),
    ],
)
def test_a_secret_that_no_task_could_fetch_is_refused(
    fields: dict[str, Any], faults: list[str]
) -> None:
    with pytest.raises(RuleError, match="secret") as refusal:
        SecretSpec(**fields)
    assert [str(fault) for fault in refusal.value.faults] == faults
