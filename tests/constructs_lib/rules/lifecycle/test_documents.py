"""Reading lifecycle policies' JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.lifecycle.documents import policy_from_document
from constructs_lib.rules.lifecycle.presets import PRESETS

SELECTION = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
RULE: dict[str, Any] = {
    "rulePriority": 1,
    "description": "A description that makes the document long enough",
    "selection": SELECTION,
    "action": {"type": "expire"},
}


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_policy_survives_the_way_through_its_document(preset: str) -> None:
    document = PRESETS[preset]().document()
    assert policy_from_document(json.loads(json.dumps(document))).document() == document


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (
            [],
            "lifecycle policy: a lifecycle policy is a mapping with a list of 'rules'. Write one.",
        ),
        ({"rules": [1]}, "lifecycle policy: rules[0]: a rule is a mapping. Write one."),
        (
            {"rules": []},
            "LifecyclePolicy: a lifecycle policy has 1 to 50 rules, got 0. Merge rules, or "
            "leave the policy out.",
        ),
        (
            {"rules": [{}]},
            "lifecycle policy: 3 faults:\n  "
            "- rules[0].rulePriority: this is required, and missing. Give a whole number.\n  "
            "- rules[0].selection: this is required, and missing. Give a mapping.\n  "
            "- rules[0].action: this is required, and missing. Give a mapping.",
        ),
        (
            {"rules": [RULE | {"priority": 1}]},
            "lifecycle policy: rules[0].priority: ECR knows no such property here. Known: "
            "rulePriority, description, selection, action.",
        ),
        (
            {"rules": [RULE | {"rulePriority": "1"}]},
            "lifecycle policy: rules[0].rulePriority: a whole number is expected here, got '1'.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countUnit": "days"}}]},
            "lifecycle policy: rules[0].selection.countUnit: imageCountMoreThan counts images "
            "and takes no countUnit. Remove it.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countType": "sinceImagePushed"}}]},
            "lifecycle policy: rules[0].selection.countUnit: sinceImagePushed needs countUnit "
            "'days', got None.",
        ),
        (
            {"rules": [RULE | {"action": {"type": "transition"}}]},
            "lifecycle policy: rules[0].action.targetStorageClass: the action 'transition' has "
            "targetStorageClass archive, got None.",
        ),
        (
            {"rules": [RULE | {"action": {"type": "expire", "targetStorageClass": "archive"}}]},
            "lifecycle policy: rules[0].action.targetStorageClass: the action 'expire' has "
            "targetStorageClass left out, got 'archive'.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"tagPatternList": [1]}}]},
            "lifecycle policy: rules[0].selection.tagPatternList: a list of text is expected "
            "here, got [1].",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countNumber": True}}]},
            "lifecycle policy: rules[0].selection.countNumber: a whole number is expected here, "
            "got True.",
        ),
    ],
)
def test_what_ecr_would_refuse_is_refused_with_its_path(document: Any, sentence: str) -> None:
    with pytest.raises(RuleError) as refusal:
        policy_from_document(document)
    assert str(refusal.value) == sentence


KEYS = st.sampled_from(
    [*RULE, *SELECTION, "tagPatternList", "tagPrefixList", "storageClass", "countUnit", "type"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2_000_000)
    | st.sampled_from(
        ["any", "tagged", "untagged", "archive", "days", "expire", "transition", "v*", ""]
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=15,
)


@given(st.fixed_dictionaries({"rules": st.lists(ANYTHING, max_size=3)}) | ANYTHING)
def test_anything_is_either_a_policy_or_a_sentence(document: Any) -> None:
    try:
        policy = policy_from_document(document)
    except RuleError as error:
        assert error.faults
        assert all(fault.message.endswith((".", ")")) for fault in error.faults)
    else:
        assert policy.document()["rules"]
