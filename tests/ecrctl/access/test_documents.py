"""Cases of IAM's documentation that the embedded AWS's evaluator cannot decide.

Sources, all of the IAM user guide: "AWS JSON policy elements: Principal" (P), "NotPrincipal" (N),
"Policy evaluation logic" and "Cross-account policy evaluation logic" (L), "Permissions boundaries
for IAM entities" (B), "IAM JSON policy elements: Condition operators" (C).
"""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS
from ecrctl.access.grants import grants_of
from tests.ecrctl.access.test_grants import ACCOUNT, ARN, stack_with

OTHER, STRANGER = "222222222222", "999999999999"
ROOT = f"arn:aws:iam::{OTHER}:root"
BOB, ANN = f"arn:aws:iam::{OTHER}:user/Bob", f"arn:aws:iam::{OTHER}:user/Ann"
ROLE = f"arn:aws:iam::{OTHER}:role/team/ci"
SESSION = f"arn:aws:sts::{OTHER}:assumed-role/ci/build"
OWN_ROLE, OWN_USER = f"arn:aws:iam::{ACCOUNT}:role/ci", f"arn:aws:iam::{ACCOUNT}:user/ci"
PULL = {"Action": list(PULL_ACTIONS)}
ALL_BUT_BOB = f"everyone except account {OTHER} and {BOB}"


def allow(principal: Any, **elements: Any) -> dict[str, Any]:
    """Return a statement that allows principals to pull."""
    return {"Effect": "Allow", "Principal": principal, **PULL, **elements}


def deny(principal: Any, **elements: Any) -> dict[str, Any]:
    """Return a statement that denies principals to pull."""
    return {"Effect": "Deny", "Principal": principal, **PULL, **elements}


def excluding(effect: str, *principals: str, **elements: Any) -> dict[str, Any]:
    """Return a statement about all principals but some."""
    return {"Effect": effect, "NotPrincipal": {"AWS": list(principals)}, **PULL, **elements}


def listed(*policy: dict[str, Any]) -> list[str]:
    """Return the principals that may pull, and those that may not, with their effect."""
    grants = grants_of([stack_with(*policy)])
    return [f"{one.effect} {one.principal}" for one in grants if one.verb == "pull"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        # P: the account's number and the ARN of its root are the same principal.
        ([allow({"AWS": OTHER}), allow({"AWS": ROOT})], [f"Allow account {OTHER}"]),
        # P: "*" and {"AWS": "*"} are the same.
        ([allow("*"), allow({"AWS": "*"})], ["Allow everyone"]),
        # P: a wildcard cannot be a part of a principal's name or ARN.
        ([allow({"AWS": f"arn:aws:iam::{OTHER}:role/*"})], []),
        ([allow({"AWS": f"arn:aws:iam::{OTHER}:user/Bo?"})], []),
        ([allow({"AWS": "arn:aws:iam::*:root"})], []),
        ([allow({"AWS": "22222222222*"})], []),
        ([allow({"Service": "*.amazonaws.com"})], []),
        ([deny({"AWS": f"arn:aws:iam::{OTHER}:role/*"}), allow({"AWS": ROLE})], [f"Allow {ROLE}"]),
        ([allow({"AWS": [f"arn:aws:iam::{OTHER}:role/*", BOB]})], [f"Allow {BOB}"]),
        # P: a session is a principal of its role and of its account.
        ([allow({"AWS": SESSION})], [f"Allow {SESSION}"]),
        ([allow({"AWS": SESSION}), deny({"AWS": ROLE})], [f"Deny {ROLE}"]),
        ([allow({"AWS": SESSION}), deny({"AWS": ROOT})], [f"Deny account {OTHER}"]),
        # P: a role is not its session, and a role's name has no path in a session.
        (
            [allow({"AWS": ROLE}), deny({"AWS": SESSION})],
            [f"Allow {ROLE}", f"Deny {SESSION}"],
        ),
        # P: services and federated principals are not principals of an account.
        (
            [allow({"Service": "lambda.amazonaws.com"}), deny({"AWS": ROOT})],
            [f"Deny account {OTHER}", "Allow service lambda.amazonaws.com"],
        ),
        (
            [allow({"Federated": "cognito-identity.amazonaws.com"})],
            ["Allow federated cognito-identity.amazonaws.com"],
        ),
        # N: with Allow, everyone but the principals.
        ([excluding("Allow", ROOT)], [f"Allow everyone except account {OTHER}"]),
        # N: two such statements allow all but the principals of both something together.
        (
            [
                excluding("Allow", BOB, Action="ecr:BatchGetImage"),
                excluding("Allow", ANN, Action="ecr:GetDownloadUrlForLayer"),
            ],
            [f"Allow everyone except {ANN} and {BOB}"],
        ),
        (
            [
                excluding("Allow", BOB, Action="ecr:BatchGetImage"),
                allow({"AWS": ANN}, Action="ecr:GetDownloadUrlForLayer"),
            ],
            [f"Allow {ANN}"],
        ),
        (
            [excluding("Allow", ANN), excluding("Allow", BOB, Action="ecr:PutImage")],
            [f"Allow everyone except {ANN}"],
        ),
        # N: with Deny, the principals are not denied.
        (
            [allow({"AWS": BOB}), excluding("Deny", BOB, ROOT)],
            [f"Allow {BOB}", f"Deny {ALL_BUT_BOB}"],
        ),
        # N: the account's other principals are denied although their account is exempt.
        ([allow({"AWS": ANN}), excluding("Deny", BOB, ROOT)], [f"Deny {ALL_BUT_BOB}"]),
        ([allow({"AWS": ROLE}), excluding("Deny", BOB, ROOT)], [f"Deny {ALL_BUT_BOB}"]),
        # N: principals of all other accounts are denied.
        ([allow({"AWS": STRANGER}), excluding("Deny", BOB, ROOT)], [f"Deny {ALL_BUT_BOB}"]),
        (
            [allow({"Service": "lambda.amazonaws.com"}), excluding("Deny", BOB, ROOT)],
            [f"Deny {ALL_BUT_BOB}"],
        ),
        # N: a session of an exempt role is exempt.
        (
            [allow({"AWS": SESSION}), excluding("Deny", ROLE, ROOT)],
            [f"Allow {SESSION}", f"Deny everyone except account {OTHER} and {ROLE}"],
        ),
        # L: an explicit Deny overrides every Allow, whatever the order.
        ([allow("*"), deny("*")], ["Deny everyone"]),
        (
            [deny({"AWS": ROOT}), allow({"AWS": BOB}), allow({"AWS": ROOT})],
            [f"Deny account {OTHER}"],
        ),
        # L: a Deny for one principal leaves the others.
        ([deny({"AWS": BOB}), allow({"AWS": ROOT})], [f"Allow account {OTHER}", f"Deny {BOB}"]),
        # L: a verb is prevented by a Deny of one of its actions.
        (
            [allow({"AWS": BOB}), deny({"AWS": BOB}, Action="ecr:GetDownload*")],
            [f"Deny {BOB}"],
        ),
        # C: a Deny whose condition the Allow implies overrides it; another one does not.
        (
            [
                allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-one"}}),
                deny("*", Condition={"StringLike": {"aws:principalorgid": "o-*"}}),
            ],
            ["Deny everyone"],
        ),
        (
            [
                allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-one"}}),
                deny("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-two"}}),
            ],
            ["Allow everyone", "Deny everyone"],
        ),
        # C: with IfExists, a missing key meets the condition.
        (
            [
                allow("*", Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-one"}}),
                deny("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-one"}}),
            ],
            ["Allow everyone", "Deny everyone"],
        ),
        # C: no request has two values of one key.
        (
            [
                allow(
                    "*",
                    Condition={
                        "StringEquals": {"aws:PrincipalOrgID": "o-one"},
                        "StringNotLike": {"aws:PrincipalOrgID": "o-*"},
                    },
                )
            ],
            [],
        ),
        (
            [
                allow(
                    "*",
                    Action=action,
                    Condition={"StringEquals": {"aws:PrincipalOrgID": organization}},
                )
                for action, organization in (
                    ("ecr:BatchGetImage", "o-one"),
                    ("ecr:GetDownloadUrlForLayer", "o-two"),
                )
            ],
            [],
        ),
    ],
)
def test_the_principals_are_those_of_the_documentation(
    policy: list[dict[str, Any]], expected: list[str]
) -> None:
    assert listed(*policy) == expected


def identity(
    kind: str, *statements: dict[str, Any], boundary: list[dict[str, Any]] | None = None
) -> dict[str, dict[str, Any]]:
    """Return the resources of a role or user of the repository's account."""
    inline = {"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}
    properties: dict[str, Any] = {f"{kind}Name": "ci", "Policies": [inline] if statements else []}
    if boundary is None:
        return {kind: {"Type": f"AWS::IAM::{kind}", "Properties": properties}}
    properties["PermissionsBoundary"] = {"Ref": "Boundary"}
    document = {"PolicyDocument": {"Statement": boundary}}
    return {
        kind: {"Type": f"AWS::IAM::{kind}", "Properties": properties},
        "Boundary": {"Type": "AWS::IAM::ManagedPolicy", "Properties": document},
    }


OWN_PULL = {"Effect": "Allow", "Resource": "*", **PULL}
LOGIN = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
PUSH_ONLY = {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": ARN}
HALF, OTHER_HALF = "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"


@pytest.mark.parametrize(
    ("policy", "resources", "expected"),
    [
        # L: in one account, one of the two policies is enough, and both may allow a part.
        ([], identity("Role", OWN_PULL, LOGIN), ["Allow role ci"]),
        (
            [allow({"AWS": OWN_ROLE}, Action=HALF)],
            identity("Role", {**OWN_PULL, "Action": OTHER_HALF}, LOGIN),
            ["Allow role ci"],
        ),
        # P: a policy may name a role with its path, or a session of the role.
        *(
            (
                [allow({"AWS": principal}, Action=HALF)],
                identity("Role", {**OWN_PULL, "Action": OTHER_HALF}, LOGIN),
                ["Allow role ci"],
            )
            for principal in (
                f"arn:aws:iam::{ACCOUNT}:role/team/ci",
                f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/build",
            )
        ),
        # N: an account's roles are denied although their account is exempt.
        (
            [excluding("Deny", f"arn:aws:iam::{ACCOUNT}:root")],
            identity("Role", OWN_PULL, LOGIN),
            [f"Deny everyone except account {ACCOUNT}"],
        ),
        # L: a statement for the account only delegates to its identity policies.
        (
            [allow({"AWS": ACCOUNT}, Action=HALF)],
            identity("Role", {**OWN_PULL, "Action": OTHER_HALF}, LOGIN),
            [],
        ),
        (
            [
                allow({"AWS": OWN_ROLE}, Action=HALF),
                allow({"AWS": ACCOUNT}, Action=OTHER_HALF),
            ],
            {},
            [],
        ),
        # L: a Deny in either policy overrides both.
        ([deny({"AWS": OWN_ROLE})], identity("Role", OWN_PULL), [f"Deny {OWN_ROLE}"]),
        (
            [allow({"AWS": OWN_ROLE})],
            identity("Role", {**OWN_PULL, "Effect": "Deny"}),
            ["Deny role ci"],
        ),
        # B: a boundary limits identity policies, and a role's grants by a resource.
        ([], identity("Role", OWN_PULL, boundary=[PUSH_ONLY]), []),
        ([], identity("Role", OWN_PULL, LOGIN, boundary=[OWN_PULL, LOGIN]), ["Allow role ci"]),
        ([allow({"AWS": OWN_ROLE})], identity("Role", boundary=[PUSH_ONLY]), ["Deny role ci"]),
        (
            [allow("*")],
            identity("Role", boundary=[PUSH_ONLY]),
            ["Allow everyone", "Deny role ci"],
        ),
        # B: a boundary grants nothing.
        ([], identity("Role", boundary=[OWN_PULL]), []),
        # B: a boundary does not limit a user that the resource's policy names, but its Deny does.
        ([allow({"AWS": OWN_USER})], identity("User", boundary=[PUSH_ONLY]), [f"Allow {OWN_USER}"]),
        (
            [allow({"AWS": OWN_USER})],
            identity("User", boundary=[{**OWN_PULL, "Effect": "Deny"}]),
            ["Deny user ci"],
        ),
    ],
)
def test_the_policies_of_identities_are_joined_as_documented(
    policy: list[dict[str, Any]], resources: dict[str, dict[str, Any]], expected: list[str]
) -> None:
    stack = stack_with(*policy)
    stack.template["Resources"] |= resources
    assert [
        f"{one.effect} {one.principal}" for one in grants_of([stack]) if one.verb == "pull"
    ] == expected
