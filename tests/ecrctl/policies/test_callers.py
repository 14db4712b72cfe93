"""Conditions that limit the callers of a statement for everyone."""

from __future__ import annotations

import pytest

from ecrctl.policies.callers import limit_callers
from ecrctl.policies.conditions import Condition


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("StringEquals", "aws:PrincipalOrgID", ["o-one", "o-two"]),
        ("StringEquals", "AWS:principalorgid", ["o-one"]),
        ("StringLike", "aws:PrincipalOrgID", ["o-one"]),
        # For an equality "*" is a letter.
        ("StringEquals", "aws:PrincipalOrgID", ["*"]),
        ("StringEqualsIgnoreCase", "aws:PrincipalAccount", ["222222222222"]),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", ["o-one/r-ab12/*"]),
        ("ArnLike", "aws:PrincipalArn", ["arn:aws:iam::222222222222:role/*"]),
        # Every signed request has the ARN of its principal.
        ("ArnLikeIfExists", "aws:principalarn", ["arn:aws:iam::222222222222:role/ci"]),
        ("StringEqualsIfExists", "aws:PrincipalAccount", ["222222222222"]),
        ("ArnLike", "aws:SourceArn", ["arn:aws:lambda:us-west-2:222222222222:function:*"]),
        ("StringEquals", "aws:SourceVpce", ["vpce-1"]),
        ("StringLike", "aws:userid", ["AROA1:*"]),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "2001:db8::/32"]),
        ("IpAddress", "aws:SourceIp", ["${Office}"]),
    ],
)
def test_a_condition_limits_callers(operator: str, key: str, values: list[str]) -> None:
    tag = Condition("StringEquals", "aws:PrincipalTag/team", frozenset({"a"}))
    assert limit_callers([tag, Condition(operator, key, frozenset(values))])


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        # Each account chooses its own tags.
        ("StringEquals", "aws:PrincipalTag/team", ["a"]),
        ("StringLike", "aws:PrincipalOrgID", ["o-*"]),
        ("StringLike", "aws:PrincipalOrgID", ["o-one", "*"]),
        # A principal of no organization does not have the key.
        ("StringEqualsIfExists", "aws:PrincipalOrgID", ["o-one"]),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", ["o-one/"]),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", ["*/r-ab12/*"]),
        ("StringNotEquals", "aws:PrincipalOrgID", ["o-one"]),
        ("ArnNotLike", "aws:PrincipalArn", ["arn:aws:iam::222222222222:role/ci"]),
        ("ArnLike", "aws:PrincipalArn", ["arn:aws:iam::*:role/ci"]),
        ("ArnLike", "aws:PrincipalArn", ["*"]),
        ("StringLike", "aws:userid", ["*:session"]),
        ("IpAddress", "aws:SourceIp", ["0.0.0.0/0"]),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "::/0"]),
        ("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"]),
        ("Bool", "aws:SecureTransport", ["true"]),
        ("Null", "aws:PrincipalOrgID", ["false"]),
    ],
)
def test_a_condition_limits_no_callers(operator: str, key: str, values: list[str]) -> None:
    assert not limit_callers([Condition(operator, key, frozenset(values))])
    assert not limit_callers([])
