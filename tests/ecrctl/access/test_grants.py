"""``ecrctl access``: grants on repositories, from templates alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.policy.repository_policy import (
    ADMINISTER_ACTIONS,
    PUSH_ACTIONS,
)
from ecrctl.access.grants import Grant, grants_of
from ecrctl.cdk.assemblies import Stack, stacks_of

ACCOUNT = "111111111111"
ARN = f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/team/api"
GITHUB_ROLE = "dev.us-west-2.push.acme.aws-nodejs-sample@main"


@pytest.fixture(scope="module")
def grants(assembly: Path) -> dict[str, list[Grant]]:
    """Return the grants of each environment."""
    stacks = stacks_of(assembly)
    names = {stack.name.partition("/")[0] for stack in stacks}
    return {
        name: grants_of([stack for stack in stacks if stack.name.startswith(f"{name}/")])
        for name in names
    }


def verbs_and_principals(grants: list[Grant]) -> set[tuple[str, str, str]]:
    """Return grants as repository, verb and principal."""
    return {(grant.repository, grant.verb, grant.principal) for grant in grants}


def test_repository_and_identity_policies_are_joined(grants: dict[str, list[Grant]]) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci-image-push"
    found = verbs_and_principals(grants["dev"])
    assert ("aws-nodejs-sample", "pull", "everyone") in found
    assert ("team/api", "push", role) in found
    assert ("aws-nodejs-sample", "push", f"role {GITHUB_ROLE}") in found


def test_principals_that_push_do_not_pull(grants: dict[str, list[Grant]]) -> None:
    pullers = {
        who for repository, verb, who in verbs_and_principals(grants["dev"]) if verb == "pull"
    }
    assert not any(GITHUB_ROLE in who or "ci-image-push" in who for who in pullers)


def test_no_principal_administers_the_shipped_repositories(grants: dict[str, list[Grant]]) -> None:
    assert not [grant for found in grants.values() for grant in found if grant.verb == "administer"]


def test_the_condition_of_an_organization_is_shown(grants: dict[str, list[Grant]]) -> None:
    (everyone,) = [grant for grant in grants["dev"] if grant.principal == "everyone"]
    assert everyone.condition == "StringEquals aws:PrincipalOrgID o-a1b2c3d4e5"
    assert everyone.also_requires.startswith("in each other account, an identity policy: ecr:Batch")


def test_a_grant_across_accounts_names_what_the_other_account_must_allow(
    grants: dict[str, list[Grant]],
) -> None:
    needs = {
        grant.principal: grant.also_requires for grant in grants["registry"] if grant.verb == "pull"
    }
    arn = "arn:aws:ecr:us-west-2:444444444444:repository/aws-nodejs-sample"
    assert needs["account 333333333333"] == (
        "in account 333333333333, an identity policy: ecr:BatchCheckLayerAvailability, "
        f"ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on {arn}; ecr:GetAuthorizationToken on *"
    )


def stack_with(*statements: dict[str, Any]) -> Stack:
    """Return a stack of one repository with a policy."""
    properties = {
        "RepositoryName": "team/api",
        "RepositoryPolicyText": {"Statement": list(statements)},
    }
    resource = {"Type": "AWS::ECR::Repository", "Properties": properties}
    template = {"Resources": {"Api": resource}}
    return Stack(name="dev/Main", account=ACCOUNT, region="us-west-2", template=template)


def test_a_wildcard_among_actions_grants_every_verb() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "ecr:*"}
    assert [grant.verb for grant in grants_of([stack_with(statement)])] == [
        "pull",
        "push",
        "administer",
    ]


def test_a_deny_is_shown_as_a_deny() -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": ["ecr:DeleteRepository"]}
    (grant,) = grants_of([stack_with(statement)])
    assert (grant.effect, grant.verb, grant.also_requires) == ("Deny", "administer", "")
    assert grant.actions == ("ecr:DeleteRepository",)


def test_a_grant_has_every_property_of_its_policy() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-one"}}
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "222222222222"},
        "Action": list(PUSH_ACTIONS),
        "Condition": condition,
    }
    assert grants_of([stack_with(statement)]) == [
        Grant(
            environment=f"{ACCOUNT}/us-west-2",
            repository="team/api",
            repository_arn=ARN,
            verb="push",
            actions=PUSH_ACTIONS,
            effect="Allow",
            principal="account 222222222222",
            condition="StringEquals aws:PrincipalOrgID o-one",
            policy="repository policy",
            also_requires="in account 222222222222, an identity policy: "
            f"{', '.join(PUSH_ACTIONS)} on {ARN}; ecr:GetAuthorizationToken on *",
            is_open_to_everyone=False,
        )
    ]


def verbs_of(**elements: Any) -> list[tuple[str, str]]:
    """Return the verbs and principals of one statement."""
    statement = {"Effect": "Allow", "Principal": "*", **elements}
    return [(grant.verb, grant.principal) for grant in grants_of([stack_with(statement)])]


@pytest.mark.parametrize(
    ("elements", "verbs"),
    [
        # Every action but pushing grants pull and administer.
        ({"NotAction": "ecr:PutImage"}, ["pull", "administer"]),
        (
            {
                "NotAction": [
                    *("ecr:GetDownloadUrlForLayer", "ecr:*Policy", "ecr:*Delete*"),
                    *("ecr:PutImage?*", "ecr:UpdateImage*"),
                ]
            },
            ["push"],
        ),
        # A pull requires both actions, so denying one prevents it and allowing one grants nothing.
        ({"Effect": "Deny", "Action": "ecr:GetDownloadUrlForLayer"}, ["pull"]),
        ({"Action": "ecr:GetDownloadUrlForLayer"}, []),
        ({"Effect": "Deny", "Action": "ecr:UploadLayerPart"}, ["push"]),
    ],
)
def test_the_verbs_of_a_statement_follow_from_its_actions(
    elements: dict[str, Any], verbs: list[str]
) -> None:
    assert verbs_of(**elements) == [(verb, "everyone") for verb in verbs]


@pytest.mark.parametrize(
    ("elements", "who"),
    [
        ({"Principal": {"AWS": "*"}}, "everyone"),
        ({"Principal": {"AWS": "222222222222"}}, "account 222222222222"),
        (
            {
                "Principal": None,
                "NotPrincipal": {"AWS": ["222222222222", "arn:aws:iam::111111111111:role/ci"]},
            },
            "everyone except account 222222222222 and arn:aws:iam::111111111111:role/ci",
        ),
        (
            {
                "Principal": {
                    "AWS": {
                        "Fn::Join": [
                            "",
                            ["arn:", {"Ref": "AWS::Partition"}, ":iam::222222222222:root"],
                        ]
                    }
                }
            },
            "account 222222222222",
        ),
    ],
)
def test_each_form_of_a_principal_is_read(elements: dict[str, Any], who: str) -> None:
    given = {key: value for key, value in elements.items() if value is not None}
    statement = {"Effect": "Allow", "Action": "ecr:PutImage", **given}
    (grant,) = grants_of([stack_with(statement)])
    assert grant.principal == who
    assert ", an identity policy: " in grant.also_requires


@pytest.mark.parametrize(
    ("kind", "properties", "who"),
    [
        ("AWS::IAM::ManagedPolicy", {"Roles": ["r"]}, "role r"),
        ("AWS::IAM::Policy", {"Users": ["u"], "Groups": ["g"]}, "user u"),
        ("AWS::IAM::Role", {}, "role dev/Main/It"),
        ("AWS::IAM::User", {}, "user dev/Main/It"),
    ],
)
def test_identity_policies_of_every_kind_are_joined(
    kind: str, properties: dict[str, Any], who: str
) -> None:
    stack = stack_with()
    document = {"Statement": {"Effect": "Allow", "Action": "ecr:PutImage", "NotResource": "x"}}
    inline = {"Policies": [{"PolicyName": "p", "PolicyDocument": document}]}
    attached = {"PolicyDocument": document}
    held = attached if kind.endswith("Policy") else inline
    stack.template["Resources"]["It"] = {"Type": kind, "Properties": {**properties, **held}}
    assert who in [grant.principal for grant in grants_of([stack])]
    document["Statement"]["NotResource"] = "*"
    assert grants_of([stack]) == []


def test_an_identity_policy_grants_access_to_the_repositories_it_names() -> None:
    stack = stack_with()
    document = {
        "Statement": {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": ARN[:-3] + "*"}
    }
    stack.template["Resources"]["Policy"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "Role"}]},
    }
    stack.template["Resources"]["Role"] = {"Type": "AWS::IAM::Role"}
    (grant,) = grants_of([stack])
    assert (grant.verb, grant.principal, grant.policy) == (
        "push",
        "role dev/Main/Role",
        "identity policy",
    )
    document["Statement"]["Resource"] = ARN + "2"
    assert grants_of([stack]) == []


@pytest.mark.parametrize("action", ADMINISTER_ACTIONS)
def test_each_administrative_action_alone_grants_administer(action: str) -> None:
    assert verbs_of(Action=action) == [("administer", "everyone")]


def test_a_condition_that_no_request_meets_grants_nothing() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    equals = {"ArnEquals": {"aws:PrincipalArn": role}}
    excluded = {"ArnNotLike": {"aws:principalarn": f"{role}*"}}
    assert verbs_of(Action="ecr:DeleteRepository", Condition={**equals, **excluded}) == []


def test_brackets_are_no_wildcard() -> None:
    assert verbs_of(Action="ecr:Put[I]mage") == []
    stack = stack_with()
    statement = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": f"{ARN[:-3]}[a]pi"}
    stack.template["Resources"]["Policy"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": {"Statement": statement}, "Users": ["u"]},
    }
    assert grants_of([stack]) == []
    statement["Resource"] = f"{ARN[:-3]}?pi"
    assert [grant.verb for grant in grants_of([stack])] == ["push"]


def test_statements_that_grant_a_verb_together_are_read_together() -> None:
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": action}
        for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    ]
    (grant,) = grants_of([stack_with(*statements)])
    assert (grant.verb, grant.principal) == ("pull", "account 222222222222")
    assert grants_of([stack_with(statements[0])]) == []


def test_the_values_of_one_condition_stay_together() -> None:
    organizations = {"StringEquals": {"aws:PrincipalOrgID": ["o-one", "o-two"]}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}
    (grant,) = grants_of([stack_with({**statement, "Condition": organizations})])
    assert grant.condition == "StringEquals aws:PrincipalOrgID o-one, o-two"


def test_a_managed_policy_that_a_role_refers_to_is_joined() -> None:
    stack = stack_with()
    statement = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}
    stack.template["Resources"] |= {
        "Policy": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": {"Statement": statement}},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "ci", "ManagedPolicyArns": [{"Ref": "Policy"}]},
        },
    }
    assert [(grant.verb, grant.principal) for grant in grants_of([stack])] == [("push", "role ci")]


def test_a_reference_to_a_repository_of_the_app_is_resolved() -> None:
    stack = stack_with()
    statement = {
        "Effect": "Allow",
        "Action": "ecr:PutImage",
        "Resource": {"Fn::GetAtt": ["Api", "Arn"]},
    }
    stack.template["Resources"]["Policy"] = {
        "Type": "AWS::IAM::UserPolicy",
        "Properties": {"PolicyDocument": {"Statement": statement}, "UserName": "u"},
    }
    assert [(grant.verb, grant.principal) for grant in grants_of([stack])] == [("push", "user u")]


def test_the_policy_of_another_resource_is_no_grant_on_a_repository() -> None:
    stack = stack_with()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    stack.template["Resources"]["Key"] = {
        "Type": "AWS::KMS::Key",
        "Properties": {"KeyPolicy": {"Statement": statement}},
    }
    assert grants_of([stack]) == []


def test_an_unnamed_role_is_not_a_role_that_has_the_last_part_of_its_path() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci"
    half = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "ecr:BatchGetImage"}
    stack = stack_with(half)
    other_half = {"Effect": "Allow", "Action": "ecr:GetDownloadUrlForLayer", "Resource": ARN}
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": other_half}}
    resource: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [inline]}}
    stack.template["Resources"]["ci"] = resource
    assert grants_of([stack]) == []
    resource["Properties"]["RoleName"] = "ci"
    assert [(grant.principal, grant.policy) for grant in grants_of([stack])] == [
        ("role ci", "both policies")
    ]
    # The policy of a repository may also refer to the role.
    del resource["Properties"]["RoleName"]
    half["Principal"] = {"AWS": {"Fn::GetAtt": ["ci", "Arn"]}}
    assert [grant.principal for grant in grants_of([stack])] == ["role dev/Main/ci"]


def test_accounts_that_only_the_deployment_knows_are_the_same_in_one_stage_only() -> None:
    def unknown(stage: str, resources: dict[str, Any]) -> Stack:
        template = {"Resources": resources}
        return Stack(
            name=f"{stage}/Main",
            account="unknown-account",
            region="unknown-region",
            stage=stage,
            template=template,
        )

    api = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "team/api"}}
    unnamed: dict[str, Any] = {"Type": "AWS::ECR::Repository", "Properties": {}}
    statement = {
        "Effect": "Allow",
        "Action": "ecr:DeleteRepository",
        "Resource": [{"Fn::GetAtt": [name, "Arn"]} for name in ("Api", "Web")],
    }
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": statement}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "ci", "Policies": [inline]}}
    found = grants_of([unknown("a", {"Api": api, "Web": unnamed, "Role": role})])
    assert [(one.repository, one.principal, one.also_requires) for one in found] == [
        ("a/Main/Web", "role ci", ""),
        ("team/api", "role ci", ""),
    ]
    anything = {"Effect": "Allow", "Action": "ecr:DeleteRepository", "Resource": "*"}
    inline["PolicyDocument"] = {"Statement": anything}
    assert grants_of([unknown("a", {"Api": api}), unknown("b", {"Role": role})]) == []
