"""Resources of a template, and the values in their properties."""

import re
from collections.abc import Mapping
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.resolution.canonical import function_of

Resource = Mapping[str, Any]
_NUMBER = re.compile(r"-?\d+")


def account_of(stack: Stack) -> str:
    """Return a stack's account; its stage if the stack may be deployed to any account."""
    return stack.account if stack.account.isdigit() else stack.stage or stack.name


def resources_of(stack: Stack | None) -> Mapping[str, Any]:
    """Return the resources of a stack by logical ID; none if there is no stack."""
    resources: Mapping[str, Any] = stack.template.get("Resources", {}) if stack else {}
    return resources


def properties(resource: Resource | None) -> Mapping[str, Any]:
    """Return the properties of a resource; none if there is no resource."""
    given = resource.get("Properties", {}) if isinstance(resource, Mapping) else {}
    return given if isinstance(given, Mapping) else {}


def value_at(resource: Resource | None, *path: str) -> Any:
    """Return a property, or a value inside one; ``None`` where it is missing.

    Where only the deployment knows what the value is inside of, that is returned instead.
    """
    value: Any = properties(resource)
    for step in path:
        if function_of(value) is not None:
            return value
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; none if the value is no list."""
    given = value if isinstance(value, list) else []
    return [one for one in given if isinstance(one, Mapping)]


def is_true(value: Any) -> bool:
    """Return whether a value is true: CloudFormation accepts ``"true"`` as text, too."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def is_false(value: Any) -> bool:
    """Return whether a value is false: CloudFormation accepts ``"false"`` as text, too."""
    return value is False or (isinstance(value, str) and value.lower() == "false")


def number_of(value: Any) -> int | None:
    """Return a whole number, which may be given as text; ``None`` for any other value."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def path_of(logical_id: str, resource: Any) -> str:
    """Return a resource's path in its app, or else its logical ID."""
    metadata = resource.get("Metadata", {}) if isinstance(resource, Mapping) else {}
    path = metadata.get("aws:cdk:path") if isinstance(metadata, Mapping) else None
    return str(path).removesuffix("/Resource") if path else logical_id
