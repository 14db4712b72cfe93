"""PublicRepository, and questions to an IAM evaluator about who may push to it."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from constructs import Construct
from ministack.core.iam_evaluator import (
    EvalContext,
    combine_resource_policy,
    evaluate,
    parse_policy_document,
)

from constructs_lib import Access, CatalogData, GitHubImagePusher, GitHubSubject, PublicRepository
from constructs_lib.rules.policy.cross_account import policies_by_owner
from constructs_lib.rules.policy.repository_policy import (
    PUBLIC_LOGIN_ACTIONS,
    PUBLIC_PUSH_ACTIONS,
)
from tests.support import ACCOUNT, only, resources, stack_in, template_of

PUBLIC_REPOSITORY = "AWS::ECR::PublicRepository"
REGION = "us-east-1"
OTHER = "222222222222"
ARN = f"arn:aws:ecr-public::{ACCOUNT}:repository/tools/cli"
CI = f"arn:aws:iam::{ACCOUNT}:role/ci"
ANYONE = f"arn:aws:iam::{ACCOUNT}:role/anyone"
FOREIGN_CI = f"arn:aws:iam::{OTHER}:role/ci"
FOREIGN = f"arn:aws:iam::{OTHER}:role/app"
PUSH, DELETE = "ecr-public:PutImage", "ecr-public:BatchDeleteImage"
NONE: tuple[dict[str, Any], ...] = ()
MAY_PUSH = ({"Effect": "Allow", "Action": list(PUBLIC_PUSH_ACTIONS), "Resource": ARN},)
ADMIN = ({"Effect": "Allow", "Action": "*", "Resource": "*"},)
MAIN = GitHubSubject(repository="acme/cli", ref="refs/heads/main")


def repository(stack: cdk.Stack | None = None, **arguments: Any) -> PublicRepository:
    """Return a public repository with these arguments."""
    return PublicRepository(
        stack or stack_in(region=REGION), "Cli", repository_name="tools/cli", **arguments
    )


def rendered(**arguments: Any) -> dict[str, Any]:
    """Return the properties of a public repository with these arguments."""
    return only(template_of(cdk.Stack.of(repository(**arguments))), PUBLIC_REPOSITORY)


def policy_of(stack: cdk.Stack) -> list[dict[str, Any]]:
    """Return the statements of a stack's one identity policy."""
    found: list[dict[str, Any]] = only(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"][
        "Statement"
    ]
    return found


def test_a_public_repository_is_kept_and_no_other_account_may_push() -> None:
    template = template_of(cdk.Stack.of(repository()))
    assert template["Resources"] == {
        # The logical ID depends on the name alone. Another one would replace the repository.
        "PublicRepositorytoolsSlashcli": {
            "Type": PUBLIC_REPOSITORY,
            "Properties": {"RepositoryName": "tools/cli"},
            "UpdateReplacePolicy": "Retain",
            "DeletionPolicy": "Retain",
        }
    }


def test_all_arguments_have_their_property() -> None:
    assert rendered(
        catalog_data=CatalogData(description="A tool", about="# A", operating_systems=("Linux",)),
        push=Access(accounts=(OTHER,)),
        statements=[
            {
                "Effect": "Allow",
                "Principal": {"AWS": CI},
                "Action": "ecr-public:PutRepositoryCatalogData",
            }
        ],
        tags={"team": "web", "app": "cli"},
    ) == {
        "RepositoryName": "tools/cli",
        "RepositoryCatalogData": {
            "RepositoryDescription": "A tool",
            "AboutText": "# A",
            "OperatingSystems": ["Linux"],
        },
        "RepositoryPolicyText": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "PushFromAccounts",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                    "Action": list(PUBLIC_PUSH_ACTIONS),
                },
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": CI},
                    "Action": "ecr-public:PutRepositoryCatalogData",
                },
            ],
        },
        "Tags": [{"Key": "app", "Value": "cli"}, {"Key": "team", "Value": "web"}],
    }


def test_it_is_deleted_with_its_stack_by_choice_alone() -> None:
    stack = stack_in(region=REGION)
    repository(stack, removal_policy=cdk.RemovalPolicy.DESTROY)
    (found,) = resources(template_of(stack), PUBLIC_REPOSITORY)
    assert found["DeletionPolicy"] == "Delete"


def test_name_arn_and_uri_are_plain_strings() -> None:
    one = repository()
    assert one.repository_name == "tools/cli"
    assert one.repository_arn == ARN
    assert one.repository_uri("a1b2c3d4") == "public.ecr.aws/a1b2c3d4/tools/cli"


def test_all_faults_come_at_once_and_nothing_is_created() -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match="PublicRepository 'Cli'") as refused:
        PublicRepository(
            stack, "Cli", repository_name="Tools", removal_policy=cdk.RemovalPolicy.SNAPSHOT
        )
    assert str(refused.value) == (
        "PublicRepository 'Cli': 3 faults:\n"
        "  - region: a public repository must be in us-east-1, the only region in which "
        "CloudFormation creates it, got "
        "'eu-west-1'. Declare it in a stack or an environment file of us-east-1; everyone "
        "pulls from there.\n"
        "  - a repository's name must consist of lower-case letters and digits, joined by single "
        "'/', '-', '_' or '.', got 'Tools'. Write it like 'team/api'.\n"
        "  - removal: removal must be one of retain, destroy, got 'snapshot'."
    )
    assert not stack.node.children


def test_the_region_of_an_agnostic_stack_is_not_checked() -> None:
    stack = stack_in(account=None, region=None)
    assert only(template_of(cdk.Stack.of(repository(stack))), PUBLIC_REPOSITORY)


def test_a_construct_in_another_scope_has_the_same_logical_id() -> None:
    stack = stack_in(region=REGION)
    PublicRepository(Construct(stack, "Group"), "Cli", repository_name="tools/cli")
    assert list(template_of(stack)["Resources"]) == ["PublicRepositorytoolsSlashcli"]


def may(access: Access, arn: str, policies: tuple[dict[str, Any], ...], action: str) -> bool:
    """Return whether a principal may perform an action on the repository."""
    request = EvalContext(
        principal_arn=arn,
        principal_type="AssumedRole",
        principal_account=arn.split(":")[4],
        action=action,
        resource_arn=ARN,
        region=REGION,
    )
    identity = evaluate(request, [parse_policy_document({"Statement": list(policies)})])
    document = rendered(push=access).get("RepositoryPolicyText")
    return bool(combine_resource_policy(identity, request, document, ACCOUNT).decision == "Allow")


NOBODY_ELSE = Access()
ACCOUNT_PUSHES = Access(accounts=(OTHER,))
ROLE_PUSHES = Access(role_arns=(CI,))
FOREIGN_ROLE_PUSHES = Access(role_arns=(FOREIGN_CI,))


@pytest.mark.parametrize(
    ("access", "caller", "policies", "action", "allowed"),
    [
        # By default only principals of the own account push, by their identity policies.
        (NOBODY_ELSE, ANYONE, NONE, PUSH, False),
        (NOBODY_ELSE, ANYONE, MAY_PUSH, PUSH, True),
        (NOBODY_ELSE, ANYONE, MAY_PUSH, DELETE, False),
        (NOBODY_ELSE, FOREIGN, ADMIN, PUSH, False),
        # An account pushes when both policies allow it, and never administers.
        (ACCOUNT_PUSHES, FOREIGN, NONE, PUSH, False),
        (ACCOUNT_PUSHES, FOREIGN, MAY_PUSH, PUSH, True),
        (ACCOUNT_PUSHES, FOREIGN, ADMIN, DELETE, False),
        (ACCOUNT_PUSHES, FOREIGN, ADMIN, "ecr-public:SetRepositoryPolicy", False),
        (ACCOUNT_PUSHES, FOREIGN, ADMIN, "ecr-public:PutRepositoryCatalogData", False),
        # A role of the own account pushes by the repository policy alone.
        (ROLE_PUSHES, CI, NONE, PUSH, True),
        (ROLE_PUSHES, CI, NONE, "ecr-public:UploadLayerPart", True),
        (ROLE_PUSHES, CI, NONE, DELETE, False),
        (ROLE_PUSHES, ANYONE, NONE, PUSH, False),
        (ROLE_PUSHES, FOREIGN_CI, ADMIN, PUSH, False),
        # A role of another account requires both policies; no other role there may push.
        (FOREIGN_ROLE_PUSHES, FOREIGN_CI, NONE, PUSH, False),
        (FOREIGN_ROLE_PUSHES, FOREIGN_CI, MAY_PUSH, PUSH, True),
        (FOREIGN_ROLE_PUSHES, FOREIGN, ADMIN, PUSH, False),
    ],
)
def test_who_may_push(
    access: Access, caller: str, policies: tuple[dict[str, Any], ...], action: str, allowed: bool
) -> None:
    assert may(access, caller, policies, action) is allowed


@pytest.mark.parametrize(
    ("action", "arn", "allowed"),
    [
        *((action, ARN, True) for action in PUBLIC_PUSH_ACTIONS),
        *((action, "*", True) for action in PUBLIC_LOGIN_ACTIONS),
        (PUSH, f"{ARN}2", False),
        (DELETE, ARN, False),
        ("ecr-public:SetRepositoryPolicy", ARN, False),
        ("ecr-public:DeleteRepository", ARN, False),
        ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/tools/cli", False),
        ("sts:AssumeRole", CI, False),
    ],
)
@pytest.mark.parametrize("granted_by", ["grant_push", "GitHubImagePusher"])
def test_a_grantee_pushes_to_this_repository_and_logs_in(
    granted_by: str, action: str, arn: str, allowed: bool
) -> None:
    stack = stack_in(region=REGION)
    one = repository(stack)
    if granted_by == "grant_push":
        role = iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())
        one.grant_push(role)
    else:
        GitHubImagePusher(
            stack, "Push", repositories=[], public_repositories=[one], subjects=[MAIN]
        )
    request = EvalContext(
        principal_arn=CI,
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=arn,
        region=REGION,
    )
    document = parse_policy_document({"Statement": policy_of(stack)})
    assert (evaluate(request, [document]).decision == "Allow") is allowed


def test_a_grant_across_accounts_adds_a_statement_to_the_repository() -> None:
    stack = stack_in(region=REGION)
    one = repository(stack, push=Access(role_arns=(CI,)))
    one.grant_push(iam.Role.from_role_arn(stack, "Foreign", FOREIGN_CI))
    found = only(template_of(stack), PUBLIC_REPOSITORY)["RepositoryPolicyText"]["Statement"]
    assert found[1] == {
        "Effect": "Allow",
        "Principal": {"AWS": FOREIGN_CI},
        "Action": list(PUBLIC_PUSH_ACTIONS),
    }
    assert not resources(template_of(stack), "AWS::IAM::Policy")


def test_a_statement_that_ecr_would_refuse_is_not_added() -> None:
    one = repository()
    with pytest.raises(ValueError, match="PublicRepository 'Cli'") as refused:
        one.add_to_resource_policy(
            iam.PolicyStatement(actions=["ecr:PutImage"], principals=[iam.ArnPrincipal(CI)])
        )
    assert str(refused.value) == (
        "PublicRepository 'Cli': [0].Action: a public repository's policy can have only ECR "
        "Public's actions, got 'ecr:PutImage'. Write one such as 'ecr-public:PutImage'."
    )


def test_the_owners_of_other_accounts_learn_their_part() -> None:
    one = repository(push=Access(role_arns=(CI, FOREIGN_CI)))
    assert policies_by_owner(one.required_grants) == {
        FOREIGN_CI: {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": list(PUBLIC_PUSH_ACTIONS), "Resource": [ARN]},
                {"Effect": "Allow", "Action": list(PUBLIC_LOGIN_ACTIONS), "Resource": "*"},
            ],
        }
    }


def test_a_reference_grants_in_any_region_and_creates_nothing() -> None:
    stack = stack_in()
    one = PublicRepository.from_name(stack, "Cli", repository_name="tools/cli")
    role = iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())
    one.grant_push(role)
    template = template_of(stack)
    assert not resources(template, PUBLIC_REPOSITORY)
    assert json.dumps(ARN) in json.dumps(template)


def test_a_reference_refuses_a_grant_that_the_owner_must_make() -> None:
    stack = stack_in()
    one = PublicRepository.from_name(stack, "Cli", repository_name="tools/cli", account=OTHER)
    # An error of a callback of the CDK arrives as a RuntimeError.
    with pytest.raises(RuntimeError, match="a grant across accounts") as refused:
        one.grant_push(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))
    assert str(refused.value) == (
        "ReferencedPublicRepository 'Cli': a grant across accounts requires a statement in the "
        "policy of 'tools/cli', which a reference cannot write. Declare the grantee's role in "
        "`push` of the repository."
    )


def test_a_reference_has_a_valid_name_and_account() -> None:
    with pytest.raises(ValueError, match="2 faults") as refused:
        PublicRepository.from_name(stack_in(), "Cli", repository_name="A", account="1")
    assert "got '1'. Write all of them, in quotes, leading zeros included." in str(refused.value)
