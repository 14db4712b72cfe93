"""``ecrctl access``: who may do what, from templates alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.policies.grants import Grant, as_json, as_markdown, grants_of
from tests.support import ROOT

ACCOUNT = "111111111111"
ARN = f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/team/api"


@pytest.fixture(scope="module")
def grants(assembly: Path) -> dict[str, list[Grant]]:
    """Give the grants of each environment."""
    stacks = stacks_of(assembly)
    names = {stack.name.partition("/")[0] for stack in stacks}
    return {
        name: grants_of([stack for stack in stacks if stack.name.startswith(f"{name}/")])
        for name in names
    }


def told(grants: list[Grant]) -> set[tuple[str, str, str]]:
    """Give grants by repository, verb and who."""
    return {(grant.repository, grant.verb, grant.who) for grant in grants}


def test_repository_and_identity_policies_are_joined(grants: dict[str, list[Grant]]) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ci-image-push"
    found = told(grants["dev"])
    assert ("aws-nodejs-sample", "pull", "everyone") in found
    assert ("team/api", "push", role) in found
    assert any(verb == "push" and "GitHubAccess" in who for _, verb, who in found)


def test_who_pushes_does_not_pull(grants: dict[str, list[Grant]]) -> None:
    pullers = {who for repository, verb, who in told(grants["dev"]) if verb == "pull"}
    assert not any("GitHubAccess" in who or "ci-image-push" in who for who in pullers)


def test_nobody_administers_the_shipped_repositories(grants: dict[str, list[Grant]]) -> None:
    assert not [grant for found in grants.values() for grant in found if grant.verb == "administer"]


def test_the_condition_of_an_organisation_is_shown(grants: dict[str, list[Grant]]) -> None:
    (everyone,) = [grant for grant in grants["dev"] if grant.who == "everyone"]
    assert everyone.condition == "StringEquals aws:PrincipalOrgID o-a1b2c3d4e5"
    assert everyone.also_needs.startswith("in each other account, an identity policy: ecr:Batch")


def test_the_other_half_is_said_where_it_is_needed(grants: dict[str, list[Grant]]) -> None:
    needs = {grant.who: grant.also_needs for grant in grants["registry"] if grant.verb == "pull"}
    arn = "arn:aws:ecr:us-west-2:444444444444:repository/aws-nodejs-sample"
    assert needs["account 333333333333"] == (
        "in account 333333333333, an identity policy: ecr:BatchCheckLayerAvailability, "
        f"ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on {arn}; ecr:GetAuthorizationToken on *"
    )


def stack_with(*statements: dict[str, Any]) -> Stack:
    """Make a stack of one repository with a policy."""
    properties = {
        "RepositoryName": "team/api",
        "RepositoryPolicyText": {"Statement": list(statements)},
    }
    resource = {"Type": "AWS::ECR::Repository", "Properties": properties}
    template = {"Resources": {"Api": resource}}
    return Stack(name="dev/Main", account=ACCOUNT, region="us-west-2", template=template)


def test_a_wildcard_among_actions_is_every_verb() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "ecr:*"}
    assert [grant.verb for grant in grants_of([stack_with(statement)])] == [
        "pull",
        "push",
        "administer",
    ]


def test_a_deny_is_shown_as_one() -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": ["ecr:DeleteRepository"]}
    (grant,) = grants_of([stack_with(statement)])
    assert (grant.effect, grant.verb, grant.also_needs) == ("Deny", "administer", "")
    assert "**never** administer" in as_markdown("dev", [grant])


def verbs_of(**elements: Any) -> list[tuple[str, str]]:
    """Give who may do what by a statement of somebody's own."""
    statement = {"Effect": "Allow", "Principal": "*", **elements}
    return [(grant.verb, grant.who) for grant in grants_of([stack_with(statement)])]


@pytest.mark.parametrize(
    ("elements", "verbs"),
    [
        # All but pushing is pulling and administering.
        ({"NotAction": "ecr:PutImage"}, ["pull", "administer"]),
        ({"NotAction": ["ecr:GetDownloadUrlForLayer", "ecr:*Policy", "ecr:*Delete*"]}, ["push"]),
        # One layer less, and nothing is pulled; one is not enough to pull.
        ({"Effect": "Deny", "Action": "ecr:GetDownloadUrlForLayer"}, ["pull"]),
        ({"Action": "ecr:GetDownloadUrlForLayer"}, []),
        ({"Effect": "Deny", "Action": "ecr:UploadLayerPart"}, ["push"]),
    ],
)
def test_each_statement_is_read_for_what_it_says(
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
            "everyone but account 222222222222, arn:aws:iam::111111111111:role/ci",
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
def test_each_way_to_name_somebody_is_read(elements: dict[str, Any], who: str) -> None:
    given = {key: value for key, value in elements.items() if value is not None}
    statement = {"Effect": "Allow", "Action": "ecr:PutImage", **given}
    (grant,) = grants_of([stack_with(statement)])
    assert grant.who == who
    assert ", an identity policy: " in grant.also_needs


def test_a_role_of_another_account_needs_its_own_half() -> None:
    role = "arn:aws:iam::222222222222:role/ci"
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "ecr:PutImage"}
    (grant,) = grants_of([stack_with(statement)])
    assert grant.also_needs.startswith("in account 222222222222, an identity policy: ")
    own = {**statement, "Principal": {"AWS": role.replace("2", "1")}}
    (grant,) = grants_of([stack_with(own)])
    assert grant.also_needs == ""
    # The CDK makes both halves of a grant to a role of the same app.
    tag = {"StringEquals": {"aws:PrincipalTag/aws-cdk:id": "Other_c84"}}
    (grant,) = grants_of([stack_with({**statement, "Condition": tag})])
    assert grant.also_needs == ""


def test_who_administers_from_elsewhere_needs_a_half_for_that() -> None:
    principal = {"AWS": "arn:aws:iam::222222222222:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "ecr:DeleteRepository"}
    (grant,) = grants_of([stack_with(statement)])
    assert grant.also_needs.startswith(
        "in account 222222222222, an identity policy: ecr:BatchDeleteImage, ecr:DeleteRepository,"
    )


@pytest.mark.parametrize(
    ("kind", "properties", "who"),
    [
        ("AWS::IAM::ManagedPolicy", {"Roles": [{"Ref": "R"}]}, "role dev/Main/R"),
        ("AWS::IAM::Policy", {"Users": ["u"], "Groups": ["g"]}, "user dev/Main/u"),
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
    assert who in [grant.who for grant in grants_of([stack])]
    document["Statement"]["NotResource"] = "*"
    assert grants_of([stack]) == []


def test_an_identity_policy_counts_for_the_repositories_it_names() -> None:
    stack = stack_with()
    document = {
        "Statement": {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": ARN[:-3] + "*"}
    }
    stack.template["Resources"]["Policy"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyDocument": document, "Roles": [{"Ref": "Role"}]},
    }
    (grant,) = grants_of([stack])
    assert (grant.verb, grant.who, grant.by) == ("push", "role dev/Main/Role", "identity policy")
    document["Statement"]["Resource"] = ARN + "2"
    assert grants_of([stack]) == []


def test_the_command_writes_json(environments: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "registry", "--format", "json"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(result.stdout)
    assert {item["repository"] for item in found} == {"aws-nodejs-sample"}
    assert {item["verb"] for item in found} == {"pull", "push"}


def test_the_command_writes_the_policies_that_others_must_add(
    environments: Path, tmp_path: Path
) -> None:
    file = tmp_path / "halves.json"
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "registry", "--required-grants", str(file)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    arn = "arn:aws:ecr:us-west-2:444444444444:repository/aws-nodejs-sample"
    found = json.loads(file.read_text())
    assert found["account 333333333333"] == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": list(PULL_ACTIONS), "Resource": [arn]},
            {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        ],
    }
    owners = ", ".join(found)
    assert f"{len(found)} owners have a policy to add, in {file}: {owners}." in result.stdout


def test_all_environments_are_shown_unless_one_is_named(environments: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "--format", "markdown"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [line for line in result.stdout.splitlines() if line.startswith("###")]
    assert shown == [f"### {name}: who may do what" for name in ("dev", "local", "registry")]
    # Joined across environments: the role in prod pulls what the registry declares.
    pulls = [line for line in result.stdout.splitlines() if "role prod/EcsWorkloads" in line]
    assert pulls[0].startswith("| aws-nodejs-sample | pull |")


def test_a_file_that_cannot_be_written_is_one_sentence(environments: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(environments)),
            *("access", "registry", "--required-grants", str(tmp_path / "no" / "file")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.endswith("cannot be written: No such file or directory.\n")


def test_json_holds_every_field() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "ecr:*"}
    (first, *_) = json.loads(as_json(grants_of([stack_with(statement)])))
    assert set(first) == set(Grant.__slots__)
