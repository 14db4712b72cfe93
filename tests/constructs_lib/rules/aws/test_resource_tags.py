"""AWS tags."""

from __future__ import annotations

import pytest

from constructs_lib.rules.aws.resource_tags import MAXIMUM_TAGS, tag_faults

VALUE = (
    "a tag's value must have 1 to 256 letters, digits, spaces and '+-=._:/@', "
    "got '{}'. Choose another value."
)
KEY = (
    "a tag's key must have 1 to 128 letters, digits, spaces and '+-=._:/@', "
    "got '{}'. Choose another key."
)


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        (
            {str(number): "x" for number in range(MAXIMUM_TAGS + 1)},
            "a resource can have at most 50 tags, got 51. Remove some.",
        ),
        ({"a*b": "x"}, f"a*b: {KEY.format('a*b')}"),
        ({"k" * 129: "x"}, f"{'k' * 128}: {KEY.format('k' * 80)}"),
        (
            {"AWS:team": "x"},
            "AWS:team: a tag's key cannot begin with 'aws:', which AWS reserves, got 'AWS:team'. "
            "Choose another key.",
        ),
        ({"team": ""}, f"team: {VALUE.format('')}"),
        ({"team": "a,b"}, f"team: {VALUE.format('a,b')}"),
        ({"team": "v" * 257}, f"team: {VALUE.format('v' * 80)}"),
    ],
)
def test_tags_that_aws_refuses_are_refused(tags: dict[str, str], sentence: str) -> None:
    assert [str(fault) for fault in tag_faults(tags)] == [sentence]


def test_tags_of_other_scripts_and_at_the_limits_are_accepted() -> None:
    assert list(tag_faults({"équipe": "Größe 1", "k" * 128: "v" * 256})) == []
