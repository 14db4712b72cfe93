"""What owners of other accounts must add, from the statements of a repository policy."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.policy.cross_account import (
    RequiredGrant,
    owners_statement,
    policies_by_owner,
    required_grants,
)

OWN, OTHER = "111111111111", "222222222222"
ARN = f"arn:aws:ecr:us-west-2:{OWN}:repository/team/api"
ROLE = f"arn:aws:iam::{OTHER}:role/ci"
TAGGED = {"StringEquals": {"aws:PrincipalTag/aws-cdk:id": "Other_c84"}}


def whose(**elements: Any) -> list[str]:
    """Give whose half is missing from a statement."""
    statement = {"Effect": "Allow", "Action": "ecr:BatchGetImage", **elements}
    halves = required_grants([statement], account=OWN, repository_arn=ARN)
    return [half.owner for half in halves]


@pytest.mark.parametrize(
    ("principal", "owners"),
    [
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, [f"account {OTHER}"]),
        ({"AWS": [OTHER, OWN]}, [f"account {OTHER}"]),
        ({"AWS": ROLE}, [ROLE]),
        ({"AWS": f"arn:aws:iam::{OWN}:role/ci"}, []),
        ({"Service": "lambda.amazonaws.com"}, []),
        ({"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}, []),
        ("*", ["everyone"]),
        (
            {"AWS": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":iam::{OTHER}:root"]]}},
            [f"account {OTHER}"],
        ),
        ({"AWS": {"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "Who"}, ":root"]]}}, []),
    ],
)
def test_whoever_is_elsewhere_has_a_half(principal: Any, owners: list[str]) -> None:
    assert whose(Principal=principal) == owners


def test_a_condition_says_more_closely_who_it_is() -> None:
    role = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    assert whose(Principal={"AWS": OTHER}, Condition=role) == [ROLE]
    organization = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    assert whose(Principal="*", Condition=organization) == ["organization o-a1b2c3d4e5"]
    path = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/*"]}}
    assert whose(Principal={"AWS": "*"}, Condition=path) == [
        "organization path o-a1b2c3d4e5/r-ab12/*"
    ]


def test_a_role_that_the_cdk_makes_in_the_same_app_has_its_half() -> None:
    assert whose(Principal={"AWS": OTHER}, Condition=TAGGED) == []


@pytest.mark.parametrize(
    ("asked", "stated"),
    [
        # Whoever is asked for is let in, and not the account that asks.
        ({"Principal": {"AWS": OTHER}}, {"Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}}),
        (
            {"Principal": {"AWS": ROLE}},
            {
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}},
            },
        ),
        (
            {"Principal": {"AWS": [ROLE, f"{ROLE}2"]}},
            {
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Condition": {"ArnEquals": {"aws:PrincipalArn": [ROLE, f"{ROLE}2"]}},
            },
        ),
        # A condition for the role would be one for the account beside it too.
        (
            {"Principal": {"AWS": [ROLE, OWN]}},
            {"Principal": {"AWS": [ROLE, f"arn:aws:iam::{OWN}:root"]}},
        ),
        (
            {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1"}}},
            {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1"}}},
        ),
        ({"Principal": {"AWS": "*"}}, {"Principal": {"AWS": "*"}}),
        (
            {"Principal": {"Service": "lambda.amazonaws.com"}},
            {"Principal": {"Service": "lambda.amazonaws.com"}},
        ),
        (
            {"Principal": {"AWS": OTHER}, "Condition": TAGGED},
            {"Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}},
        ),
        # A role that is not there yet has no ARN that ECR would take.
        (
            {"Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}},
            {"Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}},
        ),
    ],
)
def test_the_owner_is_told_to_let_in_whoever_is_asked_for(
    asked: dict[str, Any], stated: dict[str, Any]
) -> None:
    statement = {"Effect": "Allow", "Action": "ecr:BatchGetImage", **asked}
    found = owners_statement(statement, account=OWN, partition="aws")
    assert found == {"Effect": "Allow", "Action": ["ecr:BatchGetImage"], **stated}


def test_a_denial_needs_nobody() -> None:
    assert whose(Effect="Deny", Principal="*") == []


def test_one_policy_completes_all_grants_of_an_owner() -> None:
    arns = [f"{ARN}-{number}" for number in (2, 1)]
    halves = [
        RequiredGrant(owner=ROLE, actions=("ecr:PutImage",), repository_arn=arn) for arn in arns
    ]
    assert policies_by_owner(halves) == {
        ROLE: {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": ["ecr:PutImage"], "Resource": sorted(arns)},
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            ],
        }
    }
