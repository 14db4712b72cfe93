"""Statements of policies, split into permissions that can be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecrctl.policies.conditions import Condition
from ecrctl.policies.patterns import PatternSet, matches
from ecrctl.policies.permission_index import PermissionIndex
from ecrctl.policies.permissions import Permission, permissions_of
from ecrctl.policies.principals import EVERYONE, SELF, Principal, PrincipalSet

NUMBER = "222222222222"
ACCOUNT = PrincipalSet.of(Principal("account", NUMBER))
STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "ecr:PutImage"}
VPC = frozenset({Condition("StringEquals", "aws:SourceVpc", frozenset({"vpc-1"}))})


def permission(action: str = "s3:GetObject", resource: str = "a", **fields: Any) -> Permission:
    """Return a permission."""
    given: dict[str, Any] = {
        "is_deny": False,
        "principal": PrincipalSet.of(EVERYONE),
        "action": PatternSet.of_actions(action),
        "resource": PatternSet.of(resource),
        "conditions": frozenset(),
    }
    return Permission(**given | fields)


def test_a_statement_is_split_by_principal_action_resource_and_value() -> None:
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": [NUMBER, "*"]},
        "Action": ["s3:GetObject", "s3:Put*"],
        "Resource": ["a", "b"],
        "Condition": {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    }
    assert permissions_of({"Statement": statement}, str) == [
        permission(
            action,
            resource,
            is_deny=True,
            principal=principal,
            conditions={Condition("StringEquals", "aws:SourceVpc", frozenset({vpc}))},
        )
        for principal in (ACCOUNT, PrincipalSet.of(EVERYONE))
        for action in ("s3:GetObject", "s3:Put*")
        for resource in ("a", "b")
        for vpc in ("vpc-1", "vpc-2")
    ]


def test_a_statement_without_resource_is_about_the_resource_of_the_policy() -> None:
    assert (
        permissions_of({"Statement": [STATEMENT, STATEMENT]}, str)
        == [permission("ecr:PutImage", "*")] * 2
    )
    assert permissions_of({"Statement": []}, str) == []


def test_excluded_actions_and_resources_stay_one_set() -> None:
    statement = {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": NUMBER},
        "NotAction": ["s3:Get*", "s3:Put*"],
        "NotResource": ["a", "b"],
    }
    assert permissions_of({"Statement": statement}, str) == [
        replace(
            permission(),
            principal=replace(ACCOUNT, negated=True),
            action=PatternSet.of_actions("s3:Get*", "s3:Put*", negated=True),
            resource=PatternSet.of("a", "b", negated=True),
        )
    ]


def test_a_statement_of_an_identity_policy_is_about_its_identity() -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": "ecr:PutImage"}}
    assert permissions_of(policy, str) is None
    assert permissions_of(policy, str, names_principals=False) == [
        permission("ecr:PutImage", "*", principal=PrincipalSet.of(SELF))
    ]


@pytest.mark.parametrize(
    "policy",
    [
        None,
        "Statement",
        {},
        {"Statement": ["text"]},
        {"Statement": [STATEMENT, {"Fn::If": ["Open", STATEMENT, STATEMENT]}]},
        {"Statement": STATEMENT | {"Effect": {"Ref": "Effect"}}},
        {"Statement": STATEMENT | {"Effect": "allow"}},
        {"Statement": STATEMENT | {"Condition": "aws:SourceVpc"}},
    ],
)
def test_an_unknown_form_of_a_policy_is_not_guessed(policy: Any) -> None:
    assert permissions_of(policy, str) is None


def test_a_permission_is_within_another_in_every_part() -> None:
    wide = permission("s3:Get*", "a*")
    assert permission(conditions=VPC).within(wide)
    assert permission(principal=ACCOUNT).within(wide)
    for other in (
        permission(is_deny=True),
        permission("s3:PutObject"),
        permission(resource="b"),
    ):
        assert not other.within(wide)
    assert not permission().within(permission(principal=ACCOUNT))
    assert not permission().within(permission(conditions=VPC))


def test_permissions_concern_the_same_whatever_their_conditions() -> None:
    assert permission().concerns_same(permission("s3:*", conditions=VPC))
    assert not permission("s3:*").concerns_same(permission(conditions=VPC))


ROLE = Principal("aws", f"arn:aws:iam::{NUMBER}:role/ci/push")
SESSION = Principal("aws", f"arn:aws:sts::{NUMBER}:assumed-role/push/one")
PRODUCT = [
    permission(action, resource, principal=principal, conditions=conditions)
    for action in ("s3:GetObject", "s3:Get*", "s3:??tObject", "*")
    for resource in ("a", "a*", "*b*c", "*")
    for principal in (
        PrincipalSet.of(EVERYONE),
        ACCOUNT,
        PrincipalSet.of(ROLE),
        PrincipalSet.of(SESSION),
        PrincipalSet(negated=True, principals=frozenset({ROLE})),
    )
    for conditions in (
        frozenset(),
        VPC,
        frozenset({Condition("StringLike", "aws:sourcevpc", frozenset({"vpc-*"}))}),
        frozenset({Condition("NumericLessThan", "s3:max-keys", frozenset({"10"}))}),
        frozenset({Condition("StringNotEquals", "aws:SourceVpc", frozenset({"vpc-2"}))}),
    )
]
SEVERAL = [
    *PRODUCT,
    permission(resource="b", is_deny=True),
    replace(permission(), action=PatternSet.of_actions("s3:Put*", negated=True)),
    replace(permission(), resource=PatternSet.of("a", "b")),
]


@pytest.mark.parametrize("with_conditions", [True, False])
def test_the_index_finds_every_permission_that_contains_another(*, with_conditions: bool) -> None:
    index = PermissionIndex(SEVERAL, with_conditions=with_conditions)
    for one in SEVERAL:
        candidates = list(index.candidates(one))
        assert len(candidates) == len(set(candidates))
        bare = replace(one, conditions=frozenset())
        for wide in SEVERAL:
            contains = one.within(wide)
            if not with_conditions:
                contains = bare.within(replace(wide, conditions=frozenset()))
            assert not contains or wide in candidates


def test_the_index_omits_nearly_all_permissions_that_contain_no_part_of_another() -> None:
    every = [permission(resource=f"bucket-{number}*") for number in range(1000, 2000)]
    index = PermissionIndex(every)
    assert list(index.candidates(permission(resource="bucket-1234/*"))) == [every[234]]
    assert list(index.candidates(permission(resource="*"))) == []


def test_a_pattern_with_many_wildcards_is_decided_at_once() -> None:
    assert not matches("a*" * 40 + "b", "a" * 4000)
    assert matches("a*" * 40 + "b", "a" * 4000 + "b")


def test_permissions_that_share_an_action_are_found_by_their_other_parts() -> None:
    every = [
        permission(f"s3:Action{action}", f"bucket-{bucket}")
        for action in range(100, 140)
        for bucket in range(100, 140)
    ]
    index = PermissionIndex(every)
    wanted = permission("s3:Action123", "bucket-117")
    assert list(index.candidates(wanted)) == [wanted]
    assert list(index.candidates(permission("s3:Action123", "bucket-1"))) == []
