"""Repository policies: the statements that grant pulling and pushing, as ECR accepts them.

Sources: Amazon ECR user guide, "Private repository policies"; Amazon ECR Public user guide, "Public
repository policies"; IAM user guide, "AWS JSON policy
elements: Principal" and "Policy evaluation logic".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from constructs_lib.rules.aws.tokens import is_token
from constructs_lib.rules.mappings import without_none

from .access import Access, Administrators
from .lists import one_or_list

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
# ECR Public has no action for pulling: everyone may pull.
PUBLIC_PUSH_ACTIONS = (
    "ecr-public:BatchCheckLayerAvailability",
    "ecr-public:CompleteLayerUpload",
    "ecr-public:InitiateLayerUpload",
    "ecr-public:PutImage",
    "ecr-public:UploadLayerPart",
)
LOGIN_ACTIONS = ("ecr:GetAuthorizationToken",)
# The token of ECR Public is a bearer token of STS.
PUBLIC_LOGIN_ACTIONS = ("ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken")

ADMINISTER_ACTIONS = (
    "ecr:BatchDeleteImage",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DeleteRepositoryPolicy",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:SetRepositoryPolicy",
    "ecr:UpdateImageStorageClass",
)
PUBLIC_ADMINISTER_ACTIONS = (
    "ecr-public:BatchDeleteImage",
    "ecr-public:DeleteRepository",
    "ecr-public:DeleteRepositoryPolicy",
    "ecr-public:PutRepositoryCatalogData",
    "ecr-public:SetRepositoryPolicy",
)
# Lambda does not check for existing layers before it pulls.
LAMBDA_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


class Verb(StrEnum):
    """The first part of a Sid: what the statement allows."""

    PULL = "Pull"
    PUSH = "Push"


class Grantees(StrEnum):
    """The second part of a Sid: the principals that the statement is for."""

    ACCOUNTS = "FromAccounts"
    ROLES = "ByRoles"
    ROLES_OF_ACCOUNT = "ByRolesOf"
    USERS = "ByUsers"
    USERS_OF_ACCOUNT = "ByUsersOf"
    SESSIONS = "BySessions"
    ORGANIZATION = "FromOrganization"
    ORGANIZATION_PATHS = "FromOrganizationPaths"
    LAMBDA = "ByLambda"
    CODEBUILD = "ByCodeBuild"


_SID = re.compile(rf"({'|'.join(Verb)})({'|'.join(Grantees)})([0-9]*)")


@dataclass(frozen=True, slots=True)
class AccessSid:
    """The Sid of a statement that :func:`access_statements` writes.

    :param account: the account of the roles or users, for ``ROLES_OF_ACCOUNT`` and
        ``USERS_OF_ACCOUNT``; empty otherwise.
    """

    verb: Verb
    grantees: Grantees
    account: str = ""

    def __str__(self) -> str:
        return f"{self.verb}{self.grantees}{self.account}"

    @classmethod
    def parse(cls, sid: Any) -> AccessSid | None:
        """Return the parts of a Sid of that form, or ``None`` for any other value."""
        found = _SID.fullmatch(sid) if isinstance(sid, str) else None
        return cls(Verb(found[1]), Grantees(found[2]), found[3]) if found else None


def access_statements(
    *,
    pull: Access,
    push: Access,
    account: str,
    region: str,
    partition: str,
    administrators: Administrators | None = None,
) -> list[dict[str, Any]]:
    """Return the repository policy's statements for who may pull, push and administer.

    :param account: the account that owns the repository.
    :param region: the repository's region, from which Lambda and CodeBuild pull.
    """
    return [
        *_statements(Verb.PULL, PULL_ACTIONS, pull, account, partition),
        *_service_statements(pull, account, region, partition),
        *_statements(Verb.PUSH, PUSH_ACTIONS, push, account, partition),
        *_administrator_statements(ADMINISTER_ACTIONS, administrators, account, region, partition),
    ]


def public_access_statements(
    *,
    push: Access,
    account: str,
    region: str,
    partition: str,
    administrators: Administrators | None = None,
) -> list[dict[str, Any]]:
    """Return the statements of a public repository's policy for who may push and administer.

    :param account: the account that owns the repository.
    """
    return [
        *_statements(Verb.PUSH, PUBLIC_PUSH_ACTIONS, push, account, partition),
        *_administrator_statements(
            PUBLIC_ADMINISTER_ACTIONS, administrators, account, region, partition
        ),
    ]


def _administrator_statements(
    actions: tuple[str, ...],
    administrators: Administrators | None,
    account: str,
    region: str,
    partition: str,
) -> list[dict[str, Any]]:
    if administrators is None:
        return []
    # The wildcard matches the qualifier of the account's bootstrap stack.
    deployer = f"arn:{partition}:iam::{account}:role/cdk-*-cfn-exec-role-{account}-{region}"
    exempt = {*administrators.role_arns, administrators.break_glass_role_arn, deployer}
    return [
        {
            "Sid": "AdministeredByNamedRolesOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(actions),
            "Condition": {
                "ArnNotLike": {"aws:PrincipalArn": sorted(exempt)},
                # ArnNotLike also matches a missing key. Services have no aws:PrincipalArn, and
                # must not be denied.
                "Null": {"aws:PrincipalArn": "false"},
            },
        }
    ]


def _statements(
    verb: Verb, actions: tuple[str, ...], access: Access, account: str, partition: str
) -> Iterator[dict[str, Any]]:
    # Lambda of another account requires that the account is allowed as well.
    accounts = {*access.accounts, *(lambda_accounts(access, account) - {account})}
    if accounts:
        roots = [_root(number, partition) for number in sorted(accounts)]
        yield _allow(AccessSid(verb, Grantees.ACCOUNTS), {"AWS": one_or_list(roots)}, actions)
    for of_own, of_other, arns in (
        (Grantees.ROLES, Grantees.ROLES_OF_ACCOUNT, access.role_arns),
        (Grantees.USERS, Grantees.USERS_OF_ACCOUNT, access.user_arns),
    ):
        by_account: dict[str, list[str]] = {}
        for arn in sorted(set(arns)):
            by_account.setdefault(_owner(arn, account), []).append(arn)
        if own := by_account.pop(account, []):
            yield _allow(AccessSid(verb, of_own), {"AWS": one_or_list(own)}, actions)
        # ECR refuses a principal that does not exist, and whether another account's role exists is
        # unknown here. So the account is the principal, and the role is the condition.
        for number, others in sorted(by_account.items()):
            yield _allow(
                AccessSid(verb, of_other, number),
                {"AWS": _root(number, partition)},
                actions,
                {"ArnEquals": {"aws:PrincipalArn": one_or_list(others)}},
            )
    if access.session_arns:
        # In a condition, the ARN of a session is that of its role, which has other sessions too.
        sessions = {"AWS": one_or_list(sorted(set(access.session_arns)))}
        yield _allow(AccessSid(verb, Grantees.SESSIONS), sessions, actions)
    condition: dict[str, Any]
    if access.organizations:
        condition = {"StringEquals": {"aws:PrincipalOrgID": one_or_list(access.organizations)}}
        yield _allow(AccessSid(verb, Grantees.ORGANIZATION), "*", actions, condition)
    if access.organization_paths:
        paths = one_or_list(sorted(set(access.organization_paths)))
        condition = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": paths}}
        yield _allow(AccessSid(verb, Grantees.ORGANIZATION_PATHS), "*", actions, condition)


def lambda_accounts(access: Access, account: str) -> set[str]:
    """Return the accounts of all Lambda functions that may pull.

    :param account: the repository's account, and so of a function whose ARN is not known yet.
    """
    return {
        *access.lambda_accounts,
        *(_owner(arn, account) for arn in access.lambda_function_arns),
    }


def _owner(arn: str, account: str) -> str:
    """Return the account in an ARN; of one that is known only at deployment, that deployment's."""
    return account if is_token(arn) else account_of(arn)


def _service_statements(
    access: Access, account: str, region: str, partition: str
) -> Iterator[dict[str, Any]]:
    """Yield the statements for services, each limited to the resources that a service acts for."""
    functions = sorted(
        {
            *access.lambda_function_arns,
            *(
                f"arn:{partition}:lambda:{region}:{number}:function:*"
                for number in access.lambda_accounts
            ),
        }
    )
    if functions:
        yield _allow(
            AccessSid(Verb.PULL, Grantees.LAMBDA),
            {"Service": "lambda.amazonaws.com"},
            LAMBDA_ACTIONS,
            {"ArnLike": {"aws:SourceArn": one_or_list(functions)}},
        )
    if access.codebuild_project_arns:
        projects = sorted(set(access.codebuild_project_arns))
        accounts = sorted({_owner(arn, account) for arn in projects})
        yield _allow(
            AccessSid(Verb.PULL, Grantees.CODEBUILD),
            {"Service": "codebuild.amazonaws.com"},
            PULL_ACTIONS,
            {
                "ArnEquals": {"aws:SourceArn": one_or_list(projects)},
                "StringEquals": {"aws:SourceAccount": one_or_list(accounts)},
            },
        )


def _allow(
    sid: AccessSid,
    principal: Any,
    actions: tuple[str, ...],
    condition: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return without_none(
        Sid=str(sid), Effect="Allow", Principal=principal, Action=list(actions), Condition=condition
    )


def _root(account: str, partition: str) -> str:
    return f"arn:{partition}:iam::{account}:root"


def account_of(arn: str) -> str:
    """Return the account in an ARN."""
    return arn.split(":")[4]
