"""AWS tags."""

from __future__ import annotations

import pytest

from constructs_lib.rules.aws.resource_tags import (
    MAXIMUM_TAGS,
    required_tag_faults,
    tag_faults,
)

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
    assert list(tag_faults({str(number): "x" for number in range(MAXIMUM_TAGS)})) == []


@pytest.mark.parametrize(
    ("tags", "paths"),
    [
        ({"team": "web", "stage": "dev", "more": "x"}, []),
        ({"team": "anything", "stage": "prod"}, []),
        ({"stage": "dev"}, ["team"]),
        ({"team": "web", "stage": "test"}, ["stage"]),
        ({}, ["team", "stage"]),
    ],
)
def test_a_required_tag_is_there_and_has_one_of_the_allowed_values(
    tags: dict[str, str], paths: list[str]
) -> None:
    required = {"team": (), "stage": ("dev", "prod")}
    assert [fault.path for fault in required_tag_faults(tags, required)] == paths
