"""Statements of a role's policy."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.policy.identity_statements import identity_statement_faults

VALID = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Sid": "Read1", "Effect": "Deny"},
        {"Action": ["s3:Get*", "kms:Decrypt", "*"]},
        {"Resource": ["arn:aws:s3:::bucket/*", {"Fn::GetAtt": ["A", "Arn"]}]},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_a_statement_that_iam_accepts(changes: dict[str, Any]) -> None:
    assert identity_statement_faults([VALID | changes]) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"Principal": "*"},
            "[0].Principal: an identity policy's statement cannot have Principal, because the "
            "principal is the role itself. Remove Principal.",
        ),
        (
            {"Actions": "s3:GetObject"},
            "[0].Actions: a statement cannot have the element 'Actions'. Use one of Sid, Effect, "
            "Action, NotAction, Resource, NotResource, Condition.",
        ),
        (
            {"Sid": "not allowed"},
            "[0].Sid: a Sid must be text of up to 100 letters and digits, got 'not allowed'. Write "
            "one such as 'PullFromPartner'.",
        ),
        ({"Effect": "Alow"}, "[0].Effect: Effect must be Allow or Deny, got 'Alow'."),
        (
            {"Action": []},
            "[0].Action: a statement requires at least one action, got none. Add one, such as "
            "'s3:GetObject'.",
        ),
        (
            {"Action": "GetObject"},
            "[0].Action: an action must be a service and a name with a colon between them, got "
            "'GetObject'. Write one such as 's3:GetObject'.",
        ),
        (
            {"NotAction": "s3:Get"},
            "[0].Action: a statement requires either Action or NotAction, got both. Write one of "
            "the two.",
        ),
        (
            {"Resource": []},
            "[0].Resource: a statement requires at least one resource, got none. Add one, or '*'.",
        ),
        (
            {"Resource": "bucket"},
            "[0].Resource: a resource must be an ARN or '*', got 'bucket'. Write one such as "
            "'arn:aws:s3:::bucket/*'.",
        ),
        (
            {"Condition": {"StringEqual": {"a": "b"}}},
            "[0].Condition.StringEqual: a condition operator must be one of IAM's, got "
            "'StringEqual'. Write one such as 'ArnEquals'.",
        ),
    ],
)
def test_a_statement_that_iam_refuses(changes: dict[str, Any], expected: str) -> None:
    assert list(map(str, identity_statement_faults([VALID | changes]))) == [expected]


def test_what_is_no_statement_and_what_is_too_long() -> None:
    assert list(map(str, identity_statement_faults(["s3:*"]))) == [
        "[0]: a statement must be a mapping, got 's3:*'. Write one with Effect, Action and "
        "Resource."
    ]
    statement = {**VALID, "Resource": "arn:aws:s3:::" + "a" * 500}
    assert identity_statement_faults([statement] * 17) == []
    (fault,) = identity_statement_faults([statement] * 18)
    assert str(fault) == (
        "the policies of a role can have at most 10,240 characters, got 10,298. Use wildcards, or "
        "a managed policy."
    )
