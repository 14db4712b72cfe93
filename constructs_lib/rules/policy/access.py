"""Who may pull from or push to a repository, as a value that is checked when it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from constructs_lib.rules.aws.partitions import account_faults
from constructs_lib.rules.faults import Fault, raise_if_any

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_PROJECT_ARN = re.compile(
    r"arn:aws[a-z-]*:codebuild:[a-z0-9-]+:\d{12}:project/[A-Za-z0-9_-]{2,255}", re.ASCII
)
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ORGANIZATION_PATH = re.compile(
    r"o-[a-z0-9]{10,32}/r-[a-z0-9]{4,32}/(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}/)*\*?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Define who may do something with a repository; by default nobody beyond its account.

    :param accounts: account numbers. The account decides which of its principals may: its own
        identity policies are the other half of the grant.
    :param role_arns: roles that exist, by full ARN: of CI, and those with which SageMaker and Batch
        pull, which for Batch is the execution role on Fargate, not the job role. A role of
        the repository's own account may by this alone. For a role of another account its account
        is named and the role is the condition, and the role's own policy is the other half.
    :param organization_id: an AWS organisation, such as ``o-a1b2c3d4e5``: all its accounts,
        each with the other half in its own identity policies. Every principal of the
        repository's own account may by this alone.
    :param organization_paths: parts of an organisation, such as
        ``o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*``, likewise.
    :param lambda_accounts: accounts whose Lambda functions run the image; to pull only. For
        another account than the repository's, the account is allowed too, which Lambda needs.
    :param codebuild_project_arns: CodeBuild projects that pull with CodeBuild's own credentials;
        to pull only. A project that uses its service role is a role.
    :raises RuleError: with everything that does not have its form.
    """

    accounts: tuple[str, ...] = ()
    role_arns: tuple[str, ...] = ()
    organization_id: str | None = None
    organization_paths: tuple[str, ...] = ()
    lambda_accounts: tuple[str, ...] = ()
    codebuild_project_arns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        raise_if_any("Access", _access_faults(self))

    def __bool__(self) -> bool:
        return self != Access()

    @property
    def is_for_services(self) -> bool:
        """Say whether an AWS service is among those who may; services pull and never push."""
        return bool(self.lambda_accounts or self.codebuild_project_arns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrators:
    """Define who alone may delete images or the repository, or change its policies.

    Everybody else is denied, whatever an identity policy allows. The role with which
    CloudFormation deploys CDK stacks is always spared, or the stack would lock itself out.

    :param role_arns: the roles of those who administer; at least one.
    :param break_glass_role_arn: one more role, for the day on which the others are gone. It is
        required: a repository whose administrators are deleted can be mended by nobody else.
    :raises RuleError: with everything that does not have its form.
    """

    role_arns: tuple[str, ...]
    break_glass_role_arn: str

    def __post_init__(self) -> None:
        faults = [
            fault.under(f"role_arns[{index}]")
            for index, arn in enumerate(self.role_arns)
            for fault in role_arn_faults(arn)
        ]
        faults += [
            fault.under("break_glass_role_arn")
            for fault in role_arn_faults(self.break_glass_role_arn)
        ]
        if not self.role_arns:
            faults.append(
                Fault("role_arns", "at least one administrator is needed, got none. Name a role.")
            )
        raise_if_any("Administrators", faults)


def _access_faults(access: Access) -> list[Fault]:
    faults: list[Fault] = []
    checks: tuple[tuple[str, Sequence[str], Callable[[str], list[Fault]]], ...] = (
        ("accounts", access.accounts, account_faults),
        ("role_arns", access.role_arns, role_arn_faults),
        ("organization_paths", access.organization_paths, organization_path_faults),
        ("lambda_accounts", access.lambda_accounts, account_faults),
        ("codebuild_project_arns", access.codebuild_project_arns, project_arn_faults),
    )
    for name, values, rule in checks:
        for index, value in enumerate(values):
            faults += [fault.under(f"{name}[{index}]") for fault in rule(value)]
    if access.organization_id is not None:
        faults += [
            fault.under("organization_id") for fault in organization_faults(access.organization_id)
        ]
    return faults


def push_faults(access: Access) -> list[Fault]:
    """Check who may push: Lambda and CodeBuild's own credentials only ever pull."""
    if not access.is_for_services:
        return []
    return [
        Fault(
            "",
            "Lambda and CodeBuild's own credentials only pull, got them among those who push. "
            "Name the role that pushes instead.",
        )
    ]


def role_arn_faults(arn: str) -> list[Fault]:
    """Check a role's ARN; a wildcard in a principal is what AWS refuses."""
    if "*" in arn or "?" in arn:
        return [
            Fault(
                "",
                f"a principal's ARN takes no wildcard, got '{arn}'. "
                "Name each role, or the whole account.",
            )
        ]
    if not _ROLE_ARN.fullmatch(arn):
        return [
            Fault(
                "",
                f"'{arn}' is not a role's ARN. "
                "Write it such as 'arn:aws:iam::111111111111:role/ci-push'.",
            )
        ]
    return []


def organization_faults(organization_id: str) -> list[Fault]:
    """Check the form of an organisation's ID."""
    if _ORGANIZATION.fullmatch(organization_id):
        return []
    return [
        Fault(
            "",
            f"'{organization_id[:80]}' is not an organisation's ID. "
            "Write it such as 'o-a1b2c3d4e5'.",
        )
    ]


def organization_path_faults(path: str) -> list[Fault]:
    """Check the path of a part of an organisation, from its root downwards."""
    if _ORGANIZATION_PATH.fullmatch(path):
        return []
    return [
        Fault(
            "",
            f"'{path[:120]}' is not a path in an organisation. Write it from the root on, such as "
            "'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*', where '*' takes in what lies below.",
        )
    ]


def project_arn_faults(arn: str) -> list[Fault]:
    """Check a CodeBuild project's ARN."""
    if _PROJECT_ARN.fullmatch(arn):
        return []
    return [
        Fault(
            "",
            f"'{arn[:120]}' is not a CodeBuild project's ARN. Write it such as "
            "'arn:aws:codebuild:us-west-2:111111111111:project/build'.",
        )
    ]
