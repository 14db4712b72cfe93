"""The requirements of grants that are not sufficient by themselves."""

from __future__ import annotations

from typing import Any

from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.repository_policy import (
    ADMINISTER_ACTIONS,
    PULL_ACTIONS,
    PUSH_ACTIONS,
    access_statements,
)
from ecrctl.access.grants import access_of, grants_of
from ecrctl.cdk.assemblies import Stack
from tests.ecrctl.access.test_grants import ACCOUNT, ARN, stack_with


def test_a_role_of_another_account_requires_an_identity_policy_there() -> None:
    role = "arn:aws:iam::222222222222:role/ci"
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": list(PUSH_ACTIONS)}
    (grant,) = grants_of([stack_with(statement)])
    assert grant.also_requires.startswith("in account 222222222222, an identity policy: ")
    # The CDK creates both policies of a grant to a role of the same app.
    tag = {"StringEquals": {"aws:PrincipalTag/aws-cdk:id": "Other_c84"}}
    (grant,) = grants_of([stack_with({**statement, "Condition": tag})])
    assert grant.also_requires == ""


def test_a_role_of_the_own_account_requires_the_login_only() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": list(PULL_ACTIONS)}
    (grant,) = grants_of([stack_with(statement)])
    login = f"in account {ACCOUNT}, an identity policy: ecr:GetAuthorizationToken on *"
    assert grant.also_requires == login
    stack = stack_with(statement)
    may_log_in = {"Effect": "Allow", "Action": "ecr:Get*", "Resource": "*"}
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": may_log_in}}
    properties: dict[str, Any] = {"RoleName": "ci", "Path": "/team/", "Policies": [inline]}
    stack.template["Resources"]["Role"] = {"Type": "AWS::IAM::Role", "Properties": properties}
    (grant,) = grants_of([stack])
    assert grant.also_requires == ""
    properties["PermissionsBoundary"] = "arn:aws:iam::111111111111:policy/limit"
    (grant,) = grants_of([stack])
    assert grant.also_requires == (
        f"undecided: in the permissions boundary {properties['PermissionsBoundary']}: "
        f"{', '.join(PULL_ACTIONS)} on {ARN}; ecr:GetAuthorizationToken on *"
    )
    del properties["Policies"], properties["PermissionsBoundary"]
    (grant,) = grants_of([stack])
    assert grant.also_requires == login


def test_users_and_sessions_require_what_their_account_must_add() -> None:
    user, own = "arn:aws:iam::222222222222:user/build", f"arn:aws:iam::{ACCOUNT}:user/build"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/alice"
    access = Access(user_arns=(user, own), session_arns=(session,))
    statements = access_statements(
        pull=access, push=Access(), account=ACCOUNT, region="us-west-2", partition="aws"
    )
    login = f"in account {ACCOUNT}, an identity policy: ecr:GetAuthorizationToken on *"
    found = {
        (grant.principal, grant.condition): grant.also_requires
        for grant in grants_of([stack_with(*statements)])
    }
    assert found == {
        (own, ""): login,
        (session, ""): login,
        ("account 222222222222", f"ArnEquals aws:PrincipalArn {user}"): (
            f"in account 222222222222, an identity policy: {', '.join(PULL_ACTIONS)} on {ARN}; "
            "ecr:GetAuthorizationToken on *"
        ),
    }


def test_a_session_of_another_account_requires_an_identity_policy_there() -> None:
    session = "arn:aws:sts::222222222222:assumed-role/deploy/alice"
    statement = {"Effect": "Allow", "Principal": {"AWS": session}, "Action": list(PULL_ACTIONS)}
    (grant,) = grants_of([stack_with(statement)])
    assert (grant.principal, grant.also_requires) == (
        session,
        f"in account 222222222222, an identity policy: {', '.join(PULL_ACTIONS)} on {ARN}; "
        "ecr:GetAuthorizationToken on *",
    )


def test_the_own_account_as_principal_requires_an_identity_policy() -> None:
    for principal in (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"):
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "ecr:*"}
        pull, _, administer = grants_of([stack_with(statement)])
        assert pull.also_requires == (
            f"in account {ACCOUNT}, an identity policy: {', '.join(PULL_ACTIONS)} on {ARN}; "
            "ecr:GetAuthorizationToken on *"
        )
        assert administer.also_requires == (
            f"in account {ACCOUNT}, an identity policy: {', '.join(ADMINISTER_ACTIONS)} on {ARN}"
        )


def test_everyone_requires_an_identity_policy_in_other_accounts_and_the_login_in_the_own() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": list(PULL_ACTIONS)}
    (grant,) = grants_of([stack_with(statement)])
    assert grant.also_requires == (
        f"in each other account, an identity policy: {', '.join(PULL_ACTIONS)} on {ARN}; "
        f"ecr:GetAuthorizationToken on *. In account {ACCOUNT}, an identity policy: "
        "ecr:GetAuthorizationToken on *"
    )
    role = {"ArnLikeIfExists": {"aws:principalarn": "arn:aws:iam::222222222222:role/ci"}}
    (grant,) = grants_of([stack_with({**statement, "Condition": role})])
    assert grant.also_requires == (
        f"in account 222222222222, an identity policy: {', '.join(PULL_ACTIONS)} on {ARN}; "
        "ecr:GetAuthorizationToken on *"
    )


def test_a_push_names_the_actions_that_it_is_not_granted() -> None:
    missing = ", ".join(
        f"ecr:{name}"
        for name in (
            *("BatchCheckLayerAvailability", "CompleteLayerUpload", "InitiateLayerUpload"),
            "UploadLayerPart",
        )
    )
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "ecr:PutImage"}
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    expected = {
        role: f"in account {ACCOUNT}, an identity policy: {missing} on {ARN}; "
        "ecr:GetAuthorizationToken on *",
        "222222222222": f"in account 222222222222, an identity policy: ecr:PutImage on {ARN}; "
        f"ecr:GetAuthorizationToken on *. In the repository's policy: {missing} on {ARN}",
    }
    for principal, text in expected.items():
        (grant,) = grants_of([stack_with({**statement, "Principal": {"AWS": principal}})])
        assert (grant.verb, grant.also_requires) == ("push", text)


def test_another_account_must_allow_only_the_actions_that_are_granted() -> None:
    principal = {"AWS": "arn:aws:iam::222222222222:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "ecr:DeleteRepository"}
    (grant,) = grants_of([stack_with(statement)])
    assert grant.also_requires == (
        f"in account 222222222222, an identity policy: ecr:DeleteRepository on {ARN}"
    )


def test_a_service_requires_no_policy_of_another_account() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "x.amazonaws.com"},
        "Action": list(PULL_ACTIONS),
    }
    (grant,) = grants_of([stack_with(statement)])
    assert (grant.principal, grant.also_requires) == ("service x.amazonaws.com", "")


def required(principal: Any, **elements: Any) -> str:
    """Return what a grant to pull also requires."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(PULL_ACTIONS)}
    (grant,) = grants_of([stack_with({**statement, **elements})])
    return grant.also_requires


def test_a_federated_principal_requires_a_policy_in_the_account_of_its_provider() -> None:
    actions = f"{', '.join(PULL_ACTIONS)} on {ARN}; ecr:GetAuthorizationToken on *"
    provider = "arn:aws:iam::222222222222:saml-provider/corp"
    assert required({"Federated": provider}) == (
        f"in account 222222222222, an identity policy: {actions}"
    )
    assert required({"Federated": provider.replace("2", "1")}) == (
        f"in account {ACCOUNT}, an identity policy: ecr:GetAuthorizationToken on *"
    )
    assert required({"Federated": "cognito-identity.amazonaws.com"}) == (
        "undecided: in the principal's account, if it is another one, an identity policy: "
        f"{actions}"
    )
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "ecr:PutImage"}
    assert list(access_of([stack_with(statement)]).required_policies) == ["account 222222222222"]


def test_a_principal_that_only_the_deployment_knows_is_undecided() -> None:
    unresolved: list[Any] = [{"Ref": "Puller"}, {"Fn::ImportValue": "puller"}]
    for principal in ("AROAEXAMPLE", *unresolved, {"Fn::FindInMap": ["a", "b", "c"]}):
        assert required({"AWS": principal}).startswith("undecided: ")


def test_accounts_in_a_condition_require_a_policy_each() -> None:
    actions = f"{', '.join(PULL_ACTIONS)} on {ARN}; ecr:GetAuthorizationToken on *"
    when = {"StringEquals": {"aws:principalaccount": ["333333333333", ACCOUNT, "222222222222"]}}
    assert required("*", Condition=when) == (
        f"in account {ACCOUNT}, an identity policy: ecr:GetAuthorizationToken on *. "
        f"In account 222222222222, an identity policy: {actions}. "
        f"In account 333333333333, an identity policy: {actions}"
    )


def test_a_login_that_an_unknown_policy_may_allow_is_undecided() -> None:
    stack = stack_with()
    statement = {"Effect": "Allow", "Action": list(PULL_ACTIONS), "Resource": ARN}
    properties: dict[str, Any] = {
        "RoleName": "ci",
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statement}}],
    }
    stack.template["Resources"]["Role"] = {"Type": "AWS::IAM::Role", "Properties": properties}
    (grant,) = grants_of([stack])
    login = "ecr:GetAuthorizationToken on *"
    assert grant.also_requires == f"in account {ACCOUNT}, an identity policy: {login}"
    properties["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"]
    (grant,) = grants_of([stack])
    assert grant.also_requires == (
        f"undecided: in account {ACCOUNT}, an identity policy that is not in the templates: {login}"
    )


def test_a_boundary_that_is_not_in_the_templates_limits_no_user_that_a_policy_names() -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/ci"
    statement = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": list(PULL_ACTIONS)}
    stack = stack_with(statement)
    properties = {"UserName": "ci", "PermissionsBoundary": "arn:aws:iam::111111111111:policy/b"}
    stack.template["Resources"]["User"] = {"Type": "AWS::IAM::User", "Properties": properties}
    (grant,) = grants_of([stack])
    assert grant.also_requires == (
        f"in account {ACCOUNT}, an identity policy: ecr:GetAuthorizationToken on *"
    )


def foreign_role(*statements: dict[str, Any]) -> Stack:
    """Return a stack in another account with a role."""
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}
    properties = {"RoleName": "app", "Policies": [inline]}
    resources = {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}
    template = {"Resources": resources}
    return Stack(name="prod/Main", account="222222222222", region="us-west-2", template=template)


def test_an_identity_policy_on_everything_is_no_grant_on_a_repository_of_another_account() -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    for resource in ("*", "arn:aws:ecr:*:*:repository/*"):
        denied = {"Effect": "Deny", "Action": "ecr:DeleteRepository", "Resource": "*"}
        role = foreign_role({**everything, "Resource": resource}, denied)
        assert grants_of([stack_with(), role]) == []
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "222222222222"},
        "Action": list(PULL_ACTIONS),
    }
    found = grants_of([stack_with(statement), foreign_role(everything)])
    assert [(one.verb, one.principal, one.policy, one.also_requires[:23]) for one in found] == [
        ("pull", "account 222222222222", "repository policy", "in account 222222222222"),
        ("pull", "role app", "both policies", ""),
    ]


def test_an_identity_policy_that_names_a_repository_requires_its_policy() -> None:
    push = {"Effect": "Allow", "Action": list(PUSH_ACTIONS), "Resource": ARN}
    login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    (grant,) = grants_of([stack_with(), foreign_role(push, login)])
    assert (grant.principal, grant.policy, grant.also_requires) == (
        "role app",
        "identity policy",
        f"in the repository's policy, for account 222222222222: {', '.join(PUSH_ACTIONS)} on {ARN}",
    )


def test_an_identity_policy_that_names_the_account_requires_the_repositorys_policy() -> None:
    push = {"Effect": "Allow", "Action": list(PUSH_ACTIONS)}
    resource = {"Resource": f"arn:aws:ecr:*:{ACCOUNT}:repository/*"}
    (grant,) = grants_of([stack_with(), foreign_role({**push, **resource})])
    assert grant.also_requires.startswith("in the repository's policy, for account 222222222222: ")
    everything_else = {"NotResource": f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/other"}
    assert grants_of([stack_with(), foreign_role({**push, **everything_else})]) == []


def test_a_role_of_another_account_in_the_app_requires_nothing_that_it_has() -> None:
    role = {"AWS": "arn:aws:iam::222222222222:role/app"}
    statement = {"Effect": "Allow", "Principal": role, "Action": list(PULL_ACTIONS)}
    pull = {"Effect": "Allow", "Action": list(PULL_ACTIONS), "Resource": ARN}
    login = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    access = access_of([stack_with(statement), foreign_role(pull, login)])
    assert [one.also_requires for one in access.grants] == ["", ""]
    assert access.required_policies == {}
    access = access_of([stack_with(statement), foreign_role(pull)])
    assert list(access.required_policies) == ["arn:aws:iam::222222222222:role/app"]
    denied = {**login, "Effect": "Deny"}
    access = access_of([stack_with(statement), foreign_role(pull, login, denied)])
    assert all("ecr:GetAuthorizationToken" in one.also_requires for one in access.grants)


def test_actions_that_everyone_is_allowed_are_not_missing() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "ecr:PutImage"},
        {"Effect": "Allow", "Principal": "*", "Action": list(PUSH_ACTIONS)},
    ]
    (of_role,) = [one for one in grants_of([stack_with(*statements)]) if one.principal == role]
    assert of_role.actions == PUSH_ACTIONS
    assert of_role.also_requires == (
        f"in account {ACCOUNT}, an identity policy: ecr:GetAuthorizationToken on *"
    )


def test_the_policies_for_other_accounts_contain_what_is_listed() -> None:
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "NotAction": "ecr:Put*"},
        {"Effect": "Allow", "Principal": {"AWS": "333333333333"}, "Action": "ecr:BatchGetImage"},
        {"Effect": "Deny", "Principal": "*", "Action": ["ecr:Delete*", "ecr:BatchDeleteImage"]},
    ]
    access = access_of([stack_with(*statements)])
    pull, administer = [one for one in access.grants if one.effect == "Allow"]
    assert administer.actions == ("ecr:SetRepositoryPolicy", "ecr:UpdateImageStorageClass")
    assert access.required_policies == {
        "account 222222222222": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": list(pull.actions), "Resource": [ARN]},
                {"Effect": "Allow", "Action": list(administer.actions), "Resource": [ARN]},
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
            ],
        }
    }
