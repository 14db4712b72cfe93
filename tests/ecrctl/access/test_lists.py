"""The lists of ``ecrctl access``: grants in order, unread policies, and policies to add."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ecrctl.access.grants import access_of, grants_of
from ecrctl.cdk.assemblies import Stack
from tests.ecrctl.access.test_grants import ACCOUNT, ARN, stack_with


def test_the_owner_of_each_other_account_must_add_one_policy_for_all_repositories() -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "ecr:PutImage"}
        for account in (ACCOUNT, "222222222222")
    ]
    web = stack_with(statements[1])
    web.template["Resources"]["Api"]["Properties"]["RepositoryName"] = "web"
    without_policy = stack_with()
    del without_policy.template["Resources"]["Api"]["Properties"]["RepositoryPolicyText"]
    access = access_of([stack_with(*statements), without_policy, web])
    assert access.required_policies == {
        "account 222222222222": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["ecr:PutImage"],
                    "Resource": [ARN, ARN.replace("team/api", "web")],
                },
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            ],
        }
    }


def test_grants_are_sorted_by_environment_repository_verb_principal_and_condition() -> None:
    def stack(stage: str, name: str, *statements: tuple[str, str, str]) -> Stack:
        policy = [
            {
                "Effect": "Allow",
                "Principal": {"AWS": account * 12},
                "Action": action,
                "Condition": {"StringEquals": {key: "x"}},
            }
            for account, action, key in statements
        ]
        given = stack_with(*policy)
        given.template["Resources"]["Api"]["Properties"]["RepositoryName"] = name
        return replace(given, stage=stage)

    push, administer = "ecr:PutImage", "ecr:DeleteRepository"
    stacks = [
        stack("b", "a", ("2", push, "aws:a")),
        stack("a", "z", ("2", push, "aws:a")),
        stack(
            *("a", "b"),
            *(("2", administer, "aws:a"), ("4", push, "aws:b"), ("4", push, "aws:a")),
            ("3", push, "aws:c"),
        ),
    ]
    assert [
        (one.environment, one.repository, one.verb, one.principal[-1:], one.condition)
        for one in grants_of(stacks)
    ] == [
        ("a", "b", "push", "3", "StringEquals aws:c x"),
        ("a", "b", "push", "4", "StringEquals aws:a x"),
        ("a", "b", "push", "4", "StringEquals aws:b x"),
        ("a", "b", "administer", "2", "StringEquals aws:a x"),
        ("a", "z", "push", "2", "StringEquals aws:a x"),
        ("b", "a", "push", "2", "StringEquals aws:a x"),
    ]


def test_grants_that_differ_in_their_effect_alone_have_one_order() -> None:
    accounts = [f"{number:012}" for number in range(20)]
    when = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-one"}}}
    statements: list[dict[str, Any]] = [
        {"Effect": effect, "Principal": {"AWS": accounts}, "Action": "ecr:PutImage", **condition}
        for effect, condition in (("Deny", when), ("Allow", {}))
    ]
    assert [(one.principal, one.effect) for one in grants_of([stack_with(*statements)])] == [
        (f"account {account}", effect) for account in accounts for effect in ("Allow", "Deny")
    ]


OPEN = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchDeleteImage"}


def test_a_repository_that_is_open_to_everyone_comes_first_with_its_environment() -> None:
    other = {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "ecr:PutImage"}
    closed = replace(stack_with(other), stage="a")
    declared = replace(stack_with(other, OPEN), stage="b")
    declared.template["Resources"]["Before"] = {
        "Type": "AWS::ECR::Repository",
        "Properties": {"RepositoryName": "a", "RepositoryPolicyText": {"Statement": other}},
    }
    access = access_of([closed, declared])
    assert [(one.environment, one.repository, one.verb) for one in access.grants] == [
        ("b", "team/api", "administer"),
        ("b", "team/api", "push"),
        ("b", "a", "push"),
        ("a", "team/api", "push"),
    ]
    assert [one.is_open_to_everyone for one in access.grants] == [True, False, False, False]
    limited = {**OPEN, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-one"}}}
    (grant,) = grants_of([stack_with(limited)])
    assert not grant.is_open_to_everyone
    assert [one.environment for one in access.by_environment()] == ["b", "a"]


def test_an_environment_without_grants_is_listed_with_its_repositories() -> None:
    (declared,) = access_of([replace(stack_with(), stage="dev")]).by_environment()
    assert (declared.environment, declared.grants, declared.repositories) == ("dev", [], [ARN])


def test_what_cannot_be_decided_is_named() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/*"
    stack = stack_with(
        {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "ecr:PutImage"},
        {"Effect": "Deny", "NotPrincipal": {"AWS": role[:-1] + "ci"}, "Action": "ecr:PutImage"},
    )
    managed = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
    stack.template["Resources"]["Role"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "ci",
            "ManagedPolicyArns": [managed],
            "PermissionsBoundary": "arn:aws:iam::111111111111:policy/limit",
        },
    }
    assert access_of([stack]).undecided == [
        f"{ACCOUNT}/us-west-2: repository team/api exempts {role[:-1]}ci from a Deny with "
        "NotPrincipal, but not the account: whether AWS denies these principals is undecided. "
        "Exempt the account too.",
        f"{ACCOUNT}/us-west-2: repository team/api names principals with a wildcard, which AWS "
        f"refuses ({role}): their grants are not listed.",
        f"{ACCOUNT}/us-west-2: role ci has a permissions boundary that cannot be read from the "
        "templates (arn:aws:iam::111111111111:policy/limit): whether it limits grants to the "
        "identity is undecided.",
        f"{ACCOUNT}/us-west-2: role ci has policies that are not in the templates ({managed}): "
        "their grants are not listed.",
    ]


def test_what_can_be_decided_is_not_named() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    exempt = {"AWS": [role, ACCOUNT]}
    stack = stack_with({"Effect": "Deny", "NotPrincipal": exempt, "Action": "ecr:PutImage"})
    limit: dict[str, Any] = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}
    stack.template["Resources"] |= {
        "Limit": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": {"Statement": limit}},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "ci", "PermissionsBoundary": {"Ref": "Limit"}},
        },
        # The permissions of an access entry are those in a cluster.
        "Entry": {
            "Type": "AWS::EKS::AccessEntry",
            "Properties": {
                "ClusterName": "c",
                "PrincipalArn": role,
                "AccessPolicies": [
                    {
                        "PolicyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
                        "AccessScope": {"Type": "cluster"},
                    }
                ],
            },
        },
    }
    assert access_of([stack]).undecided == []
    limit["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": "o-one"}}
    assert access_of([stack]).undecided == [
        f"{ACCOUNT}/us-west-2: role ci has a permissions boundary with conditions: whether it "
        "limits grants to everyone, or to the account, is undecided for the identity."
    ]


UNREAD = "has a policy that depends on values known only at deployment: its grants are not listed."


def test_a_policy_that_only_the_deployment_knows_is_named() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}
    assert access_of([stack_with(statement)]).undecided == []
    stack = stack_with({"Fn::If": ["Open", statement, {"Ref": "AWS::NoValue"}]})
    assert grants_of([stack]) == []
    assert access_of([stack]).undecided == [f"{ACCOUNT}/us-west-2: repository team/api {UNREAD}"]
    conditional = {"Statement": {"Fn::If": ["Open", statement, {"Ref": "AWS::NoValue"}]}}
    for kind, element in (("AWS::KMS::Key", "KeyPolicy"), ("AWS::IAM::Policy", "PolicyDocument")):
        resource = {"Type": kind, "Properties": {element: conditional, "Users": ["u"]}}
        stack.template["Resources"] = {kind: resource} | stack.template["Resources"]
    readable = {"Type": "AWS::IAM::User", "Properties": {"UserName": "reads"}}
    stack.template["Resources"]["Reads"] = readable
    assert access_of([stack, replace(stack, stage="a")]).undecided == [
        f"{ACCOUNT}/us-west-2: repository team/api {UNREAD}",
        f"{ACCOUNT}/us-west-2: user u {UNREAD}",
        f"a: repository team/api {UNREAD}",
        f"a: user u {UNREAD}",
    ]
