"""The forms in which a declared and a deployed value are compared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecrctl.verify.stacks import forms

ROOT = "arn:aws:iam::111111111111:root"
ALLOW = {"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "*"}
NAMED = {"Sid": "A", **ALLOW}
OTHER = {"Effect": "Allow", "Action": "a:D", "Resource": "*"}


def document(*statements: Any, version: str = "2012-10-17") -> Any:
    """Return a policy."""
    return {"Version": version, "Statement": list(statements)}


def of(**principal: Any) -> Any:
    """Return a policy with a principal."""
    return document({**ALLOW, "Principal": principal})


def other_than(principal: str) -> Any:
    """Return a policy for all principals but one."""
    return document({**ALLOW, "NotPrincipal": {"AWS": principal}})


def when(**condition: Any) -> Any:
    """Return a policy with a condition."""
    return document({**ALLOW, "Condition": condition})


@pytest.mark.parametrize(
    ("form", "declared", "found"),
    [
        (forms.as_is, 1, "1"),
        (forms.as_is, True, "true"),
        (forms.as_is, None, ""),
        (forms.as_is, {"A": None, "B": {}}, None),
        (forms.as_is, {"A": [1, {"B": False}]}, {"A": ["1", {"B": "false", "C": []}]}),
        (forms.unordered, ["b", "a"], ("a", "b")),
        (forms.unordered, None, []),
        (forms.unordered, [{"A": 1}, {"B": ""}], [{"A": "1"}]),
        (forms.tags, {"a": 1}, [{"Key": "a", "Value": "1"}]),
        (forms.tags, [{"Key": "a", "Value": "b"}], [{"TagKey": "a", "TagValue": "b"}]),
        (forms.tags, [{"Key": "a", "Value": "b"}], [{"key": "a", "value": "b"}]),
        (forms.tags, None, [{"Key": "aws:cloudformation:stack-name", "Value": "x"}]),
        (forms.json_text, {"a": ["c", "b"]}, '{"a": ["b", "c"]}'),
        (forms.json_text, {"a": ["b"]}, '{"a": "b"}'),
        (forms.json_text, None, None),
        (forms.policy, document(ALLOW, OTHER), json.dumps(document(OTHER, ALLOW))),
        (forms.policy, document(ALLOW), {"Version": "2012-10-17", "Statement": ALLOW}),
        (forms.policy, document({**ALLOW, "Action": ["a:C", "a:B"]}), document(ALLOW)),
        (forms.policy, of(AWS="111111111111"), of(AWS=ROOT)),
        (forms.policy, of(AWS=["111111111111", "x"]), of(AWS=["x", ROOT])),
        (forms.policy, document({**ALLOW, "Principal": "*"}), of(AWS="*")),
        (forms.policy, other_than(ROOT), other_than("111111111111")),
        (forms.policy, when(Bool={"a:b": True}), when(Bool={"a:b": ["true"]})),
        (forms.policy, when(NumericLessThan={"a:b": 1}), when(NumericLessThan={"a:b": "1"})),
        (forms.policy, None, {}),
        (forms.last_part, "key/1-2", "arn:aws:kms:us-west-2:111111111111:key/1-2"),
        (forms.last_part, "arn:aws:ecs:r:1:cluster/a", "a"),
        (forms.last_part, None, ""),
    ],
)
def test_values_of_one_meaning_are_the_same(form: forms.Form, declared: Any, found: Any) -> None:
    assert forms.are_same(form, declared, found)
    assert forms.are_same(form, found, declared)


@pytest.mark.parametrize(
    ("form", "declared", "found"),
    [
        (forms.as_is, 1, 2),
        (forms.as_is, False, None),
        (forms.as_is, 0, None),
        (forms.as_is, ["a", "b"], ["b", "a"]),
        (forms.unordered, ["a"], ["a", "a"]),
        (forms.unordered, ["a"], None),
        (forms.tags, {"a": "1"}, {"a": "2"}),
        (forms.tags, {"a": "1"}, {"a": "1", "b": "2"}),
        (forms.json_text, {"a": ["b"]}, '{"a": ["b", "c"]}'),
        (forms.policy, document(ALLOW), document(ALLOW, OTHER)),
        (forms.policy, document(ALLOW), document(ALLOW, version="2008-10-17")),
        (forms.policy, document(ALLOW), document({**ALLOW, "Effect": "Deny"})),
        (forms.policy, document(ALLOW), None),
        (forms.policy, of(AWS="111111111111"), of(AWS="222222222222")),
        (forms.policy, of(AWS="111111111111"), of(AWS="arn:aws:iam::111111111111:role/root")),
        (forms.policy, of(Service="ecs"), of(AWS="*")),
        (forms.policy, when(Bool={"a:b": True}), when(Bool={"a:b": "false"})),
        (forms.policy, when(Bool={"a:b": True}), document(ALLOW)),
        (forms.policy, document({"Sid": "A", **ALLOW}), document({"Sid": "B", **ALLOW})),
        # One statement hides behind the Sid of another.
        (forms.policy, document(NAMED), document(NAMED, {**OTHER, "Sid": "A"})),
        (forms.policy, document({**OTHER, "Sid": "A"}), document(NAMED, {**OTHER, "Sid": "A"})),
        (forms.last_part, "key/1-2", "key/1-3"),
        (forms.last_part, "a", None),
    ],
)
def test_values_of_another_meaning_differ(form: forms.Form, declared: Any, found: Any) -> None:
    assert not forms.are_same(form, declared, found)
    assert not forms.are_same(form, found, declared)


def test_statements_are_named_by_their_sids_or_numbers() -> None:
    found = forms.statements_by_sid(document(NAMED, OTHER, {**OTHER, "Sid": "A"}))
    assert list(found) == ["statement 1", "A", "A statement 3"]
    assert [one["Action"] for one in found.values()] == ["a:D", "a:D", ["a:B", "a:C"]]
    assert all("Sid" not in one for one in found.values())
