"""Who may pull from, push to and administer a repository."""

import re
from dataclasses import dataclass

from constructs_lib.rules.aws.partitions import account_faults
from constructs_lib.rules.aws.tokens import is_token, matches
from constructs_lib.rules.faults import Fault, each_under, faults_unless, raise_if_any, under
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.types import checked_types

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
USER_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:user/[\w+=,.@/-]+", re.ASCII)
SESSION_ARN = re.compile(
    r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]{1,64})/[\w+=,.@-]{2,64}", re.ASCII
)
FUNCTION_ARN = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}", re.ASCII
)
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
    :param user_arns: existing IAM users, by full ARN, with the same grants as a role. Prefer roles,
        whose credentials expire.
    :param session_arns: single sessions of a role, such as
        ``arn:aws:sts::111111111111:assumed-role/deploy/alice``; other sessions of the role gain
        nothing. Each role must exist. In another account than the repository's, the role's own
        identity policy must also allow it.
    :param organization_id: an AWS organization, such as ``o-a1b2c3d4e5``. The identity policies of
        each other account must also allow its principals; every principal of the repository's own
        account needs no other grant.
    :param organization_ids: more organizations, with the same conditions.
    :param organization_paths: parts of an organization, such as
        ``o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*``, with the same conditions.
    :param lambda_accounts: accounts whose Lambda functions run the image; for ``pull`` only. An
        account other than the repository's is itself granted access too, which Lambda requires.
    :param lambda_function_arns: single Lambda functions of the repository's region that run the
        image, by ARN without a version or alias; for ``pull`` only. The account of a function is
        granted access as with ``lambda_accounts``.
    :param codebuild_project_arns: CodeBuild projects that pull with CodeBuild's own credentials;
        for ``pull`` only. For a project that uses its service role, write the role in
        ``role_arns``.
    :raises RuleError: with every value of the wrong form.
    """

    accounts: ListOf[str] = ()
    role_arns: ListOf[str] = ()
    user_arns: ListOf[str] = ()
    session_arns: ListOf[str] = ()
    organization_id: str | None = None
    organization_ids: ListOf[str] = ()
    organization_paths: ListOf[str] = ()
    lambda_accounts: ListOf[str] = ()
    lambda_function_arns: ListOf[str] = ()
    codebuild_project_arns: ListOf[str] = ()

    def __post_init__(self) -> None:
        raise_if_any("Access", _access_faults(self))

    def __bool__(self) -> bool:
        return self != Access()

    @property
    def is_for_services(self) -> bool:
        """Whether AWS services are granted access; services can pull, never push."""
        return bool(
            self.lambda_accounts or self.lambda_function_arns or self.codebuild_project_arns
        )

    @property
    def organizations(self) -> tuple[str, ...]:
        """The IDs of all organizations, in order and without repetitions."""
        own = () if self.organization_id is None else (self.organization_id,)
        return tuple(sorted({*own, *self.organization_ids}))


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class Administrators:
    """The only roles that may delete, archive or restore images, or change the repository.

    Every other principal is denied, whatever its identity policy allows. The role with which
    CloudFormation deploys CDK stacks is always exempt, because the stack would lock itself out.

    :param role_arns: the administrators' roles; at least one.
    :param break_glass_role_arn: an emergency role, also exempt. It is required, because no other
        role could repair the repository after the administrators' roles are deleted.
    :raises RuleError: with every value of the wrong form.
    """

    role_arns: ListOf[str]
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
        *each_under("user_arns", access.user_arns, user_arn_faults),
        *each_under("session_arns", access.session_arns, session_arn_faults),
        *each_under("organization_ids", access.organization_ids, organization_faults),
        *each_under("organization_paths", access.organization_paths, organization_path_faults),
        *each_under("lambda_accounts", access.lambda_accounts, account_faults),
        *each_under("lambda_function_arns", access.lambda_function_arns, function_arn_faults),
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
            ("lambda_function_arns", access.lambda_function_arns),
            ("codebuild_project_arns", access.codebuild_project_arns),
        )
        if values
    ]


def function_region_faults(access: Access, region: str) -> list[Fault]:
    """Check that single Lambda functions are in the repository's region."""
    return [
        Fault(
            "",
            f"Lambda runs images of its own region only, and the repository is in {region}, got "
            f"'{arn}'. Name a function of {region}.",
        )
        for arn in access.lambda_function_arns
        if not is_token(arn) and not is_token(region) and arn.split(":")[3] != region
    ]


def role_arn_faults(arn: str) -> list[Fault]:
    """Check a role's ARN, which AWS refuses as a principal if it contains a wildcard."""
    found = principal_wildcard_faults(arn) or _session_instead_faults(arn)
    return found or faults_unless(
        matches(ROLE_ARN, arn),
        f"'{arn}' is not a role's ARN. Write it like 'arn:aws:iam::111111111111:role/ci-push'.",
    )


def _session_instead_faults(arn: str) -> list[Fault]:
    session = SESSION_ARN.fullmatch(arn)
    if session is None:
        return []
    partition, account, role = session.groups()
    return [
        Fault(
            "",
            f"'{arn}' is the ARN of a role's session. Write the role's, with its path if it has "
            f"one, such as 'arn:{partition}:iam::{account}:role/{role}'.",
        )
    ]


def user_arn_faults(arn: str) -> list[Fault]:
    """Check an IAM user's ARN."""
    return principal_wildcard_faults(arn) or faults_unless(
        matches(USER_ARN, arn),
        f"'{arn[:120]}' is not an IAM user's ARN. Write it like "
        "'arn:aws:iam::111111111111:user/build'.",
    )


def session_arn_faults(arn: str) -> list[Fault]:
    """Check the ARN of a role's session, which has the role's name without its path."""
    return principal_wildcard_faults(arn) or faults_unless(
        matches(SESSION_ARN, arn),
        f"'{arn[:120]}' is not the ARN of a role's session. Write it like "
        "'arn:aws:sts::111111111111:assumed-role/deploy/alice', without the role's path.",
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
        f"'{organization_id[:80]}' is not an organization's ID. Write it like 'o-a1b2c3d4e5'.",
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
        f"'{arn[:120]}' is not a CodeBuild project's ARN. Write it like "
        "'arn:aws:codebuild:us-west-2:111111111111:project/build'.",
    )


def function_arn_faults(arn: str) -> list[Fault]:
    """Check a Lambda function's ARN, which Lambda sends without a version or alias."""
    return faults_unless(
        matches(FUNCTION_ARN, arn),
        f"'{arn[:120]}' is not a Lambda function's ARN. Write it without a version or alias, such "
        "as 'arn:aws:lambda:us-west-2:111111111111:function:resize'.",
    )
