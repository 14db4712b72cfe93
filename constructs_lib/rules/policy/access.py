"""Who may pull from, push to and administer a repository."""

import re
from dataclasses import dataclass

from constructs_lib.rules.aws.partitions import account_faults
from constructs_lib.rules.aws.tokens import is_token, matches
from constructs_lib.rules.faults import Fault, each_under, faults_unless, raise_if_any, under
from constructs_lib.rules.types import checked_types

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
PROJECT_ARN = re.compile(
    r"arn:aws[a-z-]*:codebuild:[a-z0-9-]+:\d{12}:project/[A-Za-z0-9_-]{2,255}", re.ASCII
)
ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
ORGANIZATION_PATH = re.compile(
    r"o-[a-z0-9]{10,32}/r-[a-z0-9]{4,32}/(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}/)*\*?"
)


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The principals that may pull from or push to a repository; by default none of other accounts.

    :param accounts: account numbers. Each account's own identity policies must also allow its
        principals.
    :param role_arns: existing roles, by full ARN: roles of CI, and the roles with which SageMaker
        and Batch pull (for Batch on Fargate the execution role, not the job role). A role of the
        repository's own account needs no other grant than the login. For a role of another account,
        the statement names the account and requires the role in its condition; the role's own
        identity policy must also allow it.
    :param organization_id: an AWS organization, such as ``o-a1b2c3d4e5``. The identity policies of
        each other account must also allow its principals; every principal of the repository's own
        account needs no other grant.
    :param organization_paths: parts of an organization, such as
        ``o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*``, with the same conditions.
    :param lambda_accounts: accounts whose Lambda functions run the image; for ``pull`` only. An
        account other than the repository's is itself granted access too, which Lambda requires.
    :param codebuild_project_arns: CodeBuild projects that pull with CodeBuild's own credentials;
        for ``pull`` only. For a project that uses its service role, write the role in
        ``role_arns``.
    :raises RuleError: with every value of the wrong form.
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
        """Whether AWS services are granted access; services can pull, never push."""
        return bool(self.lambda_accounts or self.codebuild_project_arns)


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Administrators:
    """The only roles that may delete images or the repository, or change its policies.

    Every other principal is denied, whatever its identity policy allows. The role with which
    CloudFormation deploys CDK stacks is always exempt, because the stack would lock itself out.

    :param role_arns: the administrators' roles; at least one.
    :param break_glass_role_arn: an emergency role, also exempt. It is required, because no other
        role could repair the repository after the administrators' roles are deleted.
    :raises RuleError: with every value of the wrong form.
    """

    role_arns: tuple[str, ...]
    break_glass_role_arn: str

    def __post_init__(self) -> None:
        faults = [
            *each_under("role_arns", self.role_arns, role_arn_faults),
            *under("break_glass_role_arn", role_arn_faults(self.break_glass_role_arn)),
            *faults_unless(
                self.role_arns,
                "administrators require at least one role, got none. "
                "Add one, such as 'arn:aws:iam::111111111111:role/platform'.",
                path="role_arns",
            ),
        ]
        raise_if_any("Administrators", faults)


def _access_faults(access: Access) -> list[Fault]:
    faults = [
        *each_under("accounts", access.accounts, account_faults),
        *each_under("role_arns", access.role_arns, role_arn_faults),
        *each_under("organization_paths", access.organization_paths, organization_path_faults),
        *each_under("lambda_accounts", access.lambda_accounts, account_faults),
        *each_under("codebuild_project_arns", access.codebuild_project_arns, project_arn_faults),
    ]
    if access.organization_id is not None:
        faults += under("organization_id", organization_faults(access.organization_id))
    return faults


def push_faults(access: Access) -> list[Fault]:
    """Check who may push: Lambda and CodeBuild's own credentials can only pull."""
    return [
        Fault(
            name,
            f"Lambda and CodeBuild's own credentials can only pull, got {', '.join(values)}. "
            "Write the role that pushes in role_arns.",
        )
        for name, values in (
            ("lambda_accounts", access.lambda_accounts),
            ("codebuild_project_arns", access.codebuild_project_arns),
        )
        if values
    ]


def role_arn_faults(arn: str) -> list[Fault]:
    """Check a role's ARN, which AWS refuses as a principal if it contains a wildcard."""
    return principal_wildcard_faults(arn) or faults_unless(
        matches(ROLE_ARN, arn),
        f"'{arn}' is not a role's ARN. Write it such as 'arn:aws:iam::111111111111:role/ci-push'.",
    )


def principal_wildcard_faults(arn: str) -> list[Fault]:
    """Check that a principal's ARN contains no wildcard."""
    return faults_unless(
        is_token(arn) or ("*" not in arn and "?" not in arn),
        f"a principal's ARN cannot have a wildcard, got '{arn[:120]}'. "
        "List each role, or allow the whole account, such as '111111111111'.",
    )


def organization_faults(organization_id: str) -> list[Fault]:
    """Check the form of an organization's ID."""
    return faults_unless(
        matches(ORGANIZATION, organization_id),
        f"'{organization_id[:80]}' is not an organization's ID. Write it such as 'o-a1b2c3d4e5'.",
    )


def organization_path_faults(path: str) -> list[Fault]:
    """Check the path of a part of an organization, which begins at the organization's ID."""
    return faults_unless(
        matches(ORGANIZATION_PATH, path),
        f"'{path[:120]}' is not a path in an organization. Write it from the organization's ID on, "
        "such as 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*', where '*' matches all units below.",
    )


def project_arn_faults(arn: str) -> list[Fault]:
    """Check a CodeBuild project's ARN."""
    return faults_unless(
        matches(PROJECT_ARN, arn),
        f"'{arn[:120]}' is not a CodeBuild project's ARN. Write it such as "
        "'arn:aws:codebuild:us-west-2:111111111111:project/build'.",
    )
