"""Lifecycle policies read from JSON documents, as ECR returns or a person writes them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from constructs_lib.rules.faults import Fault, RuleError, faults_unless, raise_if_any, under

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
        message = "a lifecycle policy must be a mapping with a list of 'rules', got"
        fault = Fault("", f"{message} {document!r:.60}. Write {{'rules': [...]}}.")
        raise RuleError("lifecycle policy", [fault])
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
        faults += under(f"rules[{index}]", shape)
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
        message = f"a rule must be a mapping, got {rule!r:.60}."
        return [Fault("", f"{message} Write one with rulePriority, selection and action.")]
    faults = [*_part_faults(rule, _RULE, "")]
    if isinstance(rule.get("selection"), Mapping):
        selection = rule["selection"]
        faults += _part_faults(selection, _SELECTION, "selection")
        faults += _unit_faults(selection)
    if isinstance(rule.get("action"), Mapping):
        faults += _part_faults(rule["action"], _ACTION, "action")
        faults += _target_faults(rule["action"])
    return faults


def _part_faults(part: Mapping[str, Any], keys: Mapping[str, type], path: str) -> Iterator[Fault]:
    for key, kind in keys.items():
        if key in _REQUIRED and key not in part:
            message = f"{key} is required, got none. Add {_TYPE_NAMES[kind]}."
            yield Fault(key, message).under(path)
    for key, value in part.items():
        if key not in keys:
            message = f"{path or 'a rule'} cannot have the property {str(key)[:60]!r}."
            yield Fault(str(key), f"{message} Use one of {', '.join(keys)}.").under(path)
        elif not _has_kind(value, keys[key]):
            message = f"{key} must be {_TYPE_NAMES[keys[key]]}, got {value!r:.60}."
            yield Fault(str(key), message).under(path)


def _has_kind(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _unit_faults(selection: Mapping[str, Any]) -> list[Fault]:
    count_type = selection.get("countType")
    counts_images = count_type == "imageCountMoreThan"
    given = selection.get("countUnit")
    return faults_unless(
        # An unknown count type has a fault of its own.
        "countUnit" not in selection
        if counts_images
        else given == "days" or count_type not in COUNT_TYPES,
        "imageCountMoreThan cannot have countUnit, because it counts images, "
        f"got {given!r:.60}. Remove countUnit."
        if counts_images
        else f"{count_type} requires countUnit 'days', got {given!r}. Write 'days'.",
        path="selection.countUnit",
    )


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
