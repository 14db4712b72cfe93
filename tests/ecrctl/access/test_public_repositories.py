"""``ecrctl access`` on public repositories: everyone pulls, and policies decide who pushes."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.policy.repository_policy import (
    PUBLIC_LOGIN_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
)
from ecrctl.access.grants import Grant, access_of
from ecrctl.access.report import document_of, markdown_of
from ecrctl.cdk.assemblies import Stack

ACCOUNT, OTHER = "111111111111", "222222222222"
ARN = f"arn:aws:ecr-public::{ACCOUNT}:repository/tools/cli"
PUSH = {"Effect": "Allow", "Action": list(PUBLIC_PUSH_ACTIONS)}
LOGIN = {"Effect": "Allow", "Action": list(PUBLIC_LOGIN_ACTIONS), "Resource": "*"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
LOGIN_TEXT = "ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken on *"


def stack_with(*statements: dict[str, Any], **more: dict[str, Any]) -> Stack:
    """Return a stack of one public repository with a policy, and of more resources."""
    repository = {
        "Type": "AWS::ECR::PublicRepository",
        "Properties": {
            "RepositoryName": "tools/cli",
            "RepositoryPolicyText": {"Statement": list(statements)},
        },
    }
    return Stack(
        name="dev/PublicRepositories",
        account=ACCOUNT,
        region="us-east-1",
        template={"Resources": {"Cli": repository, **more}},
        stack_name="dev-PublicRepositories",
        is_protected=False,
    )


def role_with(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a role with identity policies."""
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": "ci", "Policies": [policy], "AssumeRolePolicyDocument": {}},
    }


def found(stack: Stack) -> list[tuple[str, str, str, str, str]]:
    """Return the grants on the public repository, without that of everyone."""
    return [
        (one.verb, one.effect, one.principal, one.policy, one.also_requires)
        for one in access_of([stack]).grants
        if one.policy != "public registry"
    ]


def test_everyone_may_pull_and_no_other_principal_has_access() -> None:
    assert access_of([stack_with()]).grants == [
        Grant(
            environment=f"{ACCOUNT}/us-east-1",
            repository="tools/cli",
            repository_arn=ARN,
            verb="pull",
            actions=(),
            effect="Allow",
            principal="everyone",
            condition="",
            policy="public registry",
            also_requires="",
            is_open_to_everyone=True,
        )
    ]


def test_another_account_pushes_with_a_policy_of_its_own() -> None:
    stack = stack_with({**PUSH, "Principal": {"AWS": OTHER}})
    assert found(stack) == [
        (
            "push",
            "Allow",
            f"account {OTHER}",
            "repository policy",
            f"in account {OTHER}, an identity policy: {', '.join(PUBLIC_PUSH_ACTIONS)} on {ARN}; "
            f"{LOGIN_TEXT}",
        )
    ]
    assert access_of([stack]).required_policies == {
        f"account {OTHER}": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": list(PUBLIC_PUSH_ACTIONS), "Resource": [ARN]},
                LOGIN,
            ],
        }
    }


@pytest.mark.parametrize(
    ("statements", "rows"),
    [
        ([{**PUSH, "Resource": ARN}, LOGIN], [("push", "")]),
        ([{**PUSH, "Resource": ARN}], [("push", LOGIN_TEXT)]),
        # The login to the private registry is another one.
        (
            [
                {**PUSH, "Resource": ARN},
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            ],
            [("push", LOGIN_TEXT)],
        ),
        ([{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}], []),
        ([EVERYTHING], [("push", ""), ("administer", "")]),
        (
            [EVERYTHING, {**PUSH, "Effect": "Deny", "Resource": ARN}],
            [("push", ""), ("administer", "")],
        ),
    ],
)
def test_a_role_of_the_account_pushes_by_its_identity_policy(
    statements: list[dict[str, Any]], rows: list[tuple[str, str]]
) -> None:
    listed = found(stack_with(Ci=role_with(*statements)))
    place = f"in account {ACCOUNT}, an identity policy: "
    assert [(row[0], row[4].removeprefix(place)) for row in listed] == rows
    assert {row[2] for row in listed} <= {"role ci"}
    is_denied = any(one["Effect"] == "Deny" for one in statements)
    assert (("push", "Deny") in {row[:2] for row in listed}) is is_denied


def test_a_private_repository_of_the_same_name_is_another_one() -> None:
    private = {
        "Type": "AWS::ECR::Repository",
        "Properties": {
            "RepositoryName": "tools/cli",
            "RepositoryPolicyText": {
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "ecr:*"}]
            },
        },
    }
    stack = stack_with({**PUSH, "Principal": {"AWS": OTHER}}, Private=private)
    (access,) = access_of([stack]).by_environment()
    rows = [tuple(row.split(" | ")[:3]) for row in markdown_of(access).splitlines()[4:]]
    assert rows == [
        ("| **tools/cli (public)**", "**open to everyone:** pull", "everyone"),
        ("| tools/cli (public)", "push", f"account {OTHER}"),
        ("| tools/cli", "pull", f"account {OTHER}"),
        ("| tools/cli", "push", f"account {OTHER}"),
        ("| tools/cli", "administer", f"account {OTHER}"),
    ]
    assert (
        document_of(access_of([stack]), [])
        .grants[0]
        .repository_arn.startswith("arn:aws:ecr-public")
    )
