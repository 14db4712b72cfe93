"""The managed policies that an assembly declares, found by what refers to them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.cdk.assemblies import Stack
from ecrctl.review.diff.resources import account_of, properties, resources_of
from ecrctl.review.resolution.canonical import stack_of_reference
from ecrctl.review.resolution.texts import Values
from ecrctl.review.type_names import IDENTITIES, MANAGED_POLICY

_ARN = re.compile(r"arn:[^:]*:iam::([^:]*):policy(/.*)")
# The stack's account and the path and name of the policy, or the stack and the logical ID.
_Key = tuple[str, str]


class ManagedPolicies:
    """The managed policies in all stacks of one side."""

    def __init__(self, side: Sequence[Stack]) -> None:
        self._side = side

    def document(self, values: Values, given: Any) -> tuple[Values, Any] | None:
        """Return a policy's document, and the values of its stack; ``None`` for an unknown policy.

        :param given: the policy's ARN, or a reference to it.
        """
        found = self._declared.get(_key(values, given))
        if found is None:
            return None
        stack, resource = found
        return Values(stack=stack, side=self._side), properties(resource).get("PolicyDocument")

    def is_attached(self, stack: Stack, logical_id: str) -> bool:
        """Return whether an identity of any stack refers to a policy."""
        return (stack.stack_name, logical_id) in self._attached

    @cached_property
    def _declared(self) -> Mapping[_Key, tuple[Stack, Mapping[str, Any]]]:
        found: dict[_Key, tuple[Stack, Mapping[str, Any]]] = {}
        for stack in self._side:
            for logical_id, resource in stack.resources(MANAGED_POLICY):
                found[stack.stack_name, logical_id] = (stack, resource)
                given = properties(resource)
                name, path = given.get("ManagedPolicyName"), given.get("Path", "/")
                if isinstance(name, str) and isinstance(path, str):
                    found[account_of(stack), path + name] = (stack, resource)
        return found

    @cached_property
    def _attached(self) -> set[_Key]:
        found = set()
        for stack in self._side:
            values = Values(stack=stack, side=self._side)
            for given in _references(stack):
                owner = self._declared.get(_key(values, given))
                if owner is not None:
                    ids = (one for one, each in resources_of(owner[0]).items() if each is owner[1])
                    found |= {(owner[0].stack_name, one) for one in ids}
        return found


def _key(values: Values, given: Any) -> _Key:
    if isinstance(given, Mapping) and isinstance(given.get("Ref"), str):
        stack_name, logical_id = stack_of_reference(given["Ref"])
        return stack_name or values.stack.stack_name, logical_id
    match = _ARN.fullmatch(values.text(given))
    if match is None:
        return "", ""
    account = match[1] if match[1].isdigit() else account_of(values.stack)
    return account, match[2]


def _references(stack: Stack) -> Iterator[Any]:
    for kind in IDENTITIES:
        for _, resource in stack.resources(kind):
            yield properties(resource).get("PermissionsBoundary")
            yield from as_list(properties(resource).get("ManagedPolicyArns", []))
