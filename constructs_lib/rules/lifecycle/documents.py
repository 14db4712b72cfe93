"""Lifecycle policies read from JSON documents, as ECR returns or a person writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from constructs_lib.rules.faults import Fault, RuleError, faults_unless, raise_if_any

from .policy import LifecyclePolicy, wildcard_prefix_faults
from .rule import COUNT_TYPES, LifecycleRule

_RULE = {"rulePriority": int, "description": str, "selection": Mapping, "action": Mapping}
_SELECTION = {
    "tagStatus": str,
    "tagPatternList": list,
    "tagPrefixList": list,
    "storageClass": str,
    "countType": str,
    "countUnit": str,
    "countNumber": int,
}
_ACTION = {"type": str, "targetStorageClass": str}
_REQUIRED = {"rulePriority", "selection", "action", "tagStatus", "countType", "countNumber", "type"}
# The document's names of a rule's fields.
_NAMES = {
    "priority": "rulePriority",
    "tag_status": "selection.tagStatus",
    "tag_patterns": "selection.tagPatternList",
    "tag_prefixes": "selection.tagPrefixList",
    "storage_class": "selection.storageClass",
    "count_type": "selection.countType",
    "count_number": "selection.countNumber",
    "action": "action.type",
}
_FIELD = re.compile(
    rf"^({'|'.join(_NAMES)})\b|\b({'|'.join(one for one in _NAMES if '_' in one)})\b"
)
_TYPE_NAMES = {int: "a whole number", str: "text", list: "a list of text", Mapping: "a mapping"}


def policy_from_document(document: Any, *, is_deployed: bool = False) -> LifecyclePolicy:
    """Return a document's policy, which may touch live images, because it may exist already.

    :param is_deployed: whether ECR has the policy. ECR accepts a tag prefix with ``*``, which
        matches no tag; in a new policy it is refused. ``False`` by default.
    :raises RuleError: with every fault for which ECR would refuse the document.
    """
    rules = document.get("rules") if isinstance(document, Mapping) else None
    if not isinstance(rules, list):
        raise_if_any(
            "lifecycle policy",
            [
                Fault(
                    "",
                    "a lifecycle policy must be a mapping with a list of 'rules', "
                    f"got {document!r:.60}. Write {{'rules': [...]}}.",
                )
            ],
        )
        return LifecyclePolicy(())
    faults = [
        Fault(str(key), f"a lifecycle policy has only 'rules', got {str(key)[:60]!r}. Remove it.")
        for key in document
        if key != "rules"
    ]
    read: list[LifecycleRule] = []
    for index, rule in enumerate(rules):
        shape = _shape_faults(rule)
        if not shape:
            try:
                read.append(_rule(rule))
            except RuleError as error:
                shape = list(_in_words_of_the_document(error.faults))
        faults += [fault.under(f"rules[{index}]") for fault in shape]
    raise_if_any("lifecycle policy", faults)
    policy = LifecyclePolicy(tuple(read), allow_touching_live_images=True)
    if not is_deployed:
        refused = _in_words_of_the_document(wildcard_prefix_faults(policy))
        raise_if_any("lifecycle policy", refused)
    return policy


def _rule(document: Mapping[str, Any]) -> LifecycleRule:
    selection = document["selection"]
    return LifecycleRule(
        priority=document["rulePriority"],
        description=document.get("description", ""),
        tag_status=selection["tagStatus"],
        tag_patterns=tuple(selection.get("tagPatternList", ())),
        tag_prefixes=tuple(selection.get("tagPrefixList", ())),
        storage_class=selection.get("storageClass"),
        count_type=selection["countType"],
        count_number=selection["countNumber"],
        action=document["action"]["type"],
    )


def _in_words_of_the_document(faults: Iterable[Fault]) -> Iterator[Fault]:
    for fault in faults:
        path = _FIELD.sub(lambda found: _NAMES[found[0]], fault.path)
        message = _FIELD.sub(lambda found: _NAMES[found[0]].rpartition(".")[2], fault.message)
        yield Fault(path, message)


def _shape_faults(rule: Any) -> list[Fault]:
    if not isinstance(rule, Mapping):
        return [
            Fault(
                "",
                f"a rule must be a mapping, got {rule!r:.60}. "
                "Write one with rulePriority, selection and action.",
            )
        ]
    faults = _part_faults(rule, _RULE, "")
    if isinstance(rule.get("selection"), Mapping):
        selection = rule["selection"]
        faults += _part_faults(selection, _SELECTION, "selection")
        faults += _unit_faults(selection)
    if isinstance(rule.get("action"), Mapping):
        faults += _part_faults(rule["action"], _ACTION, "action")
        faults += _target_faults(rule["action"])
    return faults


def _part_faults(part: Mapping[str, Any], keys: Mapping[str, type], path: str) -> list[Fault]:
    faults = [
        Fault(key, f"{key} is required, got none. Add {_TYPE_NAMES[kind]}.")
        for key, kind in keys.items()
        if key in _REQUIRED and key not in part
    ]
    for key, value in part.items():
        if key not in keys:
            faults.append(
                Fault(
                    str(key),
                    f"{path or 'a rule'} cannot have the property {str(key)[:60]!r}. "
                    f"Use one of {', '.join(keys)}.",
                )
            )
        elif not _has_kind(value, keys[key]):
            faults.append(
                Fault(str(key), f"{key} must be {_TYPE_NAMES[keys[key]]}, got {value!r:.60}.")
            )
    return [fault.under(path) for fault in faults]


def _has_kind(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _unit_faults(selection: Mapping[str, Any]) -> list[Fault]:
    if selection.get("countType") not in COUNT_TYPES:
        return []
    counts_images = selection["countType"] == "imageCountMoreThan"
    if counts_images and "countUnit" in selection:
        return [
            Fault(
                "selection.countUnit",
                "imageCountMoreThan cannot have countUnit, because it counts images, "
                f"got {selection['countUnit']!r:.60}. Remove countUnit.",
            )
        ]
    if not counts_images and selection.get("countUnit") != "days":
        return [
            Fault(
                "selection.countUnit",
                f"{selection['countType']} requires countUnit 'days', "
                f"got {selection.get('countUnit')!r}. Write 'days'.",
            )
        ]
    return []


def _target_faults(action: Mapping[str, Any]) -> list[Fault]:
    given = action.get("targetStorageClass")
    is_transition = action.get("type") == "transition"
    return faults_unless(
        given == ("archive" if is_transition else None),
        f"the action 'transition' requires targetStorageClass 'archive', got {given!r}. "
        "Write 'archive'."
        if is_transition
        else f"the action '{action.get('type')}' cannot have targetStorageClass, "
        f"got {given!r}. Remove targetStorageClass.",
        path="action.targetStorageClass",
    )
