"""Conditions of statements: how they are read, ordered by strictness, split and joined."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.policies.conditions import (
    Condition,
    both,
    can_be_ordered,
    conditions_of,
    is_stricter,
    joined,
    loosest,
    split_by_value,
)

KEY = "aws:PrincipalArn"
MOST_PARTS = 256


def condition(operator: str, *values: str, key: str = KEY) -> Condition:
    """Return a condition."""
    return Condition(operator, key, frozenset(values))


def test_every_value_of_every_key_is_read() -> None:
    given = {
        "StringEquals": {"aws:PrincipalOrgID": ["o-one", "o-two"], "aws:SourceVpc": "vpc-1"},
        "Bool": {"aws:SecureTransport": True},
    }
    expected = [
        condition("StringEquals", "o-one", "o-two", key="aws:PrincipalOrgID"),
        condition("StringEquals", "vpc-1", key="aws:SourceVpc"),
        condition("Bool", "True", key="aws:SecureTransport"),
    ]
    assert conditions_of(given, str) == frozenset(expected)
    assert conditions_of({}, str) == frozenset()


@pytest.mark.parametrize(
    "given",
    [
        "StringEquals",
        {"Fn::If": {"Open": "x"}},
        {"StringEquals": ["aws:PrincipalOrgID"]},
        {"StringEquals": {"Fn::If": "Open"}},
        {"StringEquals": {"Ref": "Condition"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-one"}, "Bool": None},
    ],
)
def test_conditions_of_an_unknown_form_are_not_guessed(given: Any) -> None:
    assert conditions_of(given, str) is None


@pytest.mark.parametrize(
    ("strict", "loose"),
    [
        # Keys are compared without case.
        (condition("StringEquals", "a"), condition("StringEquals", "a", "b", key=KEY.upper())),
        (condition("StringEquals", "a"), condition("StringLike", "a*")),
        (condition("StringEquals", "*"), condition("StringEquals", "*", "b")),
        (condition("StringLike", "ab*"), condition("StringLike", "a*", "c")),
        (condition("ArnEquals", "a"), condition("StringLike", "a*")),
        (condition("ForAnyValue:StringEquals", "a"), condition("ForAnyValue:StringLike", "a*")),
        # A negated operator with more values excludes more.
        (condition("StringNotEquals", "a", "b"), condition("StringNotEquals", "a")),
        (condition("StringNotLike", "a*"), condition("StringNotEquals", "ab")),
        # IfExists accepts a request without the key.
        (condition("StringEquals", "a"), condition("StringEqualsIfExists", "a")),
        (condition("StringEqualsIfExists", "a"), condition("StringLikeIfExists", "a*")),
        (condition("IpAddress", "10.1.0.0/16"), condition("IpAddress", "10.0.0.0/8")),
        (condition("IpAddress", "10.1.0.9/16"), condition("IpAddress", "10.0.0.9/8", "::/0")),
        (condition("IpAddress", "office"), condition("IpAddress", "office", "10.0.0.0/8")),
        (condition("NotIpAddress", "10.0.0.0/8"), condition("NotIpAddress", "10.1.0.0/16")),
    ],
)
def test_a_stricter_condition_is_recognised(strict: Condition, loose: Condition) -> None:
    assert is_stricter([strict], [loose])
    assert not is_stricter([loose], [strict])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (condition("DateLessThan", "2026"), condition("DateLessThan", "2026")),
        (condition("StringLike", "a"), condition("StringEquals", "a")),
        (condition("ArnEquals", "a*"), condition("ArnLike", "a*")),
        # A negated operator accepts a request without the key, with IfExists or without.
        (condition("StringNotEqualsIfExists", "a"), condition("StringNotEquals", "a")),
    ],
)
def test_conditions_with_the_same_meaning_are_each_as_strict_as_the_other(
    one: Condition, other: Condition
) -> None:
    assert is_stricter([one], [other])
    assert is_stricter([other], [one])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (condition("StringEquals", "a"), condition("StringEquals", "a", key="aws:SourceArn")),
        (condition("StringEquals", "a"), condition("StringNotEquals", "b")),
        (condition("StringEquals", "a"), condition("ForAnyValue:StringEquals", "a")),
        (condition("ForAllValues:StringEquals", "a"), condition("ForAnyValue:StringEquals", "a")),
        # For an equality "*" is a letter, for a pattern it is any text.
        (condition("StringEquals", "b*"), condition("StringLike", "a")),
        (condition("StringLike", "*"), condition("StringEquals", "*", "b")),
        (condition("StringNotEquals", "a*"), condition("StringNotLike", "a*", "b")),
        (condition("Bool", "true"), condition("Bool", "false", "true")),
        (condition("NumericLessThan", "5"), condition("NumericLessThan", "5", "6")),
        (condition("StringEquals", "10.0.0.1"), condition("IpAddress", "10.0.0.0/8")),
        (condition("IpAddress", "10.0.0.0/8"), condition("IpAddress", "::/0")),
        (condition("IpAddress", "office"), condition("IpAddress", "factory")),
        (condition("IpAddress", "10.0.0.1"), condition("NotIpAddress", "10.0.0.1")),
    ],
)
def test_conditions_that_cannot_be_compared_are_not_ordered(
    one: Condition, other: Condition
) -> None:
    assert not is_stricter([one], [other])


def test_each_of_the_looser_conditions_requires_a_stricter_one() -> None:
    vpc, organization = condition("StringEquals", "vpc-1", key="aws:SourceVpc"), condition("Null")
    assert is_stricter([vpc, organization], [vpc])
    assert not is_stricter([vpc], [vpc, organization])
    assert is_stricter([], [])


@pytest.mark.parametrize(
    "operator",
    [
        *("StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"),
        *("ArnLike", "ArnNotEquals", "ForAnyValue:StringLike", "ForAllValues:ArnEqualsIfExists"),
        *("IpAddress", "NotIpAddress", "Bool", "Null"),
    ],
)
def test_conditions_of_texts_networks_and_booleans_can_be_ordered(operator: str) -> None:
    assert can_be_ordered([condition(operator, "a")])
    assert not can_be_ordered([condition(operator, "a"), condition("DateLessThan", "2026")])


def test_conditions_are_split_into_one_part_for_each_value() -> None:
    organizations = condition("StringEquals", "o-two", "o-one", key="aws:PrincipalOrgID")
    # Of a negated operator, all values apply together.
    excluded = condition("StringNotEquals", "a", "b")
    assert split_by_value(frozenset({organizations, excluded})) == [
        {condition("StringEquals", name, key="aws:PrincipalOrgID"), excluded}
        for name in ("o-one", "o-two")
    ]


def test_parts_have_the_same_order_in_every_process() -> None:
    keys = [f"aws:PrincipalTag/{letter}" for letter in "abcdefg"]
    given = frozenset(condition("StringLike", "x", "y", key=key) for key in keys)
    parts = split_by_value(given)
    assert len(parts) == 2 ** len(keys)
    assert [sorted(one.key for one in part if "y" in one.values) for part in parts[:4]] == [
        [],
        keys[-1:],
        keys[-2:-1],
        keys[-2:],
    ]


def test_conditions_with_too_many_values_are_not_split() -> None:
    values = [str(number) for number in range(MOST_PARTS + 1)]
    assert len(split_by_value(frozenset({condition("StringEquals", *values[1:])}))) == MOST_PARTS
    given = frozenset({condition("StringEquals", *values)})
    assert split_by_value(given) == [given]
    halves = [condition("StringLike", *values[:17], key=key) for key in ("aws:a", "aws:b")]
    assert split_by_value(frozenset(halves)) == [frozenset(halves)]


def test_alternatives_that_differ_in_the_values_of_one_key_are_joined() -> None:
    organization = condition("StringEquals", "o-one", key="aws:PrincipalOrgID")
    names = [condition("StringLike", name) for name in "abc"]
    alternatives = [frozenset({organization, name}) for name in names]
    assert joined(alternatives) == [{organization, condition("StringLike", "a", "b", "c")}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([condition("StringLike", "a")], [condition("StringEquals", "b")]),
        # All values of a negated operator apply together; one of two conditions is less.
        *(
            ([condition(operator, "a")], [condition(operator, "b")])
            for operator in (
                *("StringNotEquals", "StringNotLikeIfExists", "ArnNotLike", "NotIpAddress"),
                *("NumericNotEquals", "DateNotEquals", "ForAllValues:StringEquals", "Null"),
                "ForAnyValue:StringNotEquals",
            )
        ),
        ([condition("StringLike", "a")], [condition("StringLike", "a", key="aws:SourceArn")]),
        ([], [condition("StringLike", "a")]),
        (
            [condition("StringLike", "a"), condition("StringLike", "a", key="aws:SourceArn")],
            [condition("StringLike", "b"), condition("StringLike", "b", key="aws:SourceArn")],
        ),
    ],
)
def test_other_alternatives_stay_apart(one: list[Condition], other: list[Condition]) -> None:
    alternatives = {frozenset(one), frozenset(other)}
    found = joined(alternatives)
    assert (len(found), set(found)) == (2, alternatives)


def test_the_conditions_of_two_sets_apply_together_without_the_looser_ones() -> None:
    strict, loose = condition("StringEquals", "a"), condition("StringLike", "a*", key=KEY.lower())
    vpc = condition("StringEquals", "vpc-1", key="aws:SourceVpc")
    assert both(frozenset({loose, vpc}), frozenset({strict})) == frozenset({strict, vpc})
    assert both(frozenset({strict}), frozenset({loose})) == frozenset({strict})
    assert both(frozenset(), frozenset()) == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (condition("StringEquals", "a", "b"), condition("StringEquals", "c", key=KEY.lower())),
        (condition("ArnLike", "a*"), condition("StringEquals", "b")),
        (condition("StringEquals", "a", "b"), condition("StringNotEquals", "b", "a", "c")),
        (condition("ArnLike", "ab*"), condition("ArnNotLikeIfExists", "a*")),
        (condition("StringEquals", "a"), condition("Null", "true")),
    ],
)
def test_no_request_meets_conditions_that_exclude_each_other(
    one: Condition, other: Condition
) -> None:
    assert both(frozenset({one}), frozenset({other})) is None
    assert both(frozenset({other}), frozenset({one})) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (condition("StringEquals", "a"), condition("StringEquals", "b", key="aws:SourceVpc")),
        (condition("StringEquals", "a", "b"), condition("StringEquals", "b", "c")),
        (condition("ArnLike", "a*"), condition("ArnLike", "*b")),
        # A request without the key meets both.
        (condition("StringEqualsIfExists", "a"), condition("StringEqualsIfExists", "b")),
        # A request may have several values of the key.
        (condition("ForAnyValue:StringEquals", "a"), condition("ForAnyValue:StringEquals", "b")),
        (condition("StringEquals", "a", "b"), condition("StringNotEquals", "b")),
        (condition("StringEquals", "a"), condition("Null", "false")),
        (condition("StringEquals", "a"), condition("NumericNotEquals", "a")),
        (condition("StringEquals", "a"), condition("ForAnyValue:StringEquals", "a")),
    ],
)
def test_conditions_that_a_request_may_meet_apply_together(
    one: Condition, other: Condition
) -> None:
    assert both(frozenset({one}), frozenset({other})) == frozenset({one, other})


def test_only_the_loosest_alternatives_remain() -> None:
    organization = condition("StringEquals", "o-one", key="aws:PrincipalOrgID")
    names = [condition("StringEquals", name) for name in "ab"]
    alternatives = [frozenset({organization, names[0]}), *(frozenset({one}) for one in names)]
    assert loosest(alternatives) == [{condition("StringEquals", "a", "b")}]
    assert loosest([*alternatives, frozenset()]) == [frozenset()]
    assert loosest([]) == []
