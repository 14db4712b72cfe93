"""Statements of a repository policy: checked one by one, merged, and checked together."""

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
DIGITS = "\u0661" * 12  # of another script, which AWS does not accept

PRINCIPAL = "an AWS principal must be an account number or the ARN of a role or user"


def statement(**elements: Any) -> dict[str, Any]:
    """Return a valid statement with some elements changed; ``None`` removes one."""
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
def test_statements_that_ecr_accepts_have_no_fault(elements: dict[str, Any]) -> None:
    assert statement_faults([statement(**elements)]) == []


@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        (
            {"Resource": "*"},
            "[0].Resource: a repository policy's statement cannot have Resource, because the "
            "resource is the repository. Remove Resource.",
        ),
        (
            {"NotResource": "*"},
            "[0].NotResource: a repository policy's statement cannot have NotResource, because "
            "the resource is the repository. Remove NotResource.",
        ),
        (
            {"Effects": "Allow"},
            "[0].Effects: a statement cannot have the element 'Effects'. Use one of Sid, Effect, "
            "Principal, NotPrincipal, Action, NotAction, Condition.",
        ),
        (
            {"Sid": "a/b"},
            "[0].Sid: a Sid must be text of up to 100 letters, digits, '-', '_' and spaces, "
            "got 'a/b'. Write one such as 'PullFromPartner'.",
        ),
        (
            {"Effect": "allow"},
            "[0].Effect: Effect must be Allow or Deny, got 'allow'.",
        ),
        (
            {"Principal": None},
            "[0].Principal: a statement requires either Principal or NotPrincipal, got neither. "
            "Write one of the two.",
        ),
        (
            {"NotAction": "ecr:PutImage"},
            "[0].Action: a statement requires either Action or NotAction, got both. "
            "Write one of the two.",
        ),
        (
            {"Principal": "111111111111"},
            "[0].Principal: a principal must be '*' or a mapping such as {AWS: '111111111111'}, "
            "got '111111111111'.",
        ),
        (
            {"Principal": {"Aws": ROLE}},
            "[0].Principal.Aws: a principal's type must be one of AWS, Service, Federated, "
            "CanonicalUser, got 'Aws'.",
        ),
        (
            {"Principal": {"A" * 81: ROLE}},
            f"[0].Principal.{'A' * 80}: a principal's type must be one of AWS, Service, Federated, "
            f"CanonicalUser, got '{'A' * 80}'.",
        ),
        (
            {"Principal": {"AWS": []}},
            "[0].Principal.AWS: AWS requires at least one principal, got none. "
            "Add one, or remove AWS.",
        ),
        (
            {"Principal": {"AWS": 5}},
            "[0].Principal.AWS: a principal must be text, got 5. Write it in quotes.",
        ),
        (
            {"Principal": {"AWS": "arn:aws:iam::111111111111:role/*"}},
            "[0].Principal.AWS: a principal's ARN cannot have a wildcard, got "
            "'arn:aws:iam::111111111111:role/*'. List each role, or allow the whole account, such "
            "as '111111111111'.",
        ),
        (
            {"Principal": {"AWS": "AROA1234567890EXAMPLE"}},
            f"[0].Principal.AWS: {PRINCIPAL}, got 'AROA1234567890EXAMPLE'. "
            "Write it like 'arn:aws:iam::111111111111:role/ci-push'.",
        ),
        (
            {"Principal": {"AWS": DIGITS}},
            f"[0].Principal.AWS: {PRINCIPAL}, got '{DIGITS}'. "
            "Write it like 'arn:aws:iam::111111111111:role/ci-push'.",
        ),
        (
            {"Action": []},
            "[0].Action: a statement requires at least one action, got none. "
            "Add one, such as 'ecr:BatchGetImage'.",
        ),
        (
            {"Action": ["s3:GetObject"]},
            "[0].Action: a repository policy can have only ECR's actions, got 's3:GetObject'. "
            "Write one such as 'ecr:BatchGetImage'.",
        ),
        (
            {"Action": "*"},
            "[0].Action: a repository policy can have only ECR's actions, got '*'. "
            "Write one such as 'ecr:BatchGetImage'.",
        ),
        (
            {"Action": "ecr:getauthorizationtoken"},
            "[0].Action: a repository policy cannot have ecr:GetAuthorizationToken, which is not "
            "an action on a repository. Allow it in the principal's identity policy, on Resource "
            "'*'.",
        ),
        (
            {"Principal": {"A" * 100: "x"}},
            f"[0].Principal.{'A' * 80}: a principal's type must be one of AWS, Service, Federated, "
            f"CanonicalUser, got '{'A' * 80}'.",
        ),
        (
            {"Condition": "none"},
            "[0].Condition: Condition must be a mapping of operators, such as "
            "{StringEquals: {aws:PrincipalOrgID: o-a1b2c3d4e5}}, got 'none'.",
        ),
        (
            {"Condition": {"StringEqual": {"aws:PrincipalOrgID": "o-a1"}}},
            "[0].Condition.StringEqual: a condition operator must be one of IAM's, "
            "got 'StringEqual'. Write one such as 'ArnEquals'.",
        ),
        (
            {"Condition": {"StringEquals": {5: "o-a1"}}},
            "[0].Condition.StringEquals: a condition key must be text, got 5. Write it in quotes.",
        ),
        (
            {"Condition": {"StringEquals": {}}},
            "[0].Condition.StringEquals: a condition operator requires keys with values, such as "
            "{aws:PrincipalOrgID: o-a1b2c3d4e5}, got {}.",
        ),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": []}}},
            "[0].Condition.StringEquals.aws:PrincipalOrgID: "
            "a condition key requires at least one value, got none. Add one, or remove the key.",
        ),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": [None]}}},
            "[0].Condition.StringEquals.aws:PrincipalOrgID: "
            "a condition value in a list must be text, got None. Write it in quotes.",
        ),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": None}}},
            "[0].Condition.StringEquals.aws:PrincipalOrgID: "
            "a condition value must be text, a number or a boolean, got None. Write it in quotes.",
        ),
        (
            {"Condition": {"Null": {"aws:PrincipalArn": "no"}}},
            "[0].Condition.Null.aws:PrincipalArn: the value of Null must be true or false, "
            "got 'no'.",
        ),
    ],
)
def test_statements_that_ecr_refuses_are_refused_in_a_sentence(
    elements: dict[str, Any], sentence: str
) -> None:
    assert [str(fault) for fault in statement_faults([statement(**elements)])] == [sentence]


@pytest.mark.parametrize("value", ["true", "false", True, False])
def test_null_asks_for_true_or_false_as_text_or_boolean(value: str | bool) -> None:
    assert statement_faults([statement(Condition={"Null": {"aws:PrincipalArn": value}})]) == []


def test_a_fault_under_a_key_that_is_no_text_is_one_of_its_operator() -> None:
    faults = statement_faults([statement(Condition={"StringEquals": {5: None}})])
    assert {fault.path for fault in faults} == {"[0].Condition.StringEquals"}


def test_every_principal_of_a_wrong_type_is_named() -> None:
    faults = statement_faults([statement(Principal={"Aws": "*", "Services": "*"})])
    assert [fault.path for fault in faults] == ["[0].Principal.Aws", "[0].Principal.Services"]


def test_the_sids_of_what_is_no_mapping_are_not_asked_for() -> None:
    assert repository_policy_faults(["ecr:*", statement(Sid="A")]) == []


def test_every_fault_of_a_statement_has_its_place() -> None:
    elements: dict[str, Any] = {
        "Sid": "a/b",
        "Effect": "allow",
        "Principal": {"Aws": ROLE, "AWS": 5},
        "Action": ["s3:GetObject", "ecr:*", "s3:*"],
        "Condition": {"StringEqual": {"a": "b"}, "StringEquals": {"a": None}},
    }
    faults = statement_faults([statement(), statement(**elements)])
    assert [fault.path for fault in faults] == [
        "[1].Sid",
        "[1].Effect",
        "[1].Principal.Aws",
        "[1].Principal.AWS",
        "[1].Action",
        "[1].Action",
        "[1].Condition.StringEqual",
        "[1].Condition.StringEquals.a",
    ]


def test_a_statement_that_is_no_mapping_is_refused() -> None:
    (fault,) = statement_faults(["ecr:*"])
    assert str(fault) == (
        "[0]: a statement must be a mapping, got 'ecr:*'. "
        "Write one with Effect, Principal and Action."
    )
    assert repository_policy_faults(["ecr:*", statement(Sid="A")]) == []


def test_a_sid_that_occurs_twice_is_refused() -> None:
    (fault,) = repository_policy_faults([statement(Sid="A"), statement(Sid="A")])
    assert str(fault) == "a Sid must be unique in its policy, got 'A' more than once. Rename one."


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
def test_statements_that_differ_in_more_than_their_principals_stay_apart(
    elements: dict[str, Any],
) -> None:
    both = [statement(), statement(**elements)]
    assert merged(both) == both


@pytest.mark.parametrize("sids", [("A", "B"), ("A", "A"), ("A", None), (None, "B")])
def test_statements_with_a_sid_are_never_merged(sids: tuple[str | None, str | None]) -> None:
    one, other = (
        statement(Sid=sid, Principal={"AWS": ROLE.replace("ci", f"ci-{index}")})
        for index, sid in enumerate(sids)
    )
    assert merged([one, other]) == [one, other]


def test_a_policy_has_one_canonical_form_in_whichever_order_aws_returns_it() -> None:
    assert canonical({"Action": ["b", "a"], "AWS": ["x"]}) == canonical(
        {"AWS": "x", "Action": ["a", "b"]}
    )
    assert statements_of({"Statement": {"Sid": "A"}}) == [{"Sid": "A"}]
    assert statements_of(None) == []
