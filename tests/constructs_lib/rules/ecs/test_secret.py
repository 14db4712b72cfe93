"""Secrets that ECS fetches when a task starts."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.ecs.secret import SecretSpec
from constructs_lib.rules.faults import RuleError

SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3"
PARAMETER = "arn:aws-cn:ssm:cn-north-1:111111111111:parameter/api/token"
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"


def faults_of(**fields: Any) -> list[str]:
    """Return the faults that a secret, encrypted with a key of AWS's, is refused with."""
    try:
        SecretSpec(**{"key": "aws-managed"} | fields)
    except RuleError as error:
        return [str(fault) for fault in error.faults]
    return []


def test_a_secret_and_a_parameter_are_read_from_their_services() -> None:
    secret = SecretSpec(secret=SECRET, field="password", key=KEY)
    assert (secret.service, secret.arn) == ("secretsmanager", SECRET)
    assert secret.value == f"{SECRET}:password::"
    assert secret.key_arn == KEY
    parameter = SecretSpec(parameter=PARAMETER, key="aws-managed")
    assert (parameter.service, parameter.arn) == ("ssm", PARAMETER)
    assert parameter.value == PARAMETER
    assert parameter.key_arn is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "a variable requires either a secret or a parameter, got neither. Write one ARN."),
        (
            {"secret": SECRET, "parameter": PARAMETER},
            "a variable requires either a secret or a parameter, got both. Write one ARN.",
        ),
        (
            {"secret": SECRET[:-7]},
            f"secret: '{SECRET[:-7]}' is not a valid secret ARN. Write it such as '{SECRET}'.",
        ),
        (
            {"parameter": "/api/token"},
            "parameter: '/api/token' is not a valid parameter ARN. Write it such as "
            "'arn:aws:ssm:us-west-2:111111111111:parameter/api/token'.",
        ),
        (
            {"parameter": PARAMETER, "field": "token"},
            "field: an SSM parameter has no fields. Remove field.",
        ),
        (
            {"secret": SECRET, "key": None},
            "key: the encryption key is missing, and without a grant on that key no task would "
            "start. Write 'key: aws-managed', or the ARN of the KMS key.",
        ),
        (
            {"secret": SECRET, "key": "alias/api"},
            "key: a key must be aws-managed or the ARN of a KMS key, got 'alias/api'.",
        ),
    ],
)
def test_a_secret_that_no_task_could_fetch_is_refused(
    fields: dict[str, Any], sentence: str
) -> None:
    assert faults_of(**fields) == [sentence]
