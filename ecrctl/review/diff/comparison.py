"""What differs between two cloud assemblies: stacks, and the resources in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.cdk.assemblies import Stack
from ecrctl.review.resource_types import resource_type

Impact = Literal[
    "WILL_CREATE",
    "WILL_UPDATE",
    "WILL_REPLACE",
    "MAY_REPLACE",
    "WILL_DESTROY",
    "WILL_ORPHAN",
    "NO_CHANGE",
]
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPair:
    """Define one stack on both sides; ``None`` where it is not there."""

    name: str
    base: Stack | None
    head: Stack | None

    @property
    def stack(self) -> Stack:
        """Give the stack as it will be, or else as it was."""
        stack = self.head or self.base
        assert stack is not None  # noqa: S101 - a pair of nothing is never made
        return stack

    @property
    def environment(self) -> str:
        """Give the stage, or where the stack is deployed when it is in none."""
        return self.stack.environment


@dataclass(frozen=True, kw_only=True, eq=False)
class ResourceChange:
    """Define one resource on both sides.

    :param impact: what CloudFormation does with it, as the CDK's own diff says.
    :param changed: the properties that differ.
    :param replacing: those of them that make CloudFormation replace the resource, or may.
    :param other: what differs beside its properties, such as ``DeletionPolicy``.
    """

    pair: StackPair
    logical_id: str
    base: Resource | None
    head: Resource | None
    impact: Impact
    changed: tuple[str, ...] = ()
    replacing: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def resource(self) -> Resource:
        """Give the resource as it will be, or else as it was."""
        resource = self.head if self.head is not None else self.base
        assert resource is not None  # noqa: S101 - a change of nothing is never made
        return resource

    @property
    def type(self) -> str:
        """Give the CloudFormation type."""
        return str(self.resource.get("Type", ""))

    @property
    def is_update(self) -> bool:
        """Say whether the resource is there on both sides."""
        return self.base is not None and self.head is not None

    @property
    def is_replaced(self) -> bool:
        """Say whether CloudFormation makes another resource in its place, or may."""
        return self.impact in {"WILL_REPLACE", "MAY_REPLACE"} and not self.is_another_type

    @property
    def is_another_type(self) -> bool:
        """Say whether one logical ID is of another type, which CloudFormation refuses."""
        if self.base is None or self.head is None:
            return False
        return self.base.get("Type") != self.head.get("Type")

    @cached_property
    def name(self) -> str:
        """Give what a person calls it: its own name, or else its path in the app."""
        row = resource_type(self.type)
        given = properties(self.resource).get(row.display_property or row.name_property)
        return given if isinstance(given, str) else path_of(self.logical_id, self.resource)

    @cached_property
    def evidence(self) -> str:
        """Give all that differs as one text, by which two changes are told from each other."""
        base, head = (side or {} for side in (self.base, self.head))
        before, after = (properties(side) for side in (self.base, self.head))
        told = [
            [name, before.get(name), after.get(name)] for name in (self.changed or {**before})
        ] + [[name, base.get(name), head.get(name)] for name in self.other if name != "Metadata"]
        return json.dumps([self.impact, told], sort_keys=True, default=str)

    @property
    def explicit_name(self) -> str | None:
        """Give the name that the template says; ``None`` where CloudFormation makes one."""
        given = properties(self.resource).get(resource_type(self.type).name_property)
        return given if isinstance(given, str) else None

    def keeps_its_name(self) -> bool:
        """Say whether both sides give the resource the same explicit name."""
        naming = resource_type(self.type).name_property
        if not naming or self.base is None or self.head is None:
            return False
        given = properties(self.base).get(naming)
        return given is not None and given == properties(self.head).get(naming)

    def values(self, *path: str) -> tuple[Any, Any]:
        """Give a property, or what is inside one, on both sides; ``None`` where it is not."""
        return value_at(self.base, *path), value_at(self.head, *path)


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Define two assemblies, and every difference between them.

    :param changes: what differs, in the order of the stacks and their templates.
    :param texts: what ``cdk diff`` would print, by the name of the stack.
    :param parts: by stack and by part of its template, such as ``parameters``, the names of what
        differs there.
    :param image_sets: images by repository, for lifecycle previews; ``""`` for all others.
    """

    base: Sequence[Stack]
    head: Sequence[Stack]
    pairs: Sequence[StackPair]
    changes: Sequence[ResourceChange]
    texts: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    image_sets: Mapping[str, Sequence[ImageRecord]] = field(default_factory=dict)

    def of_type(self, *types: str) -> Iterator[ResourceChange]:
        """Give the changes of some types."""
        return (change for change in self.changes if change.type in types)


def account_of(stack: Stack) -> str:
    """Give the account of a stack; of one that may be deployed anywhere, its stage instead."""
    return stack.account if stack.account.isdigit() else stack.stage or stack.name


def properties(resource: Resource | None) -> Mapping[str, Any]:
    """Give the properties of a resource, none where it is not there."""
    given = resource.get("Properties", {}) if isinstance(resource, Mapping) else {}
    return given if isinstance(given, Mapping) else {}


def value_at(resource: Resource | None, *path: str) -> Any:
    """Give a property, or what is inside one; ``None`` where it is not there."""
    value: Any = properties(resource)
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """Give the mappings in a list, none where something else stands in the list's place."""
    given = value if isinstance(value, list) else []
    return [one for one in given if isinstance(one, Mapping)]


def is_true(value: Any) -> bool:
    """Say whether a value switches something on: CloudFormation takes it as text as well."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def is_known(value: Any) -> bool:
    """Say whether a value stands in the template, and is not left to the deployment."""
    return not isinstance(value, Mapping)


def path_of(logical_id: str, resource: Resource) -> str:
    """Give a resource's path in its app, which says more than its logical ID."""
    metadata = resource.get("Metadata", {})
    path = metadata.get("aws:cdk:path") if isinstance(metadata, Mapping) else None
    return str(path).removesuffix("/Resource") if path else logical_id


def pairs_of(base: Sequence[Stack], head: Sequence[Stack]) -> list[StackPair]:
    """Give the stacks of both sides that differ, by name.

    What is deployed over what is said by CloudFormation's name for a stack and where it is
    deployed, as its path in the app does not.
    """
    left = list(base)
    pairs = []
    for stack in head:
        same = [one for one in left if _is_deployed_over(one, stack)]
        found = next((one for one in same if one.name == stack.name), same[0] if same else None)
        if found is not None:
            left.remove(found)
            found = replace(found, name=stack.name, stage=stack.stage)
        pairs.append(StackPair(name=stack.name, base=found, head=stack))
    names = {stack.name for stack in head}
    for stack in left:
        name = stack.name
        if name in names:
            name = f"{name} ({stack.stack_name} in {stack.account}/{stack.region})"
        gone = replace(stack, name=name)
        pairs.append(StackPair(name=name, base=gone, head=_emptied(gone, base, head)))
    pairs.sort(key=lambda pair: pair.name.split("/"))
    return [pair for pair in pairs if not _is_same(pair)]


def _is_deployed_over(base: Stack, head: Stack) -> bool:
    here, there = ((one.stack_name, one.account, one.region) for one in (base, head))
    return all(
        one == other or one.startswith("unknown-") or other.startswith("unknown-")
        for one, other in zip(here, there, strict=True)
    )


def _emptied(gone: Stack, base: Sequence[Stack], head: Sequence[Stack]) -> Stack | None:
    """Give what is left of a nested stack that goes: unlike others, it is deleted."""
    around, _, logical_id = gone.stack_name.rpartition("/")
    parents = [one for one in base if around and one.stack_name == around]
    if not any(_is_deployed_over(parent, one) for parent in parents for one in head):
        return None
    nested = parents[0].template.get("Resources", {}).get(logical_id, {})
    if nested.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"):
        return None
    return replace(gone, template={"Resources": {}}, file=Path())


def _is_same(pair: StackPair) -> bool:
    base, head = pair.base, pair.head
    return (
        base is not None
        and head is not None
        and base.template == head.template
        and (base.account, base.region, base.is_protected)
        == (head.account, head.region, head.is_protected)
    )
