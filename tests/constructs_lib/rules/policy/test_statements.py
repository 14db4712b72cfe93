"""Statements that are passed in: checked one by one, merged, and checked together."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.policy.statements import (
    canonical,
    merged,
    repository_policy_faults,
    statement_faults,
    statements_of,
)

ROLE = "arn:aws:iam::111111111111:role/ci"
DIGITS = "\u0661" * 12  # of another script: none to AWS


def statement(**elements: Any) -> dict[str, Any]:
    """Give a statement that holds, but for some elements; ``None`` takes one out."""
    whole = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "ecr:BatchGetImage"}
    return {key: value for key, value in (whole | elements).items() if value is not None}


@pytest.mark.parametrize(
    "elements",
    [
        {"Sid": "new statement"},
        {"Effect": "Deny", "Principal": "*", "Condition": {"Null": {"aws:PrincipalArn": "false"}}},
        {"Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["ecr:*", "ecr:Get?mage"]},
        {"Principal": None, "NotPrincipal": {"AWS": "111111111111"}, "Effect": "Deny"},
        {"Action": None, "NotAction": "ecr:PutImage"},
        {"Principal": {"AWS": "arn:aws-us-gov:iam::111111111111:root"}},
        {"Principal": {"AWS": "arn:aws:sts::111111111111:assumed-role/ci/session"}},
        {"Principal": {"AWS": {"Fn::GetAtt": ["Role", "Arn"]}}},
        {"Principal": {"AWS": "${Token[TOKEN.12]}"}},
        {"Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-a1/*"]}}},
        {"Condition": {"NumericLessThanIfExists": {"aws:MultiFactorAuthAge": 300}}},
        {"Condition": {"Bool": {"aws:SecureTransport": True}}},
        {"Condition": {"ArnEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["Role", "Arn"]}}}},
    ],
)
def test_what_ecr_takes_has_no_fault(elements: dict[str, Any]) -> None:
    assert statement_faults([statement(**elements)]) == []


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        (
            {"Resource": "*"},
            "[0].Resource: a repository policy's statement has no Resource: it is the repository. "
            "Remove it.",
        ),
        (
            {"Effects": "Allow"},
            "[0].Effects: a statement has no such element. Known: Sid, Effect, Principal, "
            "NotPrincipal, Action, NotAction, Condition.",
        ),
        (
            {"Sid": "a/b"},
            "[0].Sid: a Sid is text of up to 100 letters, digits, '-', '_' and spaces, got 'a/b'.",
        ),
        (
            {"Effect": "allow"},
            "[0].Effect: the Effect of a statement is Allow or Deny, got 'allow'.",
        ),
        (
            {"Principal": None},
            "[0].Principal: a statement has Principal or NotPrincipal, got none. Write one.",
        ),
        (
            {"NotAction": "ecr:PutImage"},
            "[0].Action: a statement has Action or NotAction, got both. Write one.",
        ),
        (
            {"Principal": "111111111111"},
            "[0].Principal: a principal is '*' or a mapping such as {AWS: '111111111111'}, "
            "got '111111111111'.",
        ),
        (
            {"Principal": {"Aws": ROLE}},
            "[0].Principal.Aws: there is no such kind of principal. "
            "Known: AWS, Service, Federated, CanonicalUser.",
        ),
        (
            {"Principal": {"AWS": []}},
            "[0].Principal.AWS: at least one principal is needed, got none. Name one.",
        ),
        ({"Principal": {"AWS": 5}}, "[0].Principal.AWS: a principal is text, got 5."),
        (
            {"Principal": {"AWS": "arn:aws:iam::111111111111:role/*"}},
            "[0].Principal.AWS: a principal's ARN takes no wildcard, got "
            "'arn:aws:iam::111111111111:role/*'. Name each role, or the whole account.",
        ),
        (
            {"Principal": {"AWS": "AROA1234567890EXAMPLE"}},
            "[0].Principal.AWS: 'AROA1234567890EXAMPLE' is no principal. Write an account's number "
            "or the ARN of a role, such as 'arn:aws:iam::111111111111:role/ci-push'.",
        ),
        (
            {"Principal": {"AWS": DIGITS}},
            f"[0].Principal.AWS: '{DIGITS}' is no principal. Write an account's number or the ARN "
            "of a role, such as 'arn:aws:iam::111111111111:role/ci-push'.",
        ),
        ({"Action": []}, "[0].Action: at least one action is needed, got none. Name one."),
        (
            {"Action": ["s3:GetObject"]},
            "[0].Action: a repository policy takes ECR's actions only, got 's3:GetObject'.",
        ),
        (
            {"Action": "*"},
            "[0].Action: a repository policy takes ECR's actions only, got '*'.",
        ),
        (
            {"Action": "ecr:getauthorizationtoken"},
            "[0].Action: ecr:GetAuthorizationToken is not an action on a repository. "
            "Allow it in the principal's identity policy, on '*'.",
        ),
        (
            {"Condition": "none"},
            "[0].Condition: a condition is a mapping of operators, such as "
            "{StringEquals: {aws:PrincipalOrgID: o-a1b2c3d4e5}}, got 'none'.",
        ),
        (
            {"Condition": {"StringEqual": {"aws:PrincipalOrgID": "o-a1"}}},
            "[0].Condition.StringEqual: IAM knows no such condition operator. "
            "Write one such as ArnEquals.",
        ),
        (
            {"Condition": {"StringEquals": {5: "o-a1"}}},
            "[0].Condition.StringEquals: a condition key is text, got 5.",
        ),
        (
            {"Condition": {"StringEquals": {}}},
            "[0].Condition.StringEquals: a condition operator has keys with values, got {}.",
        ),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": []}}},
            "[0].Condition.StringEquals.aws:PrincipalOrgID: "
            "a condition key has at least one value, got none.",
        ),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": [None]}}},
            "[0].Condition.StringEquals.aws:PrincipalOrgID: "
            "a condition's value is text, in a list, got None. Write it in quotes.",
        ),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": None}}},
            "[0].Condition.StringEquals.aws:PrincipalOrgID: "
            "a condition's value is text, a number or a boolean, got None. Write it in quotes.",
        ),
        (
            {"Condition": {"Null": {"aws:PrincipalArn": "no"}}},
            "[0].Condition.Null.aws:PrincipalArn: Null asks for true or false, got 'no'.",
        ),
    ],
)
def test_what_ecr_refuses_is_refused_in_a_sentence(elements: dict[str, Any], sentence: str) -> None:
    assert [str(fault) for fault in statement_faults([statement(**elements)])] == [sentence]


def test_a_statement_that_is_no_mapping_is_refused() -> None:
    (fault,) = statement_faults(["ecr:*"])
    assert str(fault) == "[0]: a statement is a mapping, got 'ecr:*'. Write one."


def test_a_sid_that_stands_twice_is_refused() -> None:
    (fault,) = repository_policy_faults([statement(Sid="A"), statement(Sid="A")])
    assert str(fault) == "a Sid is unique in its policy, got 'A' more than once. Rename one."


def test_statements_that_differ_in_their_principals_alone_become_one() -> None:
    other = {"AWS": ROLE.replace("ci", "cd")}
    (one,) = merged([statement(), statement(Principal=other), statement()])
    assert one == statement(Principal={"AWS": [ROLE, other["AWS"]]})


def test_principals_of_several_kinds_become_one_statement() -> None:
    (one,) = merged([statement(), statement(Principal={"Service": "lambda.amazonaws.com"})])
    assert one["Principal"] == {"AWS": ROLE, "Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize(
    "elements",
    [
        {"Sid": "Named"},
        {"Effect": "Deny"},
        {"Action": "ecr:PutImage"},
        {"Principal": "*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
)
def test_statements_that_say_something_else_stay_apart(elements: dict[str, Any]) -> None:
    both = [statement(), statement(**elements)]
    assert merged(both) == both


def test_one_form_whatever_order_aws_gives_a_policy_back_in() -> None:
    assert canonical({"Action": ["b", "a"], "AWS": ["x"]}) == canonical(
        {"AWS": "x", "Action": ["a", "b"]}
    )
    assert statements_of({"Statement": {"Sid": "A"}}) == [{"Sid": "A"}]
    assert statements_of(None) == []
