"""Lifecycle policies read from JSON documents."""

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
def test_a_policy_is_read_back_from_its_document(preset: str) -> None:
    document = PRESETS[preset]().document()
    assert policy_from_document(json.loads(json.dumps(document))).document() == document


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (
            [],
            "lifecycle policy: a lifecycle policy must be a mapping with a list of 'rules', "
            "got []. Write {'rules': [...]}.",
        ),
        (
            {"rules": [1]},
            "lifecycle policy: rules[0]: a rule must be a mapping, got 1. "
            "Write one with rulePriority, selection and action.",
        ),
        (
            {"rules": []},
            "LifecyclePolicy: a lifecycle policy must have 1 to 50 rules, got 0. Add one, or "
            "remove the policy.",
        ),
        (
            {"Rules": [], "rules": [RULE]},
            "lifecycle policy: Rules: a lifecycle policy has only 'rules', got 'Rules'. Remove it.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"storageClass": ""}}]},
            "lifecycle policy: rules[0].selection.storageClass: storageClass must be one of "
            "standard, archive, got ''.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countType": "imageCount"}}]},
            "lifecycle policy: rules[0].selection.countType: countType must be one of "
            "imageCountMoreThan, sinceImagePushed, sinceImagePulled, sinceImageTransitioned, got "
            "'imageCount'.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countNumber": 0}}]},
            "lifecycle policy: rules[0].selection.countNumber: countNumber must be at least 1, got "
            "0. Write the number of images, or of days, to keep.",
        ),
        (
            {"rules": [RULE | {"rulePriority": 0}]},
            "lifecycle policy: rules[0].rulePriority: rulePriority must be at least 1, got 0. "
            "Number the rules from 1.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"tagStatus": "tagged"}}]},
            "lifecycle policy: rules[0].selection.tagStatus: a rule for tagged images requires "
            "tagPatternList or tagPrefixList, got neither. Add a pattern, such as '*' for every "
            "tag.",
        ),
        (
            {"rules": [RULE | {"action": {"type": "delete"}}]},
            "lifecycle policy: rules[0].action.type: type must be one of expire, transition, got "
            "'delete'.",
        ),
        (
            {"rules": [{}]},
            "lifecycle policy: 3 faults:\n  "
            "- rules[0].rulePriority: rulePriority is required, got none. Add a whole number.\n  "
            "- rules[0].selection: selection is required, got none. Add a mapping.\n  "
            "- rules[0].action: action is required, got none. Add a mapping.",
        ),
        (
            {"rules": [RULE | {"priority": 1}]},
            "lifecycle policy: rules[0].priority: a rule cannot have the property 'priority'. "
            "Use one of rulePriority, description, selection, action.",
        ),
        (
            {"rules": [RULE | {"rulePriority": "1"}]},
            "lifecycle policy: rules[0].rulePriority: rulePriority must be a whole number, "
            "got '1'.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countUnit": "days"}}]},
            "lifecycle policy: rules[0].selection.countUnit: imageCountMoreThan cannot have "
            "countUnit, because it counts images, got 'days'. Remove countUnit.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countType": "sinceImagePushed"}}]},
            "lifecycle policy: rules[0].selection.countUnit: sinceImagePushed requires countUnit "
            "'days', got None. Write 'days'.",
        ),
        (
            {"rules": [RULE | {"action": {"type": "transition"}}]},
            "lifecycle policy: rules[0].action.targetStorageClass: the action 'transition' "
            "requires targetStorageClass 'archive', got None. Write 'archive'.",
        ),
        (
            {"rules": [RULE | {"action": {"type": "expire", "targetStorageClass": "archive"}}]},
            "lifecycle policy: rules[0].action.targetStorageClass: the action 'expire' cannot "
            "have targetStorageClass, got 'archive'. Remove targetStorageClass.",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"tagPatternList": [1]}}]},
            "lifecycle policy: rules[0].selection.tagPatternList: tagPatternList must be a list "
            "of text, got [1].",
        ),
        (
            {"rules": [RULE | {"selection": SELECTION | {"countNumber": True}}]},
            "lifecycle policy: rules[0].selection.countNumber: countNumber must be a whole "
            "number, got True.",
        ),
    ],
)
def test_a_document_that_ecr_would_refuse_is_refused_with_the_path(
    document: Any, sentence: str
) -> None:
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
