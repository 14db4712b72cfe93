"""Patterns of IAM, sets of them, and values as text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.rules.policy.lists import as_list
from ecrctl.policies.documents import canonical_text
from ecrctl.policies.patterns import PatternSet, has_wildcard, matches, may_meet, within


@settings(max_examples=500)
@given(
    one=st.text("ab*?", max_size=3),
    other=st.text("ab*?", max_size=3),
    text=st.text("ab", max_size=3),
)
def test_patterns_that_match_the_same_text_may_meet(one: str, other: str, text: str) -> None:
    if matches(one, text) and matches(other, text):
        assert may_meet(one, other)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a*", "abc", True),
        ("a*", "a\nb", True),
        ("a*", "ba", False),
        ("a?", "ab", True),
        ("a?", "a", False),
        ("a?", "abc", False),
        ("*", "", True),
    ],
)
def test_a_star_is_any_text_and_a_question_mark_one_letter(
    pattern: str, text: str, *, expected: bool
) -> None:
    assert matches(pattern, text) is expected


def test_only_a_star_and_a_question_mark_are_wildcards() -> None:
    assert [has_wildcard(text) for text in ("a*", "a?", "[a]")] == [True, True, False]


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        ("a?*", "*", True),
        ("a?*", "a?*", True),
        ("ab*", "a*", True),
        ("a?", "a*", True),
        ("ab", "a?", True),
        ("a*", "ab*", False),
        ("a", "b", False),
        # The "*" may be longer than the "?".
        ("a*", "a?", False),
    ],
)
def test_one_pattern_is_within_another(narrow: str, wide: str, *, expected: bool) -> None:
    assert within(narrow, wide) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a*", "b*", True),
        ("a*", "ab", True),
        ("ab", "a*", True),
        ("a", "a", True),
        ("a*", "b", False),
        ("a", "b", False),
    ],
)
def test_patterns_may_meet_unless_that_is_excluded(one: str, other: str, *, expected: bool) -> None:
    assert may_meet(one, other) is expected


def excluding(*patterns: str) -> PatternSet:
    """Return the set of all texts but some."""
    return PatternSet.of(*patterns, negated=True)


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        (PatternSet.of("a", "b"), PatternSet.of("a", "b*"), True),
        (PatternSet.of("a", "c"), PatternSet.of("a", "b*"), False),
        (PatternSet.of("a", "b"), excluding("c*"), True),
        (PatternSet.of("a", "cd"), excluding("c*"), False),
        (excluding("a*", "b"), excluding("a", "b"), True),
        (excluding("a"), excluding("a", "b"), False),
        (excluding("a"), PatternSet.of("*"), True),
        (excluding("a"), PatternSet.of("b*"), False),
    ],
)
def test_one_set_of_patterns_is_within_another(
    narrow: PatternSet, wide: PatternSet, *, expected: bool
) -> None:
    assert narrow.within(wide) is expected


def test_a_set_contains_what_its_patterns_match_or_exclude() -> None:
    assert [PatternSet.of("a*", "b").contains(text) for text in ("ab", "b", "c")] == [
        *(True, True, False)
    ]
    assert [excluding("a*", "b").contains(text) for text in ("ab", "b", "c")] == [
        *(False, False, True)
    ]


def test_a_set_with_one_text_knows_that_text() -> None:
    assert PatternSet.of("a").single == "a"
    assert [one.single for one in (PatternSet.of("a", "b"), PatternSet.of("a?"))] == [None, None]
    assert excluding("a").single is None


def test_actions_are_compared_without_case_and_kept_as_written() -> None:
    written = PatternSet.of_actions("s3:GetObject", "s3:*")
    assert written == PatternSet.of_actions("s3:getobject", "S3:*")
    assert sorted(written.patterns) == ["s3:*", "s3:getobject"]
    assert sorted(written.as_written) == ["s3:*", "s3:GetObject"]
    assert written != PatternSet.of_actions("s3:GetObject", "s3:*", negated=True)
    assert PatternSet.of("Team/api") != PatternSet.of("team/api")


def test_one_item_counts_as_a_list() -> None:
    assert (as_list("a"), as_list(["a", "b"])) == (["a"], ["a", "b"])


def test_values_are_text_with_their_sets_sorted() -> None:
    value = ("x", [1, None], {"b", "a"}, frozenset({"d", "c"}))
    assert canonical_text(value) == "[x, [1, None], {a, b}, {c, d}]"
    # The spelling of an action is not compared.
    assert canonical_text(PatternSet.of_actions("B", "a")) == "[False, {a, b}]"
    assert canonical_text(PatternSet) == str(PatternSet)
