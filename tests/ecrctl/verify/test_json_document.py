"""A verification as JSON."""

from __future__ import annotations

import json
from typing import Any, get_args

import jsonschema
import pytest

from ecrctl.verify.check import Check, Outcome
from ecrctl.verify.command import Verification
from ecrctl.verify.json_document import SCHEMA, as_json, schema

SAME = Check("repository a", "scan on push", "on", "on")
OTHER = Check("dev-A: Key", "Description", "a key", "")
UNKNOWN = Check.not_compared("dev-B: Job", "every property", "no reader")
FOUND = Verification(files=[SAME], stacks={"dev-A": [OTHER], "dev-B": [UNKNOWN]})


def document(found: Verification, *, only_differences: bool = False) -> Any:
    """Return the document of a verification, which is valid by the published schema."""
    parsed = json.loads(as_json("dev", found, only_differences=only_differences))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(parsed)
    return parsed


def test_every_check_has_its_source_and_its_values() -> None:
    found = document(FOUND)
    assert found["checks"] == [
        {
            "source": "files",
            "resource": "repository a",
            "property": "scan on push",
            "outcome": "match",
            "declared": "on",
            "deployed": "on",
            "reason": None,
        },
        {
            "source": "templates",
            "resource": "dev-A: Key",
            "property": "Description",
            "outcome": "difference",
            "declared": "a key",
            "deployed": "",
            "reason": None,
        },
        {
            "source": "templates",
            "resource": "dev-B: Job",
            "property": "every property",
            "outcome": "not compared",
            "declared": None,
            "deployed": None,
            "reason": "no reader",
        },
    ]
    assert {key: value for key, value in found.items() if key != "checks"} == {
        "version": 1,
        "environment": "dev",
        "result": "difference",
        "verdict": "dev: 1 of 2 checks differ: dev-A: Key, Description; 1 more could not be "
        "compared, each with its reason.",
        "unmanaged": None,
    }


def test_checks_that_match_can_be_left_out_and_are_counted() -> None:
    found = document(FOUND, only_differences=True)
    assert [check["outcome"] for check in found["checks"]] == ["difference", "not compared"]
    assert found["verdict"] == document(FOUND)["verdict"]


@pytest.mark.parametrize("checks", [[], [SAME], [SAME, UNKNOWN]])
def test_the_result_is_a_match_where_nothing_differs(checks: list[Check]) -> None:
    assert document(Verification(files=checks, stacks={}))["result"] == "match"
    assert document(Verification(files=[], stacks={"a": checks}))["result"] == "match"


def test_the_published_schema_is_the_one_of_the_models() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema() + "\n", "Write it again: make snapshot"
    outcome = json.loads(schema())["$defs"]["CheckDocument"]["properties"]["outcome"]
    assert outcome["enum"] == list(get_args(Outcome))


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"result": "unknown"}, {"more": 1}, {"checks": [{}]}, {"verdict": None}],
)
def test_another_document_is_not_valid_by_the_schema(change: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document(FOUND), **change}, json.loads(SCHEMA.read_text()))
