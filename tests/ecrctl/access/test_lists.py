"""The lists of ``ecrctl access``: grants in order, unread policies, and policies to add."""

from __future__ import annotations

from dataclasses import replace

from ecrctl.access.grants import grants_of, required_policies, unread_policies
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
    assert required_policies([stack_with(*statements), without_policy, web]) == {
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
    statements = [
        {"Effect": effect, "Principal": {"AWS": accounts}, "Action": "ecr:PutImage"}
        for effect in ("Deny", "Allow")
    ]
    assert [(one.principal, one.effect) for one in grants_of([stack_with(*statements)])] == [
        (f"account {account}", effect) for account in accounts for effect in ("Allow", "Deny")
    ]


def test_a_policy_that_only_the_deployment_knows_is_named() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}
    assert unread_policies([stack_with(statement)]) == []
    stack = stack_with({"Fn::If": ["Open", statement, {"Ref": "AWS::NoValue"}]})
    assert grants_of([stack]) == []
    assert unread_policies([stack]) == [f"{ACCOUNT}/us-west-2: repository team/api"]
    conditional = {"Statement": {"Fn::If": ["Open", statement, {"Ref": "AWS::NoValue"}]}}
    for kind, element in (("AWS::KMS::Key", "KeyPolicy"), ("AWS::IAM::Policy", "PolicyDocument")):
        resource = {"Type": kind, "Properties": {element: conditional, "Users": ["u"]}}
        stack.template["Resources"] = {kind: resource} | stack.template["Resources"]
    readable = {"Type": "AWS::IAM::User", "Properties": {"UserName": "reads"}}
    stack.template["Resources"]["Reads"] = readable
    assert unread_policies([stack, replace(stack, stage="a")]) == [
        f"{ACCOUNT}/us-west-2: repository team/api",
        f"{ACCOUNT}/us-west-2: user u",
        "a: repository team/api",
        "a: user u",
    ]
