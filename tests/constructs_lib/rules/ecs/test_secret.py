"""Secrets of a container: their ARNs, fields and keys."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.ecs.secret import SecretSpec
from constructs_lib.rules.faults import RuleError

SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3"
PARAMETER = "arn:aws:ssm:us-west-2:111111111111:parameter/api/token"
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"


def paths_of(**fields: Any) -> list[str]:
    """Return the paths of the faults for which a secret with a key is refused."""
    try:
        SecretSpec(**{"key": "aws-managed"} | fields)
    except RuleError as error:
        return [fault.path for fault in error.faults]
    return []


@pytest.mark.parametrize("key", ["aws-managed", KEY, KEY.replace("aws:kms", "aws-cn:kms")])
def test_a_secret_or_a_parameter_with_its_key_has_no_fault(key: str) -> None:
    assert paths_of(secret=SECRET, key=key) == []
    assert paths_of(secret=SECRET, field="password", key=key) == []
    assert paths_of(parameter=PARAMETER, key=key) == []


@pytest.mark.parametrize(
    ("fields", "given"), [({}, "neither"), ({"secret": SECRET, "parameter": PARAMETER}, "both")]
)
def test_a_variable_has_one_source(fields: dict[str, str], given: str) -> None:
    with pytest.raises(RuleError) as caught:
        SecretSpec(key="aws-managed", **fields)
    assert str(caught.value) == (
        f"secret: a variable requires either a secret or a parameter, got {given}. Write one ARN."
    )


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "api/password",
        SECRET.removesuffix("-a1B2c3"),
        f"{SECRET}x",
        f"{SECRET}:password::",
        SECRET.replace("111111111111", "11111111111"),
        PARAMETER,
        f"{SECRET}\n",
    ],
)
def test_a_secret_is_named_by_its_full_arn(arn: str) -> None:
    assert paths_of(secret=arn) == ["secret"]


@pytest.mark.parametrize("arn", ["", "/api/token", PARAMETER.removesuffix("/api/token"), SECRET])
def test_a_parameter_is_named_by_its_full_arn(arn: str) -> None:
    assert paths_of(parameter=arn) == ["parameter"]


def test_a_parameter_has_no_fields() -> None:
    assert paths_of(parameter=PARAMETER, field="password") == ["field"]


@pytest.mark.parametrize(
    "key", [None, "", "aws-managed ", "alias/api", KEY.replace(":key/", ":alias/"), f"{KEY}/x"]
)
def test_a_key_is_required_and_is_the_managed_one_or_an_arn(key: str | None) -> None:
    assert paths_of(secret=SECRET, key=key) == ["key"]


def test_every_fault_of_a_secret_is_reported() -> None:
    assert paths_of(secret="x", parameter="y", field="z", key="k") == [
        "",
        "secret",
        "parameter",
        "field",
        "key",
    ]


@pytest.mark.parametrize(
    ("fields", "service", "arn", "value"),
    [
        ({"secret": SECRET}, "secretsmanager", SECRET, SECRET),
        ({"secret": SECRET, "field": "user"}, "secretsmanager", SECRET, f"{SECRET}:user::"),
        ({"parameter": PARAMETER}, "ssm", PARAMETER, PARAMETER),
    ],
)
def test_a_secret_has_the_service_and_the_arns_that_ecs_and_policies_use(
    fields: dict[str, str], service: str, arn: str, value: str
) -> None:
    secret = SecretSpec(key="aws-managed", **fields)
    assert (secret.service, secret.arn, secret.value) == (service, arn, value)


def test_the_managed_key_has_no_arn() -> None:
    assert SecretSpec(secret=SECRET, key="aws-managed").key_arn is None
    assert SecretSpec(secret=SECRET, key=KEY).key_arn == KEY
