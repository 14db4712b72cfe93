"""Existing policies, expressed as pull and push where the statements stay the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.adoption import KnownPolicy, adopted_statements, known_policy
from constructs_lib.rules.policy.repository_policy import access_statements
from constructs_lib.rules.policy.statements import Statement, canonical

OWN, OTHER = "111111111111", "222222222222"
ORGANIZATION = "o-a1b2c3d4e5"
PROJECT = f"arn:aws:codebuild:us-west-2:{OWN}:project/build"


def written(pull: Access, push: Access) -> list[Statement]:
    """Return the statements for who pulls and pushes."""
    return [
        *access_statements(pull=pull, push=push, account=OWN, region="us-west-2", partition="aws")
    ]


def known(statements: list[Statement], organization_id: str | None = ORGANIZATION) -> KnownPolicy:
    """Return the known policy of statements."""
    return known_policy(
        statements,
        account=OWN,
        region="us-west-2",
        partition="aws",
        organization_id=organization_id,
    )


def subsets(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Return a strategy for subsets of values."""
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


ROLES = [f"arn:aws:iam::{account}:role/{name}" for account in (OWN, OTHER) for name in ("a", "b/c")]
MACHINES = {
    "accounts": subsets(OWN, OTHER, "333333333333"),
    "role_arns": subsets(*ROLES),
    "user_arns": subsets(*(role.replace(":role/", ":user/") for role in ROLES)),
    "session_arns": subsets(
        *(f"arn:aws:sts::{account}:assumed-role/a/alice" for account in (OWN, OTHER))
    ),
    "organization_id": st.sampled_from([None, ORGANIZATION]),
    "organization_ids": subsets(ORGANIZATION, "o-zzzzzzzzzz"),
    "organization_paths": subsets(f"{ORGANIZATION}/r-ab12/*"),
}
PULLERS = st.builds(
    Access,
    **MACHINES,
    lambda_accounts=subsets(OWN, OTHER),
    lambda_function_arns=subsets(
        *(f"arn:aws:lambda:us-west-2:{account}:function:resize" for account in (OWN, OTHER))
    ),
    codebuild_project_arns=subsets(PROJECT),
)


@given(PULLERS, st.builds(Access, **MACHINES))
def test_every_policy_of_this_package_is_read_back_as_the_access_that_wrote_it(
    pull: Access, push: Access
) -> None:
    statements = written(pull, push)
    read = known(statements)
    assert read.statements == ()
    assert canonical(written(read.pull, read.push)) == canonical(statements)


@given(PULLERS, st.data())
def test_a_statement_that_differs_from_one_of_this_package_stays_a_statement(
    pull: Access, data: st.DataObject
) -> None:
    statements = written(pull, Access())
    if not statements:
        return
    index = data.draw(st.integers(0, len(statements) - 1))
    statements[index] = {**statements[index], "Action": ["ecr:BatchGetImage"]}
    read = known(statements)
    assert statements[index] in read.statements
    together = [*written(read.pull, read.push), *read.statements]
    assert sorted(map(canonical, together)) == sorted(map(canonical, statements))


def test_the_environments_organization_is_read_apart_from_others() -> None:
    statements = written(Access(organization_ids=(ORGANIZATION, "o-zzzzzzzzzz")), Access())
    assert known(statements).pull == Access(
        organization_id=ORGANIZATION, organization_ids=("o-zzzzzzzzzz",)
    )
    assert known(statements, None).pull == Access(organization_ids=(ORGANIZATION, "o-zzzzzzzzzz"))


def test_single_functions_are_read_apart_from_accounts_of_functions() -> None:
    function = f"arn:aws:lambda:us-west-2:{OTHER}:function:resize"
    given = Access(lambda_accounts=("333333333333",), lambda_function_arns=(function,))
    assert known(written(given, Access())).pull == given


def test_a_pattern_of_functions_stays_a_statement() -> None:
    (statement,) = written(
        Access(lambda_function_arns=(f"arn:aws:lambda:us-west-2:{OWN}:function:resize",)), Access()
    )
    pattern = {"ArnLike": {"aws:SourceArn": f"arn:aws:lambda:us-west-2:{OWN}:function:api-*"}}
    changed = {**statement, "Condition": pattern}
    assert known([changed]).statements == (changed,)


@pytest.mark.parametrize(
    "statement",
    [
        {"Sid": "PullFromAccounts", "Effect": "Allow", "Principal": "*", "Action": "ecr:*"},
        {"Sid": "PullFromAccounts", "Principal": {"AWS": ["root", 5]}},
        {"Sid": "PullByLambda", "Condition": "none"},
        {"Sid": "PushByRolesOf222222222222", "Condition": {"ArnEquals": {"aws:PrincipalArn": 5}}},
        {"Sid": 5},
        {},
    ],
)
def test_statements_with_a_sid_of_this_package_and_other_content_stay_statements(
    statement: dict[str, Any],
) -> None:
    assert known([statement]) == KnownPolicy(pull=Access(), push=Access(), statements=(statement,))


def test_a_policy_is_adopted_from_its_document_and_from_its_text() -> None:
    text = '{"Version": "2008-10-17", "Statement": {"Sid": "A"}}'
    assert adopted_statements(text) == ([{"Sid": "A"}], [])
    assert adopted_statements({"Statement": [{"Sid": "A"}]}) == ([{"Sid": "A"}], [])
    assert adopted_statements(None) == ([], [])


@pytest.mark.parametrize(
    ("policy", "given"),
    [
        (
            "{",
            "text that is not JSON (Expecting property name enclosed in double quotes: line 1 "
            "column 2 (char 1))",
        ),
        ("[]", "[]"),
        ({}, "{}"),
        ({"statement": []}, "{'statement': []}"),
        (5, "5"),
    ],
)
def test_a_value_that_is_no_policy_is_refused(policy: object, given: str) -> None:
    statements, (fault,) = adopted_statements(policy)
    assert statements == []
    assert str(fault) == (
        "existing_policy: the existing policy must be a document with a 'Statement', or None, "
        f"got {given}. Copy it from `aws ecr get-repository-policy`."
    )
