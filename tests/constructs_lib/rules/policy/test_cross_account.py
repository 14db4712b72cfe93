"""Grants that owners of other accounts must add to complete a repository policy's grants."""

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
SESSION = f"arn:aws:sts::{OTHER}:assumed-role/deploy/alice"
TAGGED = {"StringEquals": {"aws:PrincipalTag/aws-cdk:id": "Other_c84"}}


def owners_of(**elements: Any) -> list[str]:
    """Return the owners whose grants a statement requires."""
    statement = {"Effect": "Allow", "Action": "ecr:BatchGetImage", **elements}
    grants = required_grants([statement], account=OWN, repository_arn=ARN)
    return [grant.owner for grant in grants]


@pytest.mark.parametrize(
    ("principal", "owners"),
    [
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, [f"account {OTHER}"]),
        ({"AWS": [OTHER, OWN]}, [f"account {OTHER}"]),
        ({"AWS": ROLE}, [ROLE]),
        ({"AWS": SESSION}, [SESSION]),
        ({"AWS": SESSION.replace(OTHER, OWN)}, []),
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
def test_principals_of_other_accounts_require_a_grant_there(
    principal: Any, owners: list[str]
) -> None:
    assert owners_of(Principal=principal) == owners


def test_a_condition_names_the_owner_more_exactly() -> None:
    role = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    assert owners_of(Principal={"AWS": OTHER}, Condition=role) == [ROLE]
    organization = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    assert owners_of(Principal="*", Condition=organization) == ["organization o-a1b2c3d4e5"]
    path = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/*"]}}
    assert owners_of(Principal={"AWS": "*"}, Condition=path) == [
        "organization path o-a1b2c3d4e5/r-ab12/*"
    ]


@pytest.mark.parametrize(
    ("operator", "key", "value", "owners"),
    [
        ("ArnEquals", "aws:principalarn", ROLE, [ROLE]),
        ("ArnLikeIfExists", "AWS:PrincipalArn", [ROLE, f"{ROLE}2"], [ROLE, f"{ROLE}2"]),
        ("StringEqualsIgnoreCase", "aws:PrincipalArn", ROLE, [ROLE]),
        ("StringLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/ci", []),
        ("StringEquals", "aws:PrincipalAccount", [OTHER, OWN], [f"account {OTHER}"]),
        ("StringEqualsIfExists", "aws:principalaccount", OTHER, [f"account {OTHER}"]),
        ("StringLike", "aws:principalorgid", "o-one", ["organization o-one"]),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgID", "o-one", ["organization o-one"]),
        # A principal of no organization meets the condition as well.
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-one", ["everyone"]),
        ("ArnNotLike", "aws:PrincipalArn", ROLE, ["everyone"]),
        ("StringEquals", "aws:PrincipalTag/team", "a", ["everyone"]),
    ],
)
def test_every_spelling_of_a_condition_on_callers_is_read(
    operator: str, key: str, value: Any, owners: list[str]
) -> None:
    assert owners_of(Principal="*", Condition={operator: {key: value}}) == owners


def test_a_condition_in_any_spelling_names_a_role_of_an_account() -> None:
    condition = {"ArnLikeIfExists": {"aws:principalarn": ROLE}}
    assert owners_of(Principal={"AWS": OTHER}, Condition=condition) == [ROLE]


def test_all_principals_but_some_are_everyone() -> None:
    statement = {"Effect": "Allow", "Action": "ecr:PutImage", "NotPrincipal": {"AWS": OTHER}}
    (grant,) = required_grants([statement], account=OWN, repository_arn=ARN)
    assert grant.owner == "everyone"


def test_all_actions_but_some_are_named() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "NotAction": ["ecr:Put*", "*e"]}
    (grant,) = required_grants([statement], account=OWN, repository_arn=ARN)
    assert grant.actions == (
        *("ecr:BatchCheckLayerAvailability", "ecr:CompleteLayerUpload"),
        *("ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:DeleteRepositoryPolicy"),
        *("ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:SetRepositoryPolicy"),
        *("ecr:UpdateImageStorageClass", "ecr:UploadLayerPart"),
    )


@pytest.mark.parametrize(
    "elements", [{"NotAction": "ecr:*"}, {"Action": []}, {"Action": {"Ref": "Action"}}]
)
def test_a_statement_without_a_known_action_requires_no_grant(elements: dict[str, Any]) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, **elements}
    assert required_grants([statement], account=OWN, repository_arn=ARN) == []


def test_a_role_that_the_cdk_creates_in_the_same_app_requires_no_other_grant() -> None:
    assert owners_of(Principal={"AWS": OTHER}, Condition=TAGGED) == []


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        # The statement is for the grantee, and not for the account of this deployment.
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
        # In a condition, the ARN of a session is that of its role.
        ({"Principal": {"AWS": SESSION}}, {"Principal": {"AWS": SESSION}}),
        ({"Principal": {"AWS": [ROLE, SESSION]}}, {"Principal": {"AWS": [ROLE, SESSION]}}),
        # A condition for the role would restrict the account beside the role too.
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
        # A role that does not exist yet has no ARN that ECR would accept.
        (
            {"Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}},
            {"Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}},
        ),
    ],
)
def test_the_owners_statement_grants_access_to_the_grantee(
    grant: dict[str, Any], expected: dict[str, Any]
) -> None:
    actions = [f"ecr:{name}" for name in ("PutImage", "BatchGetImage", "ListImages")]
    statement = {"Effect": "Allow", "Action": actions, **grant}
    found = owners_statement(statement, account=OWN, partition="aws")
    assert found == {"Effect": "Allow", "Action": sorted(actions), **expected}


def test_the_actions_of_a_grant_are_sorted() -> None:
    actions = [f"ecr:{letter}" for letter in "HGFEDCBA"]
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": actions}
    found = owners_statement(statement, account=OWN, partition="aws")
    assert found["Action"] == sorted(actions)
    (grant,) = required_grants([statement], account=OWN, repository_arn=ARN)
    assert grant == RequiredGrant(
        owner=f"account {OTHER}", actions=tuple(sorted(actions)), repository_arn=ARN
    )


def test_a_deny_statement_requires_no_grant() -> None:
    assert owners_of(Effect="Deny", Principal="*") == []


def test_one_policy_completes_all_grants_of_an_owner() -> None:
    arns = [f"{ARN}-{number}" for number in (2, 1)]
    grants = [
        RequiredGrant(owner=ROLE, actions=("ecr:PutImage",), repository_arn=arn) for arn in arns
    ]
    assert policies_by_owner(grants) == {
        ROLE: {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": ["ecr:PutImage"], "Resource": sorted(arns)},
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            ],
        }
    }


def test_a_push_to_a_public_repository_requires_its_login() -> None:
    public = RequiredGrant(owner=ROLE, actions=("ecr-public:PutImage",), repository_arn=ARN)
    login = {
        "Effect": "Allow",
        "Action": ["ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken"],
        "Resource": "*",
    }
    private_login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    assert policies_by_owner([public])[ROLE]["Statement"][1:] == [login]
    private = RequiredGrant(owner=ROLE, actions=("ecr:PutImage",), repository_arn=ARN)
    assert policies_by_owner([public, private])[ROLE]["Statement"][2:] == [login, private_login]


def test_administration_requires_no_login() -> None:
    actions = ("ecr:DeleteRepository", "ecr:PutLifecyclePolicy")
    administer = RequiredGrant(owner=ROLE, actions=actions, repository_arn=ARN)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": [ARN]}
    assert policies_by_owner([administer])[ROLE]["Statement"] == [statement]
    push = RequiredGrant(owner=ROLE, actions=("ecr:PutImage",), repository_arn=ARN)
    assert len(policies_by_owner([administer, push])[ROLE]["Statement"]) == 3
