"""The differences between two values, each at its place."""

from __future__ import annotations

from typing import Any

import pytest

from ecrctl.verify.stacks.differences import Difference, differences, text_of


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        ("a", "a", []),
        ("a", "b", [((), "a", "b")]),
        ("a", None, [((), "a", None)]),
        (
            {"A": 1, "B": {"C": 2}},
            {"A": 1, "B": {"C": 3, "D": 4}},
            [(("B", "C"), 2, 3), (("B", "D"), None, 4)],
        ),
        ({"A": 1}, {}, [(("A",), 1, None)]),
        ({"A": {"B": 1}}, {"A": "text"}, [(("A",), {"B": 1}, "text")]),
        ([1, 2], [2, 1], [((), [1, 2], [2, 1])]),
        ([], [{"Name": "a"}], [((), [], [{"Name": "a"}])]),
        # Items with a name of their own are told apart by it, not by their position.
        (
            [{"Name": "a", "Value": 1}, {"Name": "b"}],
            [{"Name": "b"}, {"Name": "a", "Value": 2}],
            [(("a", "Value"), 1, 2)],
        ),
        (
            [{"Sid": "a", "Action": 1}],
            [{"Sid": "a", "Action": 1}, {"Sid": "b"}],
            [(("b",), None, {"Sid": "b"})],
        ),
        *(
            ([{key: "a", "V": 1}], [{key: "a", "V": 2}], [(("a", "V"), 1, 2)])
            for key in ("Name", "Sid", "Key", "Id", "PolicyName")
        ),
        # Two items of one name cannot be told apart.
        (
            [{"Name": "a", "V": 1}, {"Name": "a", "V": 2}],
            [{"Name": "a", "V": 1}],
            [((), [{"Name": "a", "V": 1}, {"Name": "a", "V": 2}], [{"Name": "a", "V": 1}])],
        ),
        ([{"V": 1}], [{"V": 2}], [((), [{"V": 1}], [{"V": 2}])]),
        ([{"Name": 1}], [{"Name": 2}], [((), [{"Name": 1}], [{"Name": 2}])]),
    ],
)
def test_each_innermost_difference_has_its_place(declared: Any, found: Any, expected: Any) -> None:
    assert list(differences(declared, found)) == [Difference(*one) for one in expected]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        ("text", "text"),
        ("", ""),
        (True, "true"),
        ({"b": 1, "a": ["x"]}, '{"a": ["x"], "b": 1}'),
    ],
)
def test_a_value_is_one_line_of_text(value: Any, text: str) -> None:
    assert text_of(value) == text
