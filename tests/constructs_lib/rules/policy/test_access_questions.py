"""Questions to an IAM evaluator about the policies that are synthesised.

The evaluator is the embedded AWS's own and runs in this process; its version is pinned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from ministack.core.iam_evaluator import (
    EvalContext,
    combine_resource_policy,
    evaluate,
    evaluate_resource_policy,
    evaluate_trust_policy,
    parse_policy_document,
)

from constructs_lib import (
    Access,
    Administrators,
    GitHubImagePusher,
    GitHubSubject,
    PrivateRepository,
)
from constructs_lib.rules.policy.cross_account import policies_by_owner
from constructs_lib.rules.policy.github_oidc import provider_arn
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS, PUSH_ACTIONS
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of

OTHER, STRANGER = "222222222222", "999999999999"
ORGANIZATION, PATH = "o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"
PULL, PUSH, DELETE = "ecr:BatchGetImage", "ecr:PutImage", "ecr:BatchDeleteImage"
ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/api"
NONE: tuple[dict[str, Any], ...] = ()
MAY_PULL = ({"Effect": "Allow", "Action": list(PULL_ACTIONS), "Resource": ARN},)
MAY_PUSH = ({"Effect": "Allow", "Action": list(PUSH_ACTIONS), "Resource": ARN},)
ADMIN = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)


def role(account: str, name: str) -> str:
    """Return a role's ARN."""
    return f"arn:aws:iam::{account}:role/{name}"


@dataclass(frozen=True)
class Caller:
    """A principal that makes a request, with its identity policies."""

    arn: str
    policies: tuple[dict[str, Any], ...] = NONE
    keys: dict[str, Any] = field(default_factory=dict)


CI = role(ACCOUNT, "ci")
ANYONE = role(ACCOUNT, "anyone")
FOREIGN_CI = role(OTHER, "ci")
FOREIGN = role(OTHER, "app")
OUTSIDER = role(STRANGER, "app")
MEMBER = {"aws:principalorgid": ORGANIZATION}
STRANGE_MEMBER = {"aws:principalorgid": "o-zzzzzzzzzz"}
IN_UNIT = {"aws:principalorgpaths": [f"{PATH}ou-ab12-22222222/"]}
OUTSIDE_UNIT = {"aws:principalorgpaths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-99999999/"]}

NO_ACCESS: dict[str, Access] = {}
ACCOUNT_PULLS = {"pull": Access(accounts=(OTHER,))}
ROLE_PUSHES = {"push": Access(role_arns=(CI,))}
FOREIGN_ROLE_PUSHES = {"push": Access(role_arns=(FOREIGN_CI,))}
ORGANIZATION_PULLS = {"pull": Access(organization_id=ORGANIZATION)}
SECOND_MEMBER = {"aws:principalorgid": "o-bbbbbbbbbb"}
ORGANIZATIONS_PULL = {
    "pull": Access(organization_id=ORGANIZATION, organization_ids=("o-bbbbbbbbbb",))
}
UNIT_PULLS = {"pull": Access(organization_paths=(f"{PATH}*",))}
USER, FOREIGN_USER = (f"arn:aws:iam::{account}:user/build" for account in (ACCOUNT, OTHER))
USERS_PUSH = {"push": Access(user_arns=(USER, FOREIGN_USER))}
SESSION, OTHER_SESSION = (
    f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/{name}" for name in ("alice", "bob")
)
FOREIGN_SESSION = SESSION.replace(ACCOUNT, OTHER)
SESSIONS_PULL = {"pull": Access(session_arns=(SESSION, FOREIGN_SESSION))}


def policy_of(access: Mapping[str, Access | Administrators]) -> dict[str, Any] | None:
    """Return the synthesised policy of a repository with an access."""
    stack = stack_in()
    PrivateRepository(stack, "Api", repository_name="team/api", **access)  # type: ignore[arg-type]
    policy: dict[str, Any] | None = only(template_of(stack), "AWS::ECR::Repository").get(
        "RepositoryPolicyText"
    )
    return policy


def context(caller: Caller, action: str) -> EvalContext:
    """Return the request that a caller makes."""
    return EvalContext(
        principal_arn=caller.arn,
        principal_type="AssumedRole",
        principal_account=caller.arn.split(":")[4],
        action=action,
        resource_arn=ARN,
        region=REGION,
        principal_keys=caller.keys,
    )


def may(access: Mapping[str, Access | Administrators], caller: Caller, action: str) -> bool:
    """Return whether a caller may perform an action on the repository."""
    request = context(caller, action)
    identity = evaluate(request, [parse_policy_document({"Statement": list(caller.policies)})])
    decision = combine_resource_policy(identity, request, policy_of(access), ACCOUNT).decision
    return bool(decision == "Allow")


@pytest.mark.parametrize(
    ("access", "caller", "action", "allowed"),
    [
        # By default only principals of the own account have access, by their identity policies.
        (NO_ACCESS, Caller(ANYONE), PULL, False),
        (NO_ACCESS, Caller(ANYONE, MAY_PULL), PULL, True),
        (NO_ACCESS, Caller(ANYONE, MAY_PULL), PUSH, False),
        (NO_ACCESS, Caller(FOREIGN), PULL, False),
        (NO_ACCESS, Caller(FOREIGN, ADMIN), PULL, False),
        (NO_ACCESS, Caller(OUTSIDER, ADMIN), DELETE, False),
        # An account pulls when both policies allow it.
        (ACCOUNT_PULLS, Caller(FOREIGN), PULL, False),
        (ACCOUNT_PULLS, Caller(FOREIGN, MAY_PULL), PULL, True),
        (ACCOUNT_PULLS, Caller(FOREIGN, MAY_PULL), "ecr:GetDownloadUrlForLayer", True),
        (ACCOUNT_PULLS, Caller(FOREIGN, ADMIN), PUSH, False),
        (ACCOUNT_PULLS, Caller(FOREIGN, ADMIN), DELETE, False),
        (ACCOUNT_PULLS, Caller(FOREIGN, ADMIN), "ecr:SetRepositoryPolicy", False),
        (ACCOUNT_PULLS, Caller(OUTSIDER, ADMIN), PULL, False),
        (ACCOUNT_PULLS, Caller(ANYONE), PULL, False),
        # A role of the own account pushes by the repository policy alone.
        (ROLE_PUSHES, Caller(CI), PUSH, True),
        (ROLE_PUSHES, Caller(CI), "ecr:InitiateLayerUpload", True),
        (ROLE_PUSHES, Caller(CI), DELETE, False),
        (ROLE_PUSHES, Caller(CI), "ecr:DeleteRepository", False),
        (ROLE_PUSHES, Caller(CI), "ecr:PutLifecyclePolicy", False),
        (ROLE_PUSHES, Caller(ANYONE), PUSH, False),
        (ROLE_PUSHES, Caller(role(ACCOUNT, "ci-other")), PUSH, False),
        (ROLE_PUSHES, Caller(FOREIGN_CI, ADMIN), PUSH, False),
        # A role of another account requires both policies; no other role there has access.
        (FOREIGN_ROLE_PUSHES, Caller(FOREIGN_CI), PUSH, False),
        (FOREIGN_ROLE_PUSHES, Caller(FOREIGN_CI, MAY_PUSH), PUSH, True),
        (FOREIGN_ROLE_PUSHES, Caller(FOREIGN_CI, ADMIN), DELETE, False),
        (FOREIGN_ROLE_PUSHES, Caller(FOREIGN, ADMIN), PUSH, False),
        (FOREIGN_ROLE_PUSHES, Caller(OUTSIDER, ADMIN), PUSH, False),
        # Other members of the organization require an identity policy; the own account does not.
        (ORGANIZATION_PULLS, Caller(FOREIGN, MAY_PULL, MEMBER), PULL, True),
        (ORGANIZATION_PULLS, Caller(FOREIGN, NONE, MEMBER), PULL, False),
        (ORGANIZATION_PULLS, Caller(FOREIGN, ADMIN, MEMBER), PUSH, False),
        (ORGANIZATION_PULLS, Caller(OUTSIDER, ADMIN, STRANGE_MEMBER), PULL, False),
        (ORGANIZATION_PULLS, Caller(OUTSIDER, ADMIN), PULL, False),
        (ORGANIZATION_PULLS, Caller(ANYONE, NONE, MEMBER), PULL, True),
        (ORGANIZATION_PULLS, Caller(ANYONE, NONE, MEMBER), PUSH, False),
        # One of two organizations.
        (ORGANIZATIONS_PULL, Caller(FOREIGN, MAY_PULL, MEMBER), PULL, True),
        (ORGANIZATIONS_PULL, Caller(FOREIGN, MAY_PULL, SECOND_MEMBER), PULL, True),
        (ORGANIZATIONS_PULL, Caller(FOREIGN, MAY_PULL, STRANGE_MEMBER), PULL, False),
        # A user: as a role.
        (USERS_PUSH, Caller(USER), PUSH, True),
        (USERS_PUSH, Caller(USER), DELETE, False),
        (USERS_PUSH, Caller(f"{USER}2"), PUSH, False),
        (USERS_PUSH, Caller(FOREIGN_USER), PUSH, False),
        (USERS_PUSH, Caller(FOREIGN_USER, MAY_PUSH), PUSH, True),
        (USERS_PUSH, Caller(FOREIGN, ADMIN), PUSH, False),
        # One session of a role, and no other.
        (SESSIONS_PULL, Caller(SESSION), PULL, True),
        (SESSIONS_PULL, Caller(SESSION), PUSH, False),
        (SESSIONS_PULL, Caller(OTHER_SESSION), PULL, False),
        (SESSIONS_PULL, Caller(FOREIGN_SESSION), PULL, False),
        (SESSIONS_PULL, Caller(FOREIGN_SESSION, MAY_PULL), PULL, True),
        # A part of the organization.
        (UNIT_PULLS, Caller(FOREIGN, MAY_PULL, IN_UNIT), PULL, True),
        (UNIT_PULLS, Caller(FOREIGN, MAY_PULL, OUTSIDE_UNIT), PULL, False),
        (UNIT_PULLS, Caller(FOREIGN, MAY_PULL), PULL, False),
        (UNIT_PULLS, Caller(FOREIGN, ADMIN, IN_UNIT), PUSH, False),
    ],
)
def test_a_caller_is_allowed_or_denied(
    access: dict[str, Access], caller: Caller, action: str, allowed: bool
) -> None:
    assert may(access, caller, action) is allowed


ADMINISTRATOR, BREAK_GLASS = role(ACCOUNT, "platform"), role(ACCOUNT, "break-glass")
DEPLOYER = role(ACCOUNT, f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}")
FOREIGN_DEPLOYER = role(OTHER, f"cdk-hnb659fds-cfn-exec-role-{OTHER}-{REGION}")
CHANGE = "ecr:SetRepositoryPolicy"


@pytest.mark.parametrize(
    ("caller", "action", "allowed"),
    [
        (ADMINISTRATOR, DELETE, True),
        (ADMINISTRATOR, CHANGE, True),
        (BREAK_GLASS, CHANGE, True),
        (DEPLOYER, CHANGE, True),
        (DEPLOYER, "ecr:PutLifecyclePolicy", True),
        (ANYONE, DELETE, False),
        (ANYONE, CHANGE, False),
        (ANYONE, "ecr:DeleteRepository", False),
        (ANYONE, "ecr:PutImageTagMutability", False),
        (ANYONE, "ecr:UpdateImageStorageClass", False),
        (ADMINISTRATOR, "ecr:UpdateImageStorageClass", True),
        (ANYONE, PULL, True),
        (ANYONE, PUSH, True),
        (FOREIGN_DEPLOYER, CHANGE, False),
        (role(ACCOUNT, "platform2"), DELETE, False),
    ],
)
def test_only_named_roles_administer_and_none_of_them_is_locked_out(
    caller: str, action: str, allowed: bool
) -> None:
    guard = Administrators(role_arns=(ADMINISTRATOR,), break_glass_role_arn=BREAK_GLASS)
    assert may({"administrators": guard}, Caller(caller, ADMIN), action) is allowed


def test_services_are_not_denied_for_having_no_arn() -> None:
    guard = Administrators(role_arns=(ADMINISTRATOR,), break_glass_role_arn=BREAK_GLASS)
    policy = policy_of({"administrators": guard})
    assert policy is not None
    (statement,) = policy["Statement"]
    assert statement["Condition"]["Null"] == {"aws:PrincipalArn": "false"}


LAMBDA = {"pull": Access(lambda_accounts=(ACCOUNT, OTHER))}
FUNCTION = {"pull": Access(lambda_function_arns=(f"arn:aws:lambda:{REGION}:{OTHER}:function:f",))}
PROJECT = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/build"
CODEBUILD = {"pull": Access(codebuild_project_arns=(PROJECT,))}


def function(account: str, region: str = REGION, name: str = "f") -> dict[str, Any]:
    """Return the keys of a request that Lambda makes for a function."""
    return {"aws:sourcearn": f"arn:aws:lambda:{region}:{account}:function:{name}"}


def project(arn: str, account: str) -> dict[str, Any]:
    """Return the keys of a request that CodeBuild makes for a project."""
    return {"aws:sourcearn": arn, "aws:sourceaccount": account}


@pytest.mark.parametrize(
    ("access", "service", "keys", "action", "allowed"),
    [
        (LAMBDA, "lambda", function(ACCOUNT), PULL, True),
        (LAMBDA, "lambda", function(OTHER), PULL, True),
        (LAMBDA, "lambda", function(STRANGER), PULL, False),
        (LAMBDA, "lambda", function(ACCOUNT, "eu-west-3"), PULL, False),
        (LAMBDA, "lambda", {}, PULL, False),
        (LAMBDA, "lambda", function(ACCOUNT), PUSH, False),
        (LAMBDA, "codebuild", function(ACCOUNT), PULL, False),
        (FUNCTION, "lambda", function(OTHER), PULL, True),
        (FUNCTION, "lambda", function(OTHER, name="f2"), PULL, False),
        (FUNCTION, "lambda", function(ACCOUNT), PULL, False),
        (CODEBUILD, "codebuild", project(PROJECT, ACCOUNT), PULL, True),
        (CODEBUILD, "codebuild", project(PROJECT, OTHER), PULL, False),
        (CODEBUILD, "codebuild", project(f"{PROJECT}2", ACCOUNT), PULL, False),
        (CODEBUILD, "lambda", project(PROJECT, ACCOUNT), PULL, False),
    ],
)
def test_a_service_is_allowed_or_denied(
    access: dict[str, Access], service: str, keys: dict[str, Any], action: str, allowed: bool
) -> None:
    caller = Caller(f"arn:aws:iam::{STRANGER}:root", keys=keys)
    principal = f"{service}.amazonaws.com"
    result = evaluate_resource_policy(policy_of(access), context(caller, action), principal)
    assert (result.decision == "Allow") is allowed


def test_lambda_of_another_account_requires_that_account_to_be_allowed_too() -> None:
    policy = policy_of(LAMBDA)
    assert policy is not None
    assert [statement["Sid"] for statement in policy["Statement"]] == [
        "PullFromAccounts",
        "PullByLambda",
    ]
    assert policy["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}


MAIN = GitHubSubject(repository="acme/api", ref="refs/heads/main")
RELEASE = GitHubSubject(repository="acme/api", environment="release")


@pytest.fixture(scope="module")
def pusher() -> dict[str, Any]:
    """Return the template of a role that GitHub's runs of main and of an environment assume."""
    stack = stack_in()
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    GitHubImagePusher(stack, "Push", repositories=[api], subjects=[MAIN, RELEASE])
    return template_of(stack)


@pytest.mark.parametrize(
    ("subject", "audience", "allowed"),
    [
        ("repo:acme/api:ref:refs/heads/main", "sts.amazonaws.com", True),
        ("repo:acme/api:environment:release", "sts.amazonaws.com", True),
        ("repo:acme/api:ref:refs/heads/dev", "sts.amazonaws.com", False),
        ("repo:acme/api:ref:refs/heads/main2", "sts.amazonaws.com", False),
        ("repo:acme/api:environment:staging", "sts.amazonaws.com", False),
        ("repo:acme/api:pull_request", "sts.amazonaws.com", False),
        ("repo:evil/api:ref:refs/heads/main", "sts.amazonaws.com", False),
        ("repo:acme/api2:ref:refs/heads/main", "sts.amazonaws.com", False),
        ("repo:acme@1/api@2:ref:refs/heads/main", "sts.amazonaws.com", False),
        ("repo:acme/api:ref:refs/heads/main", "somebody.else", False),
    ],
)
def test_only_named_workflow_runs_may_assume_the_role(
    pusher: dict[str, Any], subject: str, audience: str, allowed: bool
) -> None:
    trust = only(pusher, "AWS::IAM::Role")["AssumeRolePolicyDocument"]
    provider = provider_arn(ACCOUNT, "aws")
    host = "token.actions.githubusercontent.com"
    request = EvalContext(
        principal_arn=provider,
        principal_type="FederatedUser",
        principal_account=ACCOUNT,
        action="sts:AssumeRoleWithWebIdentity",
        resource_arn="*",
        region=REGION,
        service_context={f"{host}:aud": audience, f"{host}:sub": subject},
    )
    assert evaluate_trust_policy(trust, provider, request) is allowed


@pytest.mark.parametrize(
    ("action", "arn", "allowed"),
    [
        (PUSH, ARN, True),
        ("ecr:GetAuthorizationToken", "*", True),
        (PUSH, ARN + "2", False),
        (DELETE, ARN, False),
        ("ecr:SetRepositoryPolicy", ARN, False),
        ("ecr:GetDownloadUrlForLayer", ARN, False),
    ],
)
def test_the_role_pushes_to_its_repositories_and_nothing_else(
    pusher: dict[str, Any], action: str, arn: str, allowed: bool
) -> None:
    (policy,) = resources(pusher, "AWS::IAM::Policy")
    # The one reference in it is to the repository, whose ARN is a plain string already.
    statements = json.loads(json.dumps(policy["Properties"]["PolicyDocument"]))
    request = context(Caller(CI), action)
    request.resource_arn = arn
    decision = evaluate(request, [parse_policy_document(statements)]).decision
    assert (decision == "Allow") is allowed


def test_an_identity_policy_of_the_cdk_completes_a_grant_of_this_package() -> None:
    stack = stack_in(account=OTHER)
    api = PrivateRepository.from_name(
        stack, "Api", repository_name="team/api", account=ACCOUNT, policy_declared_by_owner=True
    )
    puller = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    api.grant_pull(puller)
    document = only(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]
    caller = Caller(FOREIGN, tuple(document["Statement"]))
    assert may(ACCOUNT_PULLS, caller, PULL)
    assert not may(NO_ACCESS, caller, PULL)


def test_the_required_grants_are_exact_and_complete_the_repositorys_grants() -> None:
    stack = stack_in()
    api = PrivateRepository(
        stack,
        "Api",
        repository_name="team/api",
        pull=Access(accounts=(OTHER, ACCOUNT), organization_id=ORGANIZATION),
        push=Access(role_arns=(CI, FOREIGN_CI)),
    )
    policies = policies_by_owner(api.required_grants)
    assert list(policies) == [f"account {OTHER}", FOREIGN_CI, f"organization {ORGANIZATION}"]
    pulls, pushes, _ = (tuple(policy["Statement"]) for policy in policies.values())
    assert may(ACCOUNT_PULLS, Caller(FOREIGN, pulls), PULL)
    assert not may(ACCOUNT_PULLS, Caller(FOREIGN, pulls), PUSH)
    assert may(FOREIGN_ROLE_PUSHES, Caller(FOREIGN_CI, pushes), PUSH)


def test_services_never_push() -> None:
    with pytest.raises(
        ValueError,
        match=r"push\.lambda_accounts: Lambda and CodeBuild's own credentials can only pull",
    ):
        PrivateRepository(
            cdk.Stack(), "Api", repository_name="team/api", push=Access(lambda_accounts=(OTHER,))
        )


KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
THROUGH_ECR = {"kms:viaservice": f"ecr.{REGION}.amazonaws.com"}
THROUGH_S3 = {"kms:viaservice": f"s3.{REGION}.amazonaws.com"}


@pytest.mark.parametrize(
    ("caller", "action", "allowed"),
    [
        # The creator of a repository allows ECR to use the key, through ECR alone.
        (Caller(ANYONE, ADMIN, THROUGH_ECR), "kms:CreateGrant", True),
        (Caller(ANYONE, ADMIN, THROUGH_ECR), "kms:RetireGrant", True),
        (Caller(ANYONE, ADMIN, THROUGH_ECR), "kms:DescribeKey", True),
        (Caller(ANYONE, NONE, THROUGH_ECR), "kms:CreateGrant", False),
        (Caller(ANYONE, ADMIN), "kms:CreateGrant", False),
        (Caller(ANYONE, ADMIN, THROUGH_S3), "kms:CreateGrant", False),
        # No principal uses it directly, administrators included. They can still change its policy.
        (Caller(ANYONE, ADMIN), "kms:Decrypt", False),
        (Caller(ANYONE, ADMIN), "kms:GenerateDataKey", False),
        (Caller(ANYONE, ADMIN, THROUGH_ECR), "kms:Decrypt", False),
        (Caller(ANYONE, ADMIN), "kms:PutKeyPolicy", True),
        (Caller(ANYONE, ADMIN), "kms:ScheduleKeyDeletion", True),
        (Caller(ANYONE), "kms:ScheduleKeyDeletion", False),
        # A principal of another account pulls without permissions on the key, and has none.
        (Caller(FOREIGN, ADMIN, THROUGH_ECR), "kms:CreateGrant", False),
        (Caller(FOREIGN, ADMIN), "kms:Decrypt", False),
    ],
)
def test_the_key_is_used_through_ecr_alone(caller: Caller, action: str, allowed: bool) -> None:
    stack = stack_in()
    PrivateRepository(stack, "Api", repository_name="team/api")
    policy = only(template_of(stack), "AWS::KMS::Key")["KeyPolicy"]
    request = replace(context(caller, action), resource_arn=KEY_ARN)
    identity = evaluate(request, [parse_policy_document({"Statement": list(caller.policies)})])
    # The key policy must allow access, even in the key's own account.
    answer = combine_resource_policy(identity, request, policy, ACCOUNT, required=True)
    assert (answer.decision == "Allow") is allowed
