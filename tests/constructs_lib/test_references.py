"""References to repositories that are declared elsewhere, and grants across accounts."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from constructs_lib import Image, PrivateRepository, TagImmutability
from tests.support import ACCOUNT, REGION, cdk_context, only, resources, stack_in, template_of

OTHER = "222222222222"
OWNERS_STATEMENT = (
    "ReferencedRepository 'Api': a grant across accounts requires a statement in the policy of "
    "'team/api', which a reference cannot write. Ask its owner to add "
    '{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": '
    '["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}, '
    "then set `policy_declared_by_owner=True` here."
)


def test_a_reference_names_a_repository_of_another_account() -> None:
    reference = PrivateRepository.from_name(
        stack_in(), "Api", repository_name="team/api", account=OTHER, region="cn-north-1"
    )
    assert reference.repository_arn == f"arn:aws-cn:ecr:cn-north-1:{OTHER}:repository/team/api"
    assert isinstance(reference, ecr.RepositoryBase)


def test_a_grant_across_accounts_is_refused_without_the_owners_statement() -> None:
    stack = stack_in()
    reference = PrivateRepository.from_name(stack, "Api", repository_name="team/api", account=OTHER)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    with pytest.raises(Exception, match="which a reference cannot write") as refusal:
        reference.grant_pull(role)
    assert OWNERS_STATEMENT in str(refusal.value)


def test_a_grant_adds_the_identity_policy_if_the_owner_declared_the_statement() -> None:
    stack = stack_in()
    reference = PrivateRepository.from_name(
        stack, "Api", repository_name="team/api", account=OTHER, policy_declared_by_owner=True
    )
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    reference.grant_pull(role)
    pull, login = only(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert pull["Resource"] == reference.repository_arn
    assert (login["Action"], login["Resource"]) == ("ecr:GetAuthorizationToken", "*")


def test_a_statement_that_the_owner_declared_is_not_added() -> None:
    stack = stack_in()
    reference = PrivateRepository.from_name(
        stack, "Api", repository_name="team/api", account=OTHER, policy_declared_by_owner=True
    )
    statement = iam.PolicyStatement(
        actions=["ecr:BatchGetImage"], principals=[iam.AccountPrincipal(ACCOUNT)]
    )
    assert reference.add_to_resource_policy(statement).statement_added is False


def test_an_image_is_deployed_by_a_tag_that_its_owner_cannot_move() -> None:
    reference = PrivateRepository.from_name(
        stack_in(),
        "Api",
        repository_name="team/api",
        account=OTHER,
        tag_immutability=TagImmutability(mode="IMMUTABLE"),
    )
    assert Image(repository=reference, tag="v1").uri == (
        f"{OTHER}.dkr.ecr.{REGION}.amazonaws.com/team/api:v1"
    )


def test_a_cache_of_another_account_and_region_is_referred_to_there() -> None:
    cached = PrivateRepository.through_cache(
        stack_in(),
        "Cached",
        prefix="docker-hub",
        upstream_repository="library/busybox",
        account=OTHER,
        region="us-east-1",
    )
    name = "docker-hub/library/busybox"
    assert cached.repository_arn == f"arn:aws:ecr:us-east-1:{OTHER}:repository/{name}"
    assert cached.repository_uri == f"{OTHER}.dkr.ecr.us-east-1.amazonaws.com/{name}"


@pytest.mark.parametrize(
    "fault", [{"repository_name": "Api"}, {"account": "12"}, {"region": "west"}]
)
def test_a_reference_of_the_wrong_form_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ReferencedRepository 'Api': "):
        PrivateRepository.from_name(stack_in(), "Api", **{"repository_name": "team/api"} | fault)


@pytest.mark.parametrize("owner", [None, OTHER])
def test_a_refused_grant_names_the_account_that_the_owner_must_allow(owner: str | None) -> None:
    reference = PrivateRepository.from_name(
        stack_in(), "Api", repository_name="team/api", account=owner
    )
    with pytest.raises(Exception, match="which a reference cannot write") as refusal:
        reference.grant_pull(iam.AccountPrincipal("333333333333"))
    assert '"Principal": {"AWS": "arn:aws:iam::333333333333:root"}' in str(refusal.value)


@pytest.mark.parametrize("account", [ACCOUNT, None])
def test_a_grant_to_an_account_names_the_grant_that_the_account_must_add(
    account: str | None,
) -> None:
    stack = stack_in(account=account, region=REGION if account else None)
    api = PrivateRepository(stack, "Api", repository_name="team/api")
    api.grant_pull(iam.AccountPrincipal(OTHER))
    (grant,) = api.required_grants
    assert grant.owner == f"account {OTHER}"
    assert "ecr:BatchGetImage" in grant.actions


def test_a_role_of_another_account_in_the_same_app_is_allowed_by_both_policies() -> None:
    app = cdk.App(analytics_reporting=False, context=cdk_context())
    owner, user = (
        cdk.Stack(app, name, env=cdk.Environment(account=account, region=REGION))
        for name, account in (("Owner", ACCOUNT), ("User", OTHER))
    )
    api = PrivateRepository(owner, "Api", repository_name="team/api")
    role = iam.Role(user, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
    api.grant_pull(role)
    assembly = app.synth()
    owners, users = (assembly.get_stack_by_name(name).template for name in ("Owner", "User"))
    (statement,) = only(owners, "AWS::ECR::Repository")["RepositoryPolicyText"]["Statement"]
    # ECR refuses a role that does not exist yet, so the statement names its account and its tag.
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}
    (created,) = resources(users, "AWS::IAM::Role")
    (tag,) = created["Properties"]["Tags"]
    assert statement["Condition"] == {
        "StringEquals": {f"aws:PrincipalTag/{tag['Key']}": tag["Value"]}
    }
    pull, _ = only(users, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert pull["Resource"] == api.repository_arn
    # The app has both policies, and neither stack depends on the other.
    assert api.required_grants == []
    assert [stack.dependencies for stack in (owner, user)] == [[], []]
