"""Principals of statements, and sets of them."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.policies.principals import (
    EVERYONE,
    OWN_ACCOUNT,
    SELF,
    Principal,
    PrincipalSet,
    principal_sets_of,
)

NUMBER = "222222222222"
ACCOUNT = Principal("account", NUMBER)
OTHER_ACCOUNT = Principal("account", "333333333333")
ROLE = Principal("aws", f"arn:aws:iam::{NUMBER}:role/ci")
ROLES = Principal("aws", f"arn:aws:iam::{NUMBER}:role/*")
SESSION = Principal("aws", f"arn:aws-cn:sts::{NUMBER}:assumed-role/ci/s")
SERVICE = Principal("service", "lambda.amazonaws.com")
SERVICE_NAMED_AS_A_ROLE = Principal("service", ROLE.name)


@pytest.mark.parametrize(
    ("given", "principals"),
    [
        ("*", [EVERYONE]),
        ({"AWS": "*"}, [EVERYONE]),
        ({"Service": "*"}, [Principal("service", "*")]),
        ({"AWS": [NUMBER, ROLE.name]}, [ACCOUNT, ROLE]),
        ({"AWS": f"arn:aws-cn:iam::{NUMBER}:root"}, [ACCOUNT]),
        ({"AWS": f"arn:${{Partition}}:iam::{NUMBER}:root"}, [ACCOUNT]),
        ({"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"}, [Principal("account", OWN_ACCOUNT)]),
        ({"AWS": f"{NUMBER}0"}, [Principal("aws", f"{NUMBER}0")]),
        ({"Service": "s", "Federated": ["f", "g"]}, None),
        # A value of the template in place of the principals.
        ({"Fn::If": ["a"]}, [Principal("aws", "{'Fn::If': ['a']}")]),
        ({"Ref": "Who"}, [Principal("aws", "{'Ref': 'Who'}")]),
    ],
)
def test_each_principal_of_a_statement_is_a_set_of_its_own(
    given: Any, principals: list[Principal] | None
) -> None:
    expected = principals or [
        Principal("service", "s"),
        Principal("federated", "f"),
        Principal("federated", "g"),
    ]
    assert principal_sets_of({"Principal": given}, str) == [
        PrincipalSet(negated=False, principals=frozenset({one})) for one in expected
    ]


def test_excluded_principals_are_one_set() -> None:
    assert principal_sets_of({"NotPrincipal": {"AWS": [NUMBER, ROLE.name]}}, str) == [
        PrincipalSet(negated=True, principals=frozenset({ACCOUNT, ROLE}))
    ]
    assert principal_sets_of({}, str) == []


def test_the_account_of_a_principal_is_read_from_its_arn() -> None:
    principals = (ACCOUNT, ROLE, SESSION, Principal("aws", "AROA1"), EVERYONE, SERVICE)
    assert [one.account for one in principals] == [NUMBER, NUMBER, NUMBER, None, None, None]
    assert SERVICE_NAMED_AS_A_ROLE.account is None


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        (ROLE, EVERYONE, True),
        (ROLE, ROLE, True),
        (ROLE, ACCOUNT, True),
        (SESSION, ACCOUNT, True),
        # A session is named without the path of its role.
        (SESSION, ROLE, True),
        (SESSION, Principal("aws", f"arn:aws-cn:iam::{NUMBER}:role/team/path/ci"), True),
        (SESSION, Principal("aws", f"arn:aws:iam::{NUMBER}:role/ci2"), False),
        (SESSION, Principal("aws", "arn:aws:iam::333333333333:role/ci"), False),
        (SESSION, Principal("aws", f"arn:aws:iam::{NUMBER}:user/ci"), False),
        (SESSION, Principal("service", ROLE.name), False),
        (ROLE, SESSION, False),
        (ACCOUNT, ROLE, False),
        (ROLE, OTHER_ACCOUNT, False),
        (SERVICE_NAMED_AS_A_ROLE, ACCOUNT, False),
        (EVERYONE, ROLE, False),
        (SELF, ROLE, False),
        # The name alone is no account.
        (ROLE, Principal("service", NUMBER), False),
        (ACCOUNT, Principal("service", NUMBER), False),
    ],
)
def test_an_account_contains_its_roles(
    narrow: Principal, wide: Principal, *, expected: bool
) -> None:
    assert narrow.within(wide) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (ROLE, ACCOUNT, True),
        (ACCOUNT, ROLE, True),
        (ROLE, ROLES, True),
        (ROLE, SESSION, True),
        (SERVICE_NAMED_AS_A_ROLE, ROLE, False),
        (ROLE, OTHER_ACCOUNT, False),
    ],
)
def test_principals_may_meet_unless_that_is_excluded(
    one: Principal, other: Principal, *, expected: bool
) -> None:
    assert one.may_meet(other) is expected


def all_but(*principals: Principal) -> PrincipalSet:
    """Return the set of all principals but some."""
    return PrincipalSet(negated=True, principals=frozenset(principals))


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        (PrincipalSet.of(ROLE, SESSION), PrincipalSet.of(ACCOUNT, SERVICE), True),
        (PrincipalSet.of(ROLE, SERVICE), PrincipalSet.of(ACCOUNT), False),
        (PrincipalSet.of(ROLE), PrincipalSet.of(EVERYONE), True),
        (PrincipalSet.of(ROLE), all_but(OTHER_ACCOUNT), True),
        (PrincipalSet.of(ROLE), all_but(ACCOUNT), False),
        (PrincipalSet.of(ROLE), all_but(ROLES), False),
        (all_but(ACCOUNT), all_but(ROLE), True),
        (all_but(ROLE), all_but(ACCOUNT), False),
        (all_but(ROLE), PrincipalSet.of(EVERYONE), True),
        (all_but(ROLE), PrincipalSet.of(ACCOUNT), False),
    ],
)
def test_one_set_of_principals_is_within_another(
    narrow: PrincipalSet, wide: PrincipalSet, *, expected: bool
) -> None:
    assert narrow.within(wide) is expected


def test_a_set_is_open_where_it_contains_principals_of_any_account() -> None:
    assert PrincipalSet.of(ROLE, EVERYONE).is_open
    assert all_but(ROLE).is_open
    assert not PrincipalSet.of(ROLE, ACCOUNT).is_open
