"""Access that a team forbids, decided by the meaning of policies."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.team_rules.breach import Breach
from ecrctl.review.team_rules.forbidden_access import breaches_of
from ecrctl.review.team_rules.review_file import Allowed, ForbiddenAccess

OWN, OTHER, PARTNER = "111111111111", "999999999999", "222222222222"
ORGANIZATION, FOREIGN = "o-a1b2c3d4e5", "o-zzzzzzzzzz"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
ARN = f"arn:aws:ecr:us-west-2:{OWN}:repository/prod/api"
CLUSTER = f"arn:aws:iam::{OTHER}:role/cluster"
LAMBDA = {"Service": "lambda.amazonaws.com"}
RULE = "Only the organization pulls production images"
NAMES = {"prod": {"prod"}}
LATER = "it depends on values that are known only at deployment"


def rule(**given: Any) -> ForbiddenAccess:
    """Return a rule by which only the own account and the organization pull."""
    allowed = {"accounts": ("own",), "organizations": (ORGANIZATION,), **given.pop("allowed", {})}
    values = {"verbs": ("pull",), "repositories": ("prod/*",), **given}
    return ForbiddenAccess(rule=RULE, allowed=Allowed(**allowed), **values)


def statement(principal: Any, **given: Any) -> dict[str, Any]:
    """Return a statement that lets a principal pull."""
    return {"Effect": "Allow", "Principal": principal, "Action": PULL, **given}


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    """Return a statement's condition."""
    return {"Condition": {operator: {key: value}}}


def unless(**condition: Any) -> dict[str, Any]:
    """Return a statement that denies everyone the pull under a condition."""
    return statement("*", Effect="Deny", Condition=condition)


def stack(*statements: Any, name: Any = "prod/api", others: Any = None) -> Stack:
    """Return a stack with a repository."""
    properties = {"RepositoryPolicyText": {"Statement": [*statements]}}
    properties |= {"RepositoryName": name} if name else {}
    resources = {"Api": {"Type": "AWS::ECR::Repository", "Properties": properties}}
    return Stack(
        name="prod/Web",
        stage="prod",
        stack_name="prod-Web",
        account=OWN,
        region="us-west-2",
        template={"Resources": resources | (others or {})},
    )


def found(one: Stack, given: ForbiddenAccess) -> list[Breach]:
    """Return the breaches of a rule in a stack."""
    return list(breaches_of([one], [given], NAMES))


def in_organization(organization: Any, operator: str = "StringEquals") -> dict[str, Any]:
    """Return the condition that a principal is in an organization."""
    return when(operator, "aws:PrincipalOrgID", organization)


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [statement({"AWS": f"arn:aws:iam::{OWN}:root"})],
        [statement({"AWS": f"arn:aws:iam::{OWN}:role/web"})],
        [statement("*", **in_organization(ORGANIZATION))],
        [statement({"AWS": CLUSTER}, **in_organization(ORGANIZATION))],
        [
            statement(
                "*",
                **when("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", f"{ORGANIZATION}/r/*"),
            )
        ],
        [statement("*", **when("StringEquals", "aws:PrincipalAccount", OWN))],
        [statement("*", **when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWN}:role/*"))],
        [statement("*"), unless(StringNotEquals={"aws:PrincipalOrgID": ORGANIZATION})],
        [
            statement("*"),
            unless(
                StringNotEqualsIfExists={"aws:PrincipalOrgID": ORGANIZATION},
                BoolIfExists={"aws:PrincipalIsAWSService": "false"},
            ),
        ],
        # Who meets neither of two conditions is denied, and the others are allowed.
        [
            statement("*"),
            unless(
                StringNotEquals={"aws:PrincipalOrgID": ORGANIZATION, "aws:PrincipalAccount": OWN}
            ),
        ],
        [statement("*"), unless(BoolIfExists={"aws:PrincipalIsAWSService": "false"})],
        [statement(LAMBDA, **when("StringEquals", "aws:SourceAccount", OWN))],
        [
            statement(
                LAMBDA, **when("ArnLike", "aws:SourceArn", f"arn:aws:lambda:*:{OWN}:function:*")
            )
        ],
        [statement({"AWS": OTHER}, Action="ecr:DescribeImages")],
        [statement({"AWS": OTHER}), statement({"AWS": OTHER}, Effect="Deny")],
    ],
)
def test_access_of_the_organization_is_not_reported(statements: list[Any]) -> None:
    assert found(stack(*statements), rule()) == []


@pytest.mark.parametrize(
    "statements",
    [
        [statement("*")],
        [statement({"AWS": "*"}, Action="ecr:*")],
        [statement("*", **in_organization(FOREIGN))],
        [statement("*", **in_organization("*", "StringLike"))],
        [statement({"AWS": CLUSTER}, **in_organization(FOREIGN))],
        [statement("*", **in_organization(ORGANIZATION, "StringEqualsIfExists"))],
        [statement("*", **in_organization(ORGANIZATION, "StringNotEquals"))],
        [statement("*", **in_organization([ORGANIZATION, FOREIGN]))],
        [{"Effect": "Allow", "NotPrincipal": {"AWS": CLUSTER}, "Action": PULL}],
        [statement(LAMBDA)],
        [statement({"Federated": "cognito-identity.amazonaws.com"})],
        [statement("*"), unless(StringNotEquals={"aws:PrincipalOrgID": FOREIGN})],
        [statement("*"), unless(StringEquals={"aws:PrincipalOrgID": FOREIGN})],
        # One alternative from outside is enough, whatever the other one is.
        *(
            [
                statement("*"),
                unless(
                    ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{account}:role/*"},
                    StringNotEquals={"aws:PrincipalOrgID": FOREIGN},
                ),
            ]
            for account in (OWN, OTHER)
        ),
        # A Deny with a second condition leaves those who do not meet it.
        [
            statement("*"),
            unless(
                StringNotEquals={"aws:PrincipalOrgID": ORGANIZATION},
                Bool={"aws:SecureTransport": "false"},
            ),
        ],
        [
            statement("*"),
            statement(
                {"AWS": CLUSTER}, Effect="Deny", **in_organization(ORGANIZATION, "StringNotEquals")
            ),
        ],
    ],
)
def test_access_from_outside_is_reported_with_certainty(statements: list[Any]) -> None:
    assert {one.doubt for one in found(stack(*statements), rule())} == {""}


@pytest.mark.parametrize(
    ("statements", "doubt"),
    [
        (
            [statement({"AWS": CLUSTER})],
            f"no template shows the organization of account `{OTHER}`. If the account is allowed, "
            "add it to `allowed.accounts`",
        ),
        ([statement({"AWS": {"Fn::ImportValue": "cluster"}})], LATER),
        ([statement("*", **in_organization({"Ref": "Organization"}))], LATER),
        (
            [statement("*", **when("StringEquals", "aws:SourceVpce", "vpce-1"))],
            "its conditions name other callers, who may be allowed ones",
        ),
        # The account may be in the organization.
        (
            [
                statement("*"),
                unless(
                    StringNotEquals={"aws:PrincipalOrgID": ORGANIZATION},
                    ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/*"},
                ),
            ],
            "its conditions name other callers, who may be allowed ones",
        ),
        ([{"Fn::If": ["A", statement({"AWS": OWN}), {"Ref": "AWS::NoValue"}]}], LATER),
    ],
)
def test_access_that_cannot_be_decided_is_reported_with_the_reason(
    statements: list[Any], doubt: str
) -> None:
    assert [one.doubt for one in found(stack(*statements), rule())] == [doubt]


def test_an_account_in_the_list_of_accounts_is_allowed() -> None:
    one = stack(statement({"AWS": CLUSTER}))
    assert found(one, rule(allowed={"accounts": (OTHER,)})) == []
    # Without an organization in the rule there is no doubt.
    (breach,) = found(one, rule(allowed={"organizations": ()}))
    assert breach.doubt == ""


def test_only_named_principals_and_services_are_allowed() -> None:
    roles = f"arn:aws:iam::{OWN}:role/ci-*"
    allowed = {"principals": (roles,), "services": ("codebuild.amazonaws.com",)}
    nobody_else: dict[str, Any] = {"accounts": (), "organizations": ()}
    ci = rule(verbs=("push",), allowed={**allowed, **nobody_else})
    push = {"Action": "ecr:*"}
    statements = [
        statement({"AWS": f"arn:aws:iam::{OWN}:role/ci-web"}, **push),
        statement({"Service": "codebuild.amazonaws.com"}, **push),
        statement("*", **when("ArnLike", "aws:PrincipalArn", roles), **push),
    ]
    assert found(stack(*statements), ci) == []
    person = statement({"AWS": f"arn:aws:iam::{OWN}:role/person"}, **push)
    (breach,) = found(stack(*statements, person), ci)
    assert breach.access == f"lets `arn:aws:iam::{OWN}:role/person` push"


def test_an_identity_policy_of_the_own_account_is_read_too() -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}
    given = {
        "RoleName": "person",
        "AssumeRolePolicyDocument": {"Statement": []},
        "Policies": [{"PolicyDocument": document}],
    }
    one = stack(others={"Role": {"Type": "AWS::IAM::Role", "Properties": given}})
    assert found(one, rule()) == []
    (breach,) = found(one, rule(allowed={"accounts": (), "organizations": ()}))
    assert breach.access == "lets `role person` pull"


def test_a_statement_for_the_own_account_leaves_the_decision_to_its_identities() -> None:
    one = stack(statement({"AWS": f"arn:aws:iam::{OWN}:root"}))
    assert found(one, rule(allowed={"accounts": (), "organizations": ()})) == []


def test_an_identity_of_another_account_requires_both_policies() -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": ARN}]}
    given = {
        "RoleName": "cluster",
        "AssumeRolePolicyDocument": {"Statement": []},
        "Policies": [{"PolicyDocument": document}],
    }
    other = Stack(
        name="prod/Other",
        stage="prod",
        stack_name="prod-Other",
        account=OTHER,
        region="us-west-2",
        template={"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": given}}},
    )
    nobody = rule(allowed={"accounts": (), "organizations": ()})
    assert list(breaches_of([stack(), other], [nobody], NAMES)) == []
    both = list(breaches_of([stack(statement({"AWS": CLUSTER})), other], [nobody], NAMES))
    assert {one.access for one in both} >= {"lets `role cluster` pull"}


def test_other_verbs_repositories_and_environments_are_not_concerned() -> None:
    one = stack(statement("*"))
    assert found(one, rule(verbs=("push",))) == []
    assert found(one, rule(repositories=("web", "prod"))) == []
    assert found(one, rule(environments=("dev",))) == []
    assert len(found(one, rule(environments=("dev", "prod")))) == 1


def test_a_renamed_environment_keeps_its_rules() -> None:
    given = rule(environments=("production",))
    names = {"prod": {"prod", "production"}}
    assert list(breaches_of([stack(statement("*"))], [given], names)) != []


def test_a_name_that_only_the_deployment_knows_may_be_any() -> None:
    assert found(stack(statement("*"), name={"Ref": "Name"}), rule()) != []


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("prod/*", 0), ("prod-web-*", 1), ("prod-*-api-?", 1), ("web", 0), ("*", 1)],
)
def test_a_generated_name_begins_with_its_stack_and_is_no_path(pattern: str, count: int) -> None:
    one = stack(statement("*"), name=None)
    one.template["Resources"]["Api"]["Metadata"] = {"aws:cdk:path": "prod/Web/Api/Resource"}
    assert len(found(one, rule(repositories=(pattern,)))) == count


def test_a_public_repository_lets_everyone_pull() -> None:
    def public(name: str) -> Stack:
        properties = {"RepositoryName": name}
        return stack(others={"P": {"Type": "AWS::ECR::PublicRepository", "Properties": properties}})

    (breach,) = found(public("prod/site"), rule())
    assert breach.repository == "public repository prod/site"
    assert breach.access == "lets everyone pull"
    assert found(public("prod/site"), rule(verbs=("push",))) == []
    assert found(public("site"), rule()) == []


@pytest.mark.parametrize(
    ("account", "prefix", "images"),
    [
        (PARTNER, "prod", "`prod*`"),
        (PARTNER, "prod/api", "`prod/api*`"),
        (PARTNER, None, "all repositories"),
        (PARTNER, "dev/", None),
        (OWN, "prod", None),
    ],
)
def test_copies_of_images_in_another_account_can_be_pulled_there(
    account: str, prefix: str | None, images: str | None
) -> None:
    filters = [{"Filter": prefix, "FilterType": "PREFIX_MATCH"}] if prefix else []
    destinations = [{"RegistryId": account, "Region": "eu-west-1"}]
    rules = [{"Destinations": destinations, "RepositoryFilters": filters}]
    replication = {
        "Type": "AWS::ECR::ReplicationConfiguration",
        "Properties": {"ReplicationConfiguration": {"Rules": rules}},
    }
    breaches = found(stack(others={"Copies": replication}), rule())
    assert [one.access for one in breaches] == [
        f"copies images of {one} to account `{PARTNER}` in eu-west-1" for one in [images] if one
    ]
    assert all(one.doubt for one in breaches)
