"""A rule about images that run from a copy which replication no longer makes, or never made.

Source: Amazon ECR user guide, "Private image replication in Amazon ECR".
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.resources import (
    account_of,
    mappings,
    properties,
    resources_of,
    value_at,
)
from ecrctl.review.diff.workloads import WORKLOAD_TYPES, Workload, workload_changes, workloads_of
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.texts import Values
from ecrctl.review.rules.rule import about, rule
from ecrctl.review.type_names import REPLICATION, REPOSITORY

_MOST_SHOWN = 3
_HOST = re.compile(r"([^.]+)\.dkr\.ecr\.([^.]+)\..+")
# An account and a region.
_Registry = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Image:
    """A repository's name, and the registry that it is pulled from."""

    registry: _Registry
    name: str

    def __str__(self) -> str:
        account, region = self.registry
        return f"`{self.name}` to {account} in {region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copying:
    """A replication rule of a registry: the beginnings of names, and where it copies them."""

    source: _Registry
    destinations: frozenset[_Registry]
    prefixes: tuple[str, ...]

    def covers(self, image: _Image) -> bool:
        return image.registry in self.destinations and image.name.startswith(self.prefixes)


@rule(Category.PROTECTION_LOST)
def replication_leaves_out(comparison: Comparison) -> Iterator[Finding]:
    """An image that runs in a registry's destination is not copied there."""
    after = _copying(comparison.head)
    before = _copying(comparison.base)
    if not after and not before:
        return
    running = _running(comparison.head)
    left_out = [one for one in running if not any(rule.covers(one) for rule in after)]
    for change in comparison.of_type(REPLICATION):
        # A configuration stays when its stack leaves the app.
        if change.impact != "WILL_ORPHAN" and change.pair.head is not None:
            own = [one for one in before if one.source == _registry_of(change.pair.stack)]
            lost = [one for one in left_out if any(rule.covers(one) for rule in own)]
            yield from _no_longer_copied(change, lost, running)
    yield from _never_copied(comparison, after, set(left_out) - set(_running(comparison.base)))


def _no_longer_copied(
    change: ResourceChange, lost: Sequence[_Image], running: Mapping[_Image, Sequence[str]]
) -> Iterator[Finding]:
    if lost:
        users = sorted({user for one in lost for user in running[one]})
        what = listed(first_few(sorted(map(str, lost)), _MOST_SHOWN))
        who = listed(first_few(users, _MOST_SHOWN))
        message = f"no longer copies {what}, where {who} {_verb(users)}: new images do not arrive"
        yield about(change, message, detail=sorted(map(str, lost)))


def _verb(users: Sequence[str]) -> str:
    return "runs it" if len(users) == 1 else "run it"


def _never_copied(
    comparison: Comparison, rules: Sequence[_Copying], new: set[_Image]
) -> Iterator[Finding]:
    """Yield the workloads that begin to run an image of which replication makes no copy."""
    declared = {
        _Image(_registry_of(stack), str(properties(resource).get("RepositoryName")))
        for stack in comparison.head
        for _, resource in stack.resources(REPOSITORY)
    }
    for one in workload_changes(comparison) if new else ():
        for image in sorted(_images(one.head) & new, key=str):
            sources = sorted(
                {
                    rule.source
                    for rule in rules
                    if image.registry in rule.destinations
                    and _Image(rule.source, image.name) in declared
                }
            )
            if sources and image not in declared:
                account, region = sources[0]
                message = (
                    f"runs a copy that nothing makes: the replication of {account} in {region} "
                    f"makes no copy of `{image.name}`. Add it to the filters"
                )
                yield about(one.change, message, detail=[str(image), sources])


def _copying(side: Sequence[Stack]) -> list[_Copying]:
    """Return the replication rules of every registry of a side."""
    return [
        _Copying(
            source=_registry_of(stack),
            destinations=frozenset(
                (values.text(one.get("RegistryId")), values.text(one.get("Region")))
                for one in mappings(entry.get("Destinations"))
            ),
            prefixes=tuple(
                values.text(one.get("Filter")) for one in mappings(entry.get("RepositoryFilters"))
            )
            or ("",),
        )
        for stack in side
        for values in [Values(stack=stack, side=side)]
        for _, resource in stack.resources(REPLICATION)
        for entry in mappings(value_at(resource, "ReplicationConfiguration", "Rules"))
    ]


def _registry_of(stack: Stack) -> _Registry:
    return account_of(stack), stack.region


def _running(side: Sequence[Stack]) -> Mapping[_Image, list[str]]:
    """Return the images of private registries that a side runs, each with its workloads."""
    found: defaultdict[_Image, list[str]] = defaultdict(list)
    for stack in side:
        values = Values(stack=stack, side=side)
        for logical_id, resource in resources_of(stack).items():
            if isinstance(resource, Mapping) and resource.get("Type") in WORKLOAD_TYPES:
                for one in workloads_of(values, resource, logical_id):
                    for image in _images(one):
                        found[image].append(one.subject)
    return found


def _images(workload: Workload | None) -> set[_Image]:
    references = workload.images.values() if workload else ()
    hosts = [(_HOST.fullmatch(one.registry), one.name) for one in references]
    return {_Image((found[1], found[2]), name) for found, name in hosts if found}
