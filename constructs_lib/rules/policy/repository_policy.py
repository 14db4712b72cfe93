"""Repository policies: who may pull and push, as statements that ECR accepts and that hold.

Sources: Amazon ECR user guide, "Private repository policies"; IAM user guide, "AWS JSON policy
elements: Principal" and "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .access import Access, Administrators

PULL_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
)
PUSH_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)

ADMINISTER_ACTIONS = (
    "ecr:BatchDeleteImage",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:SetRepositoryPolicy",
)
# Lambda checks nothing before it pulls.
LAMBDA_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def access_statements(
    *,
    pull: Access,
    push: Access,
    account: str,
    region: str,
    partition: str,
    administrators: Administrators | None = None,
) -> list[dict[str, Any]]:
    """Give the repository policy's statements for who may pull, push and administer.

    :param account: the account that owns the repository.
    :param region: the repository's region, where Lambda and CodeBuild pull from it.
    """
    return [
        *_statements("Pull", PULL_ACTIONS, pull, account, partition),
        *_service_statements(pull, region, partition),
        *_statements("Push", PUSH_ACTIONS, push, account, partition),
        *_guard_statements(administrators, account, region, partition),
    ]


def _guard_statements(
    administrators: Administrators | None, account: str, region: str, partition: str
) -> list[dict[str, Any]]:
    if administrators is None:
        return []
    # Whatever the qualifier of the account's bootstrap stack is.
    deployer = f"arn:{partition}:iam::{account}:role/cdk-*-cfn-exec-role-{account}-{region}"
    spared = {*administrators.role_arns, administrators.break_glass_role_arn, deployer}
    return [
        {
            "Sid": "AdministeredByNamedRolesOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(ADMINISTER_ACTIONS),
            "Condition": {
                "ArnNotLike": {"aws:PrincipalArn": sorted(spared)},
                # A missing key would satisfy the line above: services, which have none, are
                # left alone.
                "Null": {"aws:PrincipalArn": "false"},
            },
        }
    ]


def _statements(
    verb: str, actions: tuple[str, ...], access: Access, account: str, partition: str
) -> list[dict[str, Any]]:
    own = [arn for arn in access.role_arns if account_of(arn) == account]
    foreign = [arn for arn in access.role_arns if account_of(arn) != account]
    # Lambda of another account needs that account allowed as well.
    accounts = {*access.accounts, *(set(access.lambda_accounts) - {account})}
    statements: list[dict[str, Any]] = []
    if accounts:
        roots = [_root(number, partition) for number in sorted(accounts)]
        statements.append(_allow(f"{verb}FromAccounts", {"AWS": _one_or_list(roots)}, actions))
    if own:
        principal = {"AWS": _one_or_list(sorted(set(own)))}
        statements.append(_allow(f"{verb}ByRoles", principal, actions))
    # ECR refuses a principal that does not exist (yet), which for another account's role nobody
    # here can know: the account is named instead, and the role is the condition.
    for number in sorted({account_of(arn) for arn in foreign}):
        arns = sorted({arn for arn in foreign if account_of(arn) == number})
        statements.append(
            _allow(
                f"{verb}ByRolesOf{number}",
                {"AWS": _root(number, partition)},
                actions,
                {"ArnEquals": {"aws:PrincipalArn": _one_or_list(arns)}},
            )
        )
    return statements + _organization_statements(verb, actions, access)


def _organization_statements(
    verb: str, actions: tuple[str, ...], access: Access
) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = []
    if access.organization_id:
        condition: dict[str, Any] = {"StringEquals": {"aws:PrincipalOrgID": access.organization_id}}
        statements.append(_allow(f"{verb}FromOrganization", "*", actions, condition))
    if access.organization_paths:
        paths = _one_or_list(sorted(set(access.organization_paths)))
        condition = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": paths}}
        statements.append(_allow(f"{verb}FromOrganizationPaths", "*", actions, condition))
    return statements


def _service_statements(access: Access, region: str, partition: str) -> list[dict[str, Any]]:
    """Give the statements for services, each bound to what it acts for."""
    statements: list[dict[str, Any]] = []
    if access.lambda_accounts:
        functions = [
            f"arn:{partition}:lambda:{region}:{number}:function:*"
            for number in sorted(set(access.lambda_accounts))
        ]
        statements.append(
            _allow(
                "PullByLambda",
                {"Service": "lambda.amazonaws.com"},
                LAMBDA_ACTIONS,
                {"ArnLike": {"aws:SourceArn": _one_or_list(functions)}},
            )
        )
    if access.codebuild_project_arns:
        projects = sorted(set(access.codebuild_project_arns))
        accounts = sorted({account_of(arn) for arn in projects})
        statements.append(
            _allow(
                "PullByCodeBuild",
                {"Service": "codebuild.amazonaws.com"},
                PULL_ACTIONS,
                {
                    "ArnEquals": {"aws:SourceArn": _one_or_list(projects)},
                    "StringEquals": {"aws:SourceAccount": _one_or_list(accounts)},
                },
            )
        )
    return statements


def _allow(
    sid: str, principal: Any, actions: tuple[str, ...], condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
    }
    return {**statement, "Condition": condition} if condition else statement


def _one_or_list(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _root(account: str, partition: str) -> str:
    return f"arn:{partition}:iam::{account}:root"


def account_of(arn: str) -> str:
    """Give the account in an ARN."""
    return arn.split(":")[4]
