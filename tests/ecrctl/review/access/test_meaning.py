"""A review misses no change of access: an IAM evaluator decides both sides, request by request.

A request that is allowed after a change only must be reported as gained or undecided, one that is
allowed before it only as lost or undecided. Policies and requests are arbitrary.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ministack.core.iam_evaluator import (
    EvalContext,
    combine_resource_policy,
    evaluate,
    parse_policy_document,
)

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.access.changes import access_changes
from ecrctl.review.diff.comparison import Comparison, StackPair

ACCOUNT, OTHER, STRANGER = "111111111111", "222222222222", "999999999999"
ARN = f"arn:aws:ecr:us-west-2:{ACCOUNT}:repository/team/api"
OWN = f"arn:aws:iam::{ACCOUNT}:role/ci"
FOREIGN = f"arn:aws:iam::{OTHER}:role/app"
FOREIGN_CI = f"arn:aws:iam::{OTHER}:role/ci"
CALLERS = (OWN, FOREIGN, FOREIGN_CI, f"arn:aws:iam::{STRANGER}:role/app")
ACTIONS = ("ecr:BatchGetImage", "ecr:PutImage", "ecr:DeleteRepository")
ORGANIZATIONS = ("o-one", "o-two", None)
EVERYTHING = parse_policy_document(
    {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)

principals = st.sampled_from(
    [
        "*",
        {"AWS": "*"},
        {"AWS": OTHER},
        {"AWS": f"arn:aws:iam::{OTHER}:root"},
        {"AWS": [FOREIGN, FOREIGN_CI]},
        {"AWS": FOREIGN},
        {"AWS": OWN},
    ]
)
actions = st.sampled_from(
    [
        "ecr:BatchGetImage",
        ["ecr:PutImage", "ecr:BatchGetImage"],
        "ecr:*",
        "ecr:Batch*",
        ["ecr:deleterepository"],
        "ecr:?utImage",
    ]
)
organizations = st.sampled_from(["o-one", "o-two", ["o-one", "o-two"], "o-*"])
roles = st.sampled_from(
    [FOREIGN, FOREIGN_CI, [FOREIGN, FOREIGN_CI], f"arn:aws:iam::{OTHER}:role/*"]
)
conditions = st.dictionaries(
    st.sampled_from(["StringEquals", "StringLike", "StringNotEquals", "StringNotLike"]),
    st.fixed_dictionaries({"aws:PrincipalOrgID": organizations}),
    max_size=1,
) | st.dictionaries(
    st.sampled_from(["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"]),
    st.fixed_dictionaries({"aws:PrincipalArn": roles}),
    max_size=2,
)
statements = st.builds(
    lambda effect, principal, action, condition: {
        "Effect": effect,
        "Principal": principal,
        "Action": action,
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    principals,
    actions,
    conditions,
)
policies = st.lists(statements, max_size=3)
# Most pull requests change one part of a statement.
parts = st.one_of(
    st.fixed_dictionaries({"Principal": principals}),
    st.fixed_dictionaries({"Action": actions}),
    st.fixed_dictionaries({"Condition": conditions}),
)


def directions(base: list[Any], head: list[Any]) -> set[str]:
    """Return the directions in which a review reports that access changes."""
    before, after = (
        Stack(
            name="dev/Web",
            account=ACCOUNT,
            region="us-west-2",
            stage="dev",
            template={
                "Resources": {
                    "Api": {
                        "Type": "AWS::ECR::Repository",
                        "Properties": {
                            "RepositoryName": "team/api",
                            "RepositoryPolicyText": {"Statement": side},
                        },
                    }
                }
            },
        )
        for side in (base, head)
    )
    pair = StackPair(name="dev/Web", base=before, head=after)
    comparison = Comparison(base=[before], head=[after], pairs=[pair], changes=[])
    return {change.direction for change in access_changes(comparison)}


def allowed(policy: list[Any]) -> set[tuple[str, str, str | None]]:
    """Return the allowed requests of callers whose own policies allow everything."""
    return {
        (caller, action, organization)
        for caller, action, organization in product(CALLERS, ACTIONS, ORGANIZATIONS)
        if _may(policy, caller, action, organization)
    }


def _may(policy: list[Any], caller: str, action: str, organization: str | None) -> bool:
    asked = EvalContext(
        principal_arn=caller,
        principal_type="AssumedRole",
        principal_account=caller.split(":")[4],
        action=action,
        resource_arn=ARN,
        region="us-west-2",
        principal_keys={"aws:principalorgid": organization} if organization else {},
    )
    own = evaluate(asked, [EVERYTHING])
    decision = combine_resource_policy(own, asked, {"Statement": policy}, ACCOUNT).decision
    return bool(decision == "Allow")


@settings(max_examples=300, deadline=None)
@given(base=policies, head=policies)
def test_every_gain_and_loss_is_reported(base: list[Any], head: list[Any]) -> None:
    before, after = allowed(base), allowed(head)
    reported = directions(base, head)
    if after - before:
        assert reported & {"gained", "undecided"}, after - before
    if before - after:
        assert reported & {"lost", "undecided"}, before - after


@settings(max_examples=500, deadline=None)
@given(rest=policies, statement=statements, before=parts, after=parts)
def test_every_gain_and_loss_by_one_part_of_a_statement_is_reported(
    rest: list[Any], statement: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    base, head = [{**statement, **before}, *rest[:1]], [{**statement, **after}, *rest[:1]]
    gained, lost = allowed(head) - allowed(base), allowed(base) - allowed(head)
    reported = directions(base, head)
    assert not gained or reported & {"gained", "undecided"}, gained
    assert not lost or reported & {"lost", "undecided"}, lost


CONDITIONS = [
    {f"{kind}{verb}": {key: values}}
    for key, kind, values_of in (
        ("aws:PrincipalOrgID", "String", ("o-one", ["o-one", "o-two"], "o-*")),
        (
            "aws:PrincipalArn",
            "Arn",
            (FOREIGN, [FOREIGN, FOREIGN_CI], f"arn:aws:iam::{OTHER}:role/*"),
        ),
    )
    for verb in ("Equals", "Like", "NotEquals", "NotLike")
    for values in values_of
]


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_every_change_of_one_condition_into_another_is_reported(effect: str) -> None:
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    rest = [everyone] if effect == "Deny" else []
    for before, after in product([None, *CONDITIONS], repeat=2):
        base, head = (
            [*rest, {**everyone, "Effect": effect, **({"Condition": one} if one else {})}]
            for one in (before, after)
        )
        gained, lost = allowed(head) - allowed(base), allowed(base) - allowed(head)
        reported = directions(base, head)
        assert not gained or reported & {"gained", "undecided"}, (before, after, gained)
        assert not lost or reported & {"lost", "undecided"}, (before, after, lost)


@settings(max_examples=150, deadline=None)
@given(policy=policies, order=st.randoms(use_true_random=False))
def test_the_order_of_statements_means_nothing(policy: list[Any], order: Any) -> None:
    shuffled = list(policy)
    order.shuffle(shuffled)
    assert directions(policy, shuffled) == set()


@settings(max_examples=150, deadline=None)
@given(policy=policies, added=statements, condition=conditions)
def test_a_narrower_policy_is_never_reported_as_gained(
    policy: list[Any], added: dict[str, Any], condition: dict[str, Any]
) -> None:
    assert "gained" not in directions(policy, [*policy, {**added, "Effect": "Deny"}])
    plain = {key: value for key, value in added.items() if key != "Condition"}
    allow = {**plain, "Effect": "Allow"}
    narrower = {**allow, **({"Condition": condition} if condition else {})}
    assert directions([*policy, allow], [*policy, narrower]) <= {"lost"}
