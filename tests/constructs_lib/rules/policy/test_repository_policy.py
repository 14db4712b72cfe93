"""Repository policies."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.repository_policy import (
    LAMBDA_ACTIONS,
    PULL_ACTIONS,
    PUSH_ACTIONS,
    access_statements,
)
from constructs_lib.rules.policy.statements import policy_document, repository_policy_faults

OWN = "111111111111"
OTHER = "222222222222"


def statements(pull: Access | None = None, push: Access | None = None) -> list[dict[str, Any]]:
    """Return the statements of a repository in the account ``OWN``."""
    return access_statements(
        pull=pull or Access(),
        push=push or Access(),
        account=OWN,
        region="us-west-2",
        partition="aws",
    )


def test_no_access_is_granted_by_default() -> None:
    assert statements() == []
    assert policy_document([]) is None


def test_accounts_that_pull_are_one_statement_in_a_fixed_order() -> None:
    assert statements(pull=Access(accounts=(OTHER, "123456789012", OTHER))) == [
        {
            "Sid": "PullFromAccounts",
            "Effect": "Allow",
            "Principal": {
                "AWS": [
                    "arn:aws:iam::123456789012:root",
                    "arn:aws:iam::222222222222:root",
                ]
            },
            "Action": list(PULL_ACTIONS),
        }
    ]


def test_a_pull_and_a_push_need_these_actions_and_no_other() -> None:
    read = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"}
    write = {
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
    }
    assert set(PULL_ACTIONS) == read | {"ecr:GetDownloadUrlForLayer"}
    assert set(PUSH_ACTIONS) == read | write
    assert set(LAMBDA_ACTIONS) == {"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}


def test_services_that_pull_are_bound_to_what_they_act_for_in_a_fixed_order() -> None:
    numbers = tuple(f"{number}" * 12 for number in range(9, 0, -1))
    projects = tuple(f"arn:aws:codebuild:us-west-2:{n}:project/build" for n in numbers)
    given = Access(lambda_accounts=(*numbers, OWN), codebuild_project_arns=(*projects, projects[0]))
    by_lambda, by_codebuild = statements(pull=given)[-2:]
    assert by_lambda == {
        "Sid": "PullByLambda",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": list(LAMBDA_ACTIONS),
        "Condition": {
            "ArnLike": {
                "aws:SourceArn": [
                    f"arn:aws:lambda:us-west-2:{number}:function:*" for number in sorted(numbers)
                ]
            }
        },
    }
    assert by_codebuild == {
        "Sid": "PullByCodeBuild",
        "Effect": "Allow",
        "Principal": {"Service": "codebuild.amazonaws.com"},
        "Action": list(PULL_ACTIONS),
        "Condition": {
            "ArnEquals": {"aws:SourceArn": sorted(projects)},
            "StringEquals": {"aws:SourceAccount": sorted(numbers)},
        },
    }


def test_parts_of_an_organization_are_one_statement_in_a_fixed_order() -> None:
    paths = [f"o-a1b2c3d4e5/r-ab12/ou-ab12-{number}1111111/*" for number in range(8)]
    given = Access(organization_paths=(*reversed(paths), paths[0]))
    (statement,) = statements(pull=given)
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": paths}}


def test_a_role_of_the_own_account_is_the_principal() -> None:
    arn = f"arn:aws:iam::{OWN}:role/ci"
    (statement,) = statements(push=Access(role_arns=(arn,)))
    assert statement["Principal"] == {"AWS": arn}
    assert "Condition" not in statement


def test_a_role_of_another_account_is_a_condition_on_its_account() -> None:
    arn = f"arn:aws:iam::{OTHER}:role/ci"
    (statement,) = statements(push=Access(role_arns=(arn,)))
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": arn}}


def test_a_user_is_the_principal_in_the_own_account_and_a_condition_in_another() -> None:
    own, other = (f"arn:aws:iam::{account}:user/build" for account in (OWN, OTHER))
    assert statements(push=Access(user_arns=(other, own))) == [
        {
            "Sid": "PushByUsers",
            "Effect": "Allow",
            "Principal": {"AWS": own},
            "Action": list(PUSH_ACTIONS),
        },
        {
            "Sid": f"PushByUsersOf{OTHER}",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
            "Action": list(PUSH_ACTIONS),
            "Condition": {"ArnEquals": {"aws:PrincipalArn": other}},
        },
    ]


def test_sessions_of_any_account_are_principals() -> None:
    sessions = [f"arn:aws:sts::{account}:assumed-role/deploy/alice" for account in (OWN, OTHER)]
    (statement,) = statements(pull=Access(session_arns=(*reversed(sessions), sessions[0])))
    assert statement == {
        "Sid": "PullBySessions",
        "Effect": "Allow",
        "Principal": {"AWS": sessions},
        "Action": list(PULL_ACTIONS),
    }


def test_several_organizations_are_one_statement_in_a_fixed_order() -> None:
    given = Access(
        organization_id="o-bbbbbbbbbb", organization_ids=("o-cccccccccc", "o-aaaaaaaaaa")
    )
    (statement,) = statements(pull=given)
    assert statement["Sid"] == "PullFromOrganization"
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": ["o-aaaaaaaaaa", "o-bbbbbbbbbb", "o-cccccccccc"]}
    }
    same = Access(organization_ids=("o-aaaaaaaaaa",))
    assert statements(pull=same) == statements(pull=Access(organization_id="o-aaaaaaaaaa"))


def test_a_single_function_pulls_by_its_exact_arn_and_its_account_is_allowed() -> None:
    functions = [f"arn:aws:lambda:us-west-2:{account}:function:resize" for account in (OWN, OTHER)]
    by_account, by_lambda = statements(pull=Access(lambda_function_arns=tuple(functions)))
    assert by_account["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}
    assert by_lambda["Condition"] == {"ArnLike": {"aws:SourceArn": functions}}


def test_pulling_does_not_include_pushing_and_pushing_does_not_include_deleting() -> None:
    assert not {"ecr:PutImage", "ecr:InitiateLayerUpload"} & set(PULL_ACTIONS)
    for actions in (PULL_ACTIONS, PUSH_ACTIONS):
        assert not [action for action in actions if "Delete" in action or "*" in action]
        assert "ecr:GetAuthorizationToken" not in actions


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"accounts": ("1234",)},
            "Access: accounts[0]: an AWS account number has 12 digits, got '1234'. Write all of "
            "them, in quotes, leading zeros included.",
        ),
        (
            {"role_arns": ("arn:aws:iam::111111111111:role/*",)},
            "Access: role_arns[0]: a principal's ARN cannot have a wildcard, got "
            "'arn:aws:iam::111111111111:role/*'. List each role, or allow the whole account, "
            "such as '111111111111'.",
        ),
        (
            {"role_arns": ("ci",)},
            "Access: role_arns[0]: 'ci' is not a role's ARN. Write it like "
            "'arn:aws:iam::111111111111:role/ci-push'.",
        ),
    ],
)
def test_principals_that_aws_refuses_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        Access(**fields)
    assert str(refusal.value) == sentence


def test_a_policy_past_the_limit_is_refused_with_its_length() -> None:
    roles = tuple(f"arn:aws:iam::{OWN}:role/{'r' * 50}{number:04}" for number in range(200))
    (fault,) = repository_policy_faults(statements(pull=Access(role_arns=roles)))
    assert str(fault) == (
        "a repository policy can have at most 10,240 characters, got 17,793. Replace single roles "
        "by their accounts, or accounts by the organization."
    )
