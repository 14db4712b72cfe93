"""The policies of VPC endpoints through which images are pulled."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.ecr.endpoint_policies import (
    INTERFACE_SERVICES,
    SECRET_SERVICES,
    PulledFrom,
    RegistryService,
    SecretService,
    endpoint_statements,
)
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS

# A pull asks the API for a token, the registry for the image, and S3 for its layers.
FOR_A_PULL = {"ecr.api", "ecr.dkr", "logs"}
OWN = {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}
PULL_ARN = "arn:aws-cn:ecr:cn-north-1:{}:repository/*"


def statements(
    service: RegistryService | SecretService, pulled_from: PulledFrom | None = None
) -> list[dict[str, Any]]:
    """Return the statements of the endpoint of a service, for a VPC in China."""
    return [
        dict(statement)
        for statement in endpoint_statements(
            service,
            account="111111111111",
            region="cn-north-1",
            partition="aws-cn",
            pulled_from=pulled_from or PulledFrom(),
        )
    ]


def test_a_pull_that_is_logged_requires_three_interface_endpoints() -> None:
    assert set(INTERFACE_SERVICES) == FOR_A_PULL


@pytest.mark.parametrize(
    ("service", "actions", "resource"),
    [
        (
            "logs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            "arn:aws-cn:logs:cn-north-1:111111111111:log-group:*",
        ),
        (
            "secretsmanager",
            "secretsmanager:GetSecretValue",
            "arn:aws-cn:secretsmanager:cn-north-1:111111111111:secret:*",
        ),
        ("ssm", "ssm:GetParameters", "arn:aws-cn:ssm:cn-north-1:111111111111:parameter/*"),
    ],
)
def test_an_endpoint_of_another_service_serves_the_accounts_own_principals_and_resources(
    service: RegistryService | SecretService, actions: str | list[str], resource: str
) -> None:
    assert statements(service) == [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": actions,
            "Resource": resource,
            "Condition": OWN,
        }
    ]


def test_a_private_pull_uses_three_interface_endpoints_and_secrets_two_more() -> None:
    assert INTERFACE_SERVICES == ("ecr.api", "ecr.dkr", "logs")
    assert SECRET_SERVICES == ("secretsmanager", "ssm")


def test_the_endpoint_of_s3_serves_any_principal_the_layers_of_the_region() -> None:
    assert statements("s3") == [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws-cn:s3:::prod-cn-north-1-starport-layer-bucket/*",
        }
    ]


@pytest.mark.parametrize("service", ["ecr.api", "ecr.dkr"])
def test_the_endpoints_of_ecr_allow_a_token_and_pulls_from_the_accounts_repositories(
    service: RegistryService,
) -> None:
    token, pull = statements(service)
    assert (token["Action"], token["Resource"]) == ("ecr:GetAuthorizationToken", "*")
    assert token["Condition"] == OWN
    assert pull == {
        "Effect": "Allow",
        "Principal": "*",
        "Action": list(PULL_ACTIONS),
        "Resource": PULL_ARN.format("111111111111"),
        "Condition": OWN,
    }


def test_repositories_of_other_accounts_are_named_once_each_after_the_own() -> None:
    named = PulledFrom(accounts=("222222222222", "111111111111", "222222222222"))
    pull = statements("ecr.dkr", named)[1]
    assert pull["Resource"] == [PULL_ARN.format("111111111111"), PULL_ARN.format("222222222222")]
    assert pull["Condition"] == OWN


def test_repositories_of_an_organization_are_a_condition_beside_the_own_principals() -> None:
    pull = statements("ecr.dkr", PulledFrom(organization_id="o-a1b2c3d4e5"))[1]
    assert pull["Resource"] == PULL_ARN.format("*")
    assert pull["Action"] == list(PULL_ACTIONS)
    assert pull["Condition"] == {
        "StringEquals": OWN["StringEquals"] | {"aws:ResourceOrgID": "o-a1b2c3d4e5"}
    }


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({"accounts": ("111111111111", "2")}, ["accounts[1]"]),
        ({"organization_id": "o-1"}, ["organization_id"]),
        ({"organization_id": ""}, ["organization_id"]),
        ({"accounts": ("111111111111",), "organization_id": "o-a1b2c3d4e5"}, ["accounts"]),
    ],
)
def test_repositories_that_are_named_wrongly_are_refused(
    fields: dict[str, Any], paths: list[str]
) -> None:
    with pytest.raises(RuleError) as refusal:
        PulledFrom(**fields)
    assert [fault.path for fault in refusal.value.faults] == paths
