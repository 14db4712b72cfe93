"""The differences between two cloud assemblies: stacks, and the resources in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.cdk.assemblies import Stack
from ecrctl.git import ChangedFile
from ecrctl.review.findings import Place, canonical_json
from ecrctl.review.resource_types import resource_type
from ecrctl.review.team_rules.review_file import ForbiddenAccess
from ecrctl.review.team_rules.violations import Violation

from .assets import asset_digests
from .resources import Resource, path_of, properties, resources_of, value_at

Impact = Literal[
    "WILL_CREATE",
    "WILL_UPDATE",
    "WILL_REPLACE",
    "MAY_REPLACE",
    "WILL_DESTROY",
    "WILL_ORPHAN",
    "NO_CHANGE",
]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPair:
    """One stack on both sides; ``None`` on a side that does not have it.

    :param name: the display name, which another stack may have as well.
    :param nested: the logical IDs of the nested stacks whose templates both sides contain.
    """

    name: str
    base: Stack | None
    head: Stack | None
    nested: frozenset[str] = frozenset()

    def has_nested(self, logical_id: str) -> bool:
        """Return whether the assembly contains the template of a nested stack."""
        return logical_id in self.nested

    @property
    def id(self) -> str:
        """Return the stack as no other one is called."""
        return self.stack.id

    @property
    def stack(self) -> Stack:
        """Return the stack of the head side, or of the base side if there is no other."""
        stack = self.head or self.base
        assert stack is not None  # noqa: S101 - a pair of nothing is never made
        return stack

    @property
    def environment(self) -> str:
        """Return the stage, or the account and region of a stack that is in no stage."""
        return self.stack.environment

    @property
    def key(self) -> list[str]:
        """Return the stack as an id names it: CloudFormation's name, account and region."""
        return [self.stack.stack_name, self.stack.account, self.stack.region]

    def on_both_sides(self) -> Iterator[tuple[str, Any, Any]]:
        """Yield each logical ID that both sides have, with its resource before and after."""
        before, after = resources_of(self.base), resources_of(self.head)
        return ((one, before[one], after[one]) for one in after if one in before)


@dataclass(frozen=True, kw_only=True, eq=False)
class ResourceChange:
    """One resource on both sides; ``None`` on a side that does not have it.

    :param impact: CloudFormation's action, as the CDK's own diff predicts it.
    :param changed: the properties that differ.
    :param replacing: those of them that make, or may make, CloudFormation replace the resource.
    :param other: the attributes beside its properties that differ, such as ``DeletionPolicy``.
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
        """Return the resource of the head side, or of the base side if there is no other."""
        resource = self.head if self.head is not None else self.base
        assert resource is not None  # noqa: S101 - a change of nothing is never made
        return resource

    @property
    def type(self) -> str:
        """Return the CloudFormation type."""
        return str(self.resource.get("Type", ""))

    @property
    def is_update(self) -> bool:
        """Return whether both sides have the resource."""
        return self.base is not None and self.head is not None

    @property
    def is_replaced(self) -> bool:
        """Return whether CloudFormation replaces, or may replace, the resource."""
        return self.impact in {"WILL_REPLACE", "MAY_REPLACE"} and not self.is_another_type

    @property
    def is_another_type(self) -> bool:
        """Return whether the logical ID changes its type, which CloudFormation refuses."""
        if self.base is None or self.head is None:
            return False
        return self.base.get("Type") != self.head.get("Type")

    @cached_property
    def name(self) -> str:
        """Return its display name: its own name, or else its path in the app."""
        return self._display_name or path_of(self.logical_id, self.resource)

    @property
    def _display_name(self) -> str | None:
        row = resource_type(self.type)
        given = properties(self.resource).get(row.display_property or row.name_property)
        return given if isinstance(given, str) else None

    @property
    def place(self) -> Place:
        """Return where the resource is: the id of its stack, and its logical ID."""
        return self.pair.id, self.logical_id

    @property
    def key(self) -> str:
        """Return the resource as an id names it: by values of the template, no display words."""
        return canonical_json([self.pair.key, self.type, self.logical_id, self._display_name])

    @cached_property
    def evidence(self) -> str:
        """Return both sides of the resource as far as they differ, as canonical text.

        Metadata is left out: the CDK writes paths and asset names there, which deploy nothing.
        """
        base, head = self.both(_flattened)
        if base is not None and head is not None:
            same = {name for name in base if name in head and base[name] == head[name]}
            base, head = (
                {name: value for name, value in side.items() if name not in same}
                for side in (base, head)
            )
        stacks = [self.pair.base is not None, self.pair.head is not None]
        return canonical_json([self.impact, stacks, base, head])

    def both(self, read: Callable[[Resource | None], T]) -> tuple[T, T]:
        """Return a reading of both sides: the resource before and after."""
        return read(self.base), read(self.head)

    @property
    def explicit_name(self) -> str | None:
        """Return the name in the template; ``None`` where CloudFormation generates one."""
        given = properties(self.resource).get(resource_type(self.type).name_property)
        return given if isinstance(given, str) else None

    def keeps_its_name(self) -> bool:
        """Return whether the resource has the same explicit name on both sides."""
        naming = resource_type(self.type).name_property
        before, after = self.values(naming)
        return bool(naming) and before is not None and before == after

    def values(self, *path: str) -> tuple[Any, Any]:
        """Return a property, or a value inside one, of both sides; ``None`` where it is missing."""
        return value_at(self.base, *path), value_at(self.head, *path)


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Two assemblies, and every difference between them.

    :param changes: the resources that differ, in the order of the stacks and their templates.
    :param texts: the output of ``cdk diff`` by the id of the stack.
    :param image_sets: images by repository, for lifecycle previews; ``""`` for all others.
    :param forbidden_access: the team's rules about access.
    :param violations: the violations of the team's policies on both sides.
    :param changed_files: the files of the repository that differ, as far as they are known.
    """

    base: Sequence[Stack]
    head: Sequence[Stack]
    pairs: Sequence[StackPair]
    changes: Sequence[ResourceChange]
    texts: Mapping[str, str] = field(default_factory=dict)
    image_sets: Mapping[str, Sequence[ImageRecord]] = field(default_factory=dict)
    forbidden_access: Sequence[ForbiddenAccess] = ()
    violations: tuple[Sequence[Violation], Sequence[Violation]] = ((), ())
    changed_files: Sequence[ChangedFile] = ()

    @property
    def cli_texts(self) -> list[tuple[str, str]]:
        """Return the output of ``cdk diff`` for each stack that has one, with the stack's name."""
        names = {pair.id: pair.name for pair in self.pairs}
        return [(names.get(one, one), text) for one, text in self.texts.items() if text]

    def of_type(self, *types: str) -> Iterator[ResourceChange]:
        """Return the changes of some resource types."""
        return (change for change in self.changes if change.type in types)


def _flattened(resource: Resource | None) -> dict[str, Any] | None:
    """Return a resource's attributes and properties in one mapping, without its metadata."""
    if resource is None:
        return None
    flat = {name: value for name, value in resource.items() if name != "Metadata"}
    if isinstance(flat.get("Properties"), Mapping):
        flat |= {f"Properties.{name}": value for name, value in flat.pop("Properties").items()}
    return flat


def pairs_of(base: Sequence[Stack], head: Sequence[Stack]) -> list[StackPair]:
    """Return the stacks that differ between both sides, by name.

    A deployed stack and its replacement have CloudFormation's stack name, account and region in
    common; their paths in the app may differ.
    """
    left = list(base)
    pairs = []
    for stack in head:
        same = [one for one in left if _is_deployed_over(one, stack)]
        found = next((one for one in same if one.name == stack.name), same[0] if same else None)
        if found is not None:
            left.remove(found)
            found = replace(found, name=stack.name, stage=stack.stage, artifact=stack.artifact)
        pairs.append(StackPair(name=stack.name, base=found, head=stack))
    ids = {stack.id for stack in head}
    for stack in left:
        where = (
            f" ({stack.stack_name} in {stack.account}/{stack.region})" if stack.id in ids else ""
        )
        gone = replace(stack, name=stack.name + where, artifact=stack.id + where)
        pairs.append(StackPair(name=gone.name, base=gone, head=_emptied(gone, base, head)))
    pairs.sort(key=lambda pair: (pair.name.split("/"), pair.id))
    nested = [_nested_in(side) for side in (base, head)]
    return [replace(pair, nested=_in_both(pair, *nested)) for pair in pairs if not _is_same(pair)]


def _nested_in(side: Sequence[Stack]) -> set[str]:
    return {stack.stack_name for stack in side if "/" in stack.stack_name}


def _in_both(pair: StackPair, base: set[str], head: set[str]) -> frozenset[str]:
    around = f"{pair.stack.stack_name}/"
    return frozenset(one.removeprefix(around) for one in base & head if one.startswith(around))


def _is_deployed_over(base: Stack, head: Stack) -> bool:
    deployed = (base.stack_name, base.account, base.region)
    replacement = (head.stack_name, head.account, head.region)
    return all(
        one == other or one.startswith("unknown-") or other.startswith("unknown-")
        for one, other in zip(deployed, replacement, strict=True)
    )


def _emptied(gone: Stack, base: Sequence[Stack], head: Sequence[Stack]) -> Stack | None:
    """Return a removed nested stack without resources: unlike other stacks, it is deleted."""
    around, _, logical_id = gone.stack_name.rpartition("/")
    parents = [one for one in base if around and one.stack_name == around]
    if not any(_is_deployed_over(parent, one) for parent in parents for one in head):
        return None
    nested = parents[0].template.get("Resources", {}).get(logical_id, {})
    if nested.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"):
        return None
    return replace(gone, template={"Resources": {}}, file=Path())


def _is_same(pair: StackPair) -> bool:
    base, head = (
        side and (side.template, side.as_written, side.settings, asset_digests(side))
        for side in (pair.base, pair.head)
    )
    return base == head
