"""Repository policies: who may pull and push, as statements that ECR accepts and that hold.

Sources: Amazon ECR user guide, "Private repository policies"; IAM user guide, "AWS JSON policy
elements: Principal" and "Policy evaluation logic".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .access import Access, Administrators
from .faults import Fault

MAXIMUM_LENGTH = 10_240

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

Statement = Mapping[str, Any]


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


def identity_statements(actions: tuple[str, ...], repository_arn: str) -> list[dict[str, Any]]:
    """Give the identity half of a grant: what the principal's own account must allow it."""
    return [
        {"Effect": "Allow", "Action": list(actions), "Resource": repository_arn},
        {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherHalf:
    """Define what the owner of another account must add for a grant to hold.

    :param whose: the account, the roles or the organisation that needs it.
    """

    whose: str
    statements: tuple[Statement, ...]


def other_halves(
    *, pull: Access, push: Access, account: str, repository_arn: str
) -> list[OtherHalf]:
    """Say which identity statements lie with others: ECR asks both sides across accounts."""
    halves: list[OtherHalf] = []
    for actions, access in ((PULL_ACTIONS, pull), (PUSH_ACTIONS, push)):
        statements = tuple(identity_statements(actions, repository_arn))
        others = [f"account {number}" for number in access.accounts if number != account]
        others += [arn for arn in access.role_arns if account_of(arn) != account]
        if access.organization_id:
            others.append(f"organization {access.organization_id}")
        others += [f"organization path {path}" for path in access.organization_paths]
        halves += [OtherHalf(whose=other, statements=statements) for other in sorted(set(others))]
    return halves


def policy_document(statements: Iterable[Statement]) -> dict[str, Any] | None:
    """Give the repository policy of some statements, or ``None`` when there are none."""
    listed = [dict(statement) for statement in statements]
    return {"Version": "2012-10-17", "Statement": listed} if listed else None


def statement_faults(statements: Sequence[Statement]) -> list[Fault]:
    """Check statements for what ECR refuses in a repository policy, and for its length."""
    faults: list[Fault] = []
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    for index, statement in enumerate(statements):
        faults += [fault.under(f"statements[{index}]") for fault in _statement_faults(statement)]
    for sid in sorted({sid for sid in sids if sids.count(sid) > 1}):
        faults.append(Fault("", f"a Sid is unique in its policy, got '{sid}' more than once."))
    length = len(json.dumps(policy_document(statements) or {}, separators=(",", ":")))
    if length > MAXIMUM_LENGTH:
        faults.append(
            Fault(
                "",
                f"a repository policy has at most {MAXIMUM_LENGTH:,} characters, got {length:,}. "
                "Name whole accounts instead of single roles.",
            )
        )
    return faults


def _statement_faults(statement: Statement) -> list[Fault]:
    faults: list[Fault] = []
    if "Resource" in statement or "NotResource" in statement:
        faults.append(
            Fault(
                "Resource",
                "a repository policy's statement has no Resource: it is the repository. Remove it.",
            )
        )
    given = statement.get("Action", statement.get("NotAction", []))
    actions = [given] if isinstance(given, str) else list(given)
    for action in actions:
        if not str(action).lower().startswith("ecr:"):
            faults.append(
                Fault("Action", f"a repository policy takes ECR's actions only, got '{action}'.")
            )
        if str(action).lower() == "ecr:getauthorizationtoken":
            faults.append(
                Fault(
                    "Action",
                    "ecr:GetAuthorizationToken is not an action on a repository. "
                    "Allow it in the principal's identity policy, on '*'.",
                )
            )
    return faults
