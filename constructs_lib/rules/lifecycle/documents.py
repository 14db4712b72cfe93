"""Reading a lifecycle policy's JSON document, as ECR returns it or a person wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib.rules.faults import Fault, RuleError, raise_if_any

from .policy import LifecyclePolicy
from .rule import LifecycleRule

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
_WORDS = {int: "a whole number", str: "text", list: "a list of text", Mapping: "a mapping"}


def policy_from_document(document: Any) -> LifecyclePolicy:
    """Read a policy; one that could touch live images is read too, because it exists.

    :raises RuleError: with everything in it that ECR would refuse.
    """
    rules = document.get("rules") if isinstance(document, Mapping) else None
    if not isinstance(rules, list):
        raise_if_any(
            "lifecycle policy",
            [Fault("", "a lifecycle policy is a mapping with a list of 'rules'. Write one.")],
        )
        return LifecyclePolicy(())
    faults: list[Fault] = []
    read: list[LifecycleRule] = []
    for index, rule in enumerate(rules):
        shape = _shape_faults(rule)
        if not shape:
            try:
                read.append(_rule(rule))
            except RuleError as error:
                shape = list(error.faults)
        faults += [fault.under(f"rules[{index}]") for fault in shape]
    raise_if_any("lifecycle policy", faults)
    return LifecyclePolicy(tuple(read), allow_touching_live_images=True)


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


def _shape_faults(rule: Any) -> list[Fault]:
    if not isinstance(rule, Mapping):
        return [Fault("", "a rule is a mapping. Write one.")]
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
        Fault(key, f"this is required, and missing. Give {_WORDS[kind]}.")
        for key, kind in keys.items()
        if key in _REQUIRED and key not in part
    ]
    for key, value in part.items():
        if key not in keys:
            faults.append(
                Fault(str(key), f"ECR knows no such property here. Known: {', '.join(keys)}.")
            )
        elif not _has_kind(value, keys[key]):
            faults.append(
                Fault(str(key), f"{_WORDS[keys[key]]} is expected here, got {value!r:.60}.")
            )
    return [fault.under(path) for fault in faults]


def _has_kind(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _unit_faults(selection: Mapping[str, Any]) -> list[Fault]:
    counts_images = selection.get("countType") == "imageCountMoreThan"
    if counts_images and "countUnit" in selection:
        return [
            Fault(
                "selection.countUnit",
                "imageCountMoreThan counts images and takes no countUnit. Remove it.",
            )
        ]
    if not counts_images and selection.get("countUnit") != "days":
        return [
            Fault(
                "selection.countUnit",
                f"{selection.get('countType')} needs countUnit 'days', "
                f"got {selection.get('countUnit')!r}.",
            )
        ]
    return []


def _target_faults(action: Mapping[str, Any]) -> list[Fault]:
    wanted = "archive" if action.get("type") == "transition" else None
    if action.get("targetStorageClass") == wanted:
        return []
    given = action.get("targetStorageClass")
    return [
        Fault(
            "action.targetStorageClass",
            f"the action '{action.get('type')}' has targetStorageClass "
            f"{wanted or 'left out'}, got {given!r}.",
        )
    ]
