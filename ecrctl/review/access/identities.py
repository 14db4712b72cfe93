"""Identities as the subjects of policies: by their own name, or by their path in the app."""

from collections.abc import Mapping
from typing import Any

from ecrctl.review.diff.resources import properties, resources_of
from ecrctl.review.resolution.canonical import stack_of_reference
from ecrctl.review.resolution.texts import Values
from ecrctl.review.resource_types import resource_type
from ecrctl.review.type_names import IDENTITIES, ROLE

from .policy_sets import Subject


def identity_of(values: Values, logical_id: str) -> Subject:
    """Return an identity by its own name, or else by its path in the app."""
    resource = resources_of(values.stack).get(logical_id)
    resource = resource if isinstance(resource, Mapping) else {}
    kind = str(resource.get("Type"))
    kind = kind if kind in IDENTITIES else ROLE
    given = properties(resource).get(resource_type(kind).name_property)
    return Subject(kind, given if isinstance(given, str) else values.path(logical_id))


def referenced_identity(values: Values, kind: str, given: Any) -> Subject:
    """Return an identity that another resource refers to."""
    if isinstance(given, Mapping):
        target = given.get("Ref") or _first(given.get("Fn::GetAtt"))
        if isinstance(target, str):
            stack_name, logical_id = stack_of_reference(target)
            for stack in values.side if stack_name else (values.stack,):
                is_there = logical_id in resources_of(stack)
                if is_there and stack_name in {"", stack.stack_name}:
                    return identity_of(Values(stack=stack, side=values.side), logical_id)
            return Subject(kind, logical_id)
    text = values.text(given)
    name = text.rpartition(":role/")[2] if ":role/" in text else text
    return Subject(kind, name.removeprefix("${").removesuffix(".Arn}").removesuffix("}"))


def _first(given: Any) -> Any:
    return given[0] if isinstance(given, list) and given else given
