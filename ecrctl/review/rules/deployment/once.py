"""Rules about what an account or a region has once, but a change declares twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.documents import grouped
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.diff.resources import account_of, is_true, mappings, properties, resources_of
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.texts import Values, is_unknown
from ecrctl.review.resource_types import resource_type
from ecrctl.review.rules.rule import about, about_stack, rule
from ecrctl.review.type_names import ENDPOINT
from ecrctl.review.unique_names import DEFAULTS

_FAILS = Category.WILL_FAIL
# The values that no other resource has, after the type, the account and the region.
_Identity = tuple[str, ...]
_Declared = tuple[Stack, str]


@rule(_FAILS)
def declared_twice(comparison: Comparison) -> Iterator[Finding]:
    """Two resources declare the same thing, which an account has once."""
    declared = _declared_once(comparison)
    for change in comparison.changes:
        before = _identities_in(comparison, change, is_head=False)
        after = _identities_in(comparison, change, is_head=True)
        found = next(
            (declared[one] for one in after if one not in before and len(declared[one]) > 1), []
        )
        if found:
            places = [(stack.name, logical_id) for stack, logical_id in found]
            texts = listed([f"`{place}` ({logical_id})" for place, logical_id in places])
            yield about(
                change,
                f"is declared {len(found)} times, by {texts}, but {_scope(change)} can have it "
                "only once: the deployment fails (AlreadyExists)",
                detail=places,
                is_undecided=any("Condition" in _resource(*one) for one in found),
            )


def _scope(change: ResourceChange) -> str:
    return "an account" if resource_type(change.type).is_global else "an account and region"


@cache
def _declared_once(comparison: Comparison) -> Mapping[_Identity, list[_Declared]]:
    """Return the resources of the head side by what no two of them may have in common."""
    every = (
        (identity, (stack, logical_id))
        for stack in comparison.head
        for logical_id, resource in resources_of(stack).items()
        if isinstance(resource, Mapping)
        for identity in _identities(stack, comparison.head, resource)
    )
    return {
        identity: [one for _, one in found]
        for identity, found in grouped(every, lambda one: one[0]).items()
    }


def _identities_in(
    comparison: Comparison, change: ResourceChange, *, is_head: bool
) -> list[_Identity]:
    stack = change.pair.head if is_head else change.pair.base
    resource = change.head if is_head else change.base
    side = comparison.head if is_head else comparison.base
    return _identities(stack, side, resource) if stack and resource else []


def _identities(
    stack: Stack, side: Iterable[Stack], resource: Mapping[str, object]
) -> list[_Identity]:
    """Return what no other resource may have in common; none where that is not decided."""
    kind = str(resource.get("Type"))
    row = resource_type(kind)
    given = {**DEFAULTS.get(kind, {}), **properties(resource)}
    names = _names_of_endpoint(given) if kind == ENDPOINT else [*_names(row.once, given)]
    read = Values(stack=stack, side=tuple(side)).text
    region = "" if row.is_global else stack.region
    found = []
    for values in names:
        texts = [read(one) for one in values]
        if not any(map(is_unknown, texts)):
            plain = (text.removeprefix("https://") for text in texts)
            found.append((row.word or kind, account_of(stack), region, *plain))
    return found


def _names(once: Sequence[str] | None, given: Mapping[str, Any]) -> Iterator[list[Any]]:
    # CloudFormation generates a name that is missing.
    if once is not None and all(name in given for name in once):
        yield [given[name] for name in once]


def _names_of_endpoint(given: Mapping[str, Any]) -> list[list[Any]]:
    """Return what an endpoint has alone: the DNS name in its network, or its route in a table.

    Source: VPC endpoints guide, "Private DNS names" and "Gateway endpoints".
    """
    place = [given.get("VpcId", "?"), given.get("ServiceName", "?")]
    if given.get("VpcEndpointType", "Gateway") == "Gateway":
        return [[*place, table] for table in as_list(given.get("RouteTableIds", []))]
    return [place] if is_true(given.get("PrivateDnsEnabled")) else []


def _resource(stack: Stack, logical_id: str) -> Mapping[str, object]:
    resource: Mapping[str, object] = resources_of(stack)[logical_id]
    return resource


@rule(_FAILS)
def export_declared_twice(comparison: Comparison) -> Iterator[Finding]:
    """Two stacks export one name."""
    declared = grouped(
        ((stack, name) for stack in comparison.head for name in _exports(stack)),
        lambda one: (one[0].account, one[0].region, one[1]),
    )
    for pair in comparison.pairs:
        yield from _new_exports(pair, declared)


def _new_exports(
    pair: StackPair, declared: Mapping[tuple[str, str, str], list[tuple[Stack, str]]]
) -> Iterator[Finding]:
    if pair.head is None:
        return
    before = _exports(pair.base) if pair.base else []
    for name in sorted(set(_exports(pair.head)) - set(before)):
        found = declared[pair.head.account, pair.head.region, name]
        if len(found) > 1:
            stacks = [stack.name for stack, _ in found]
            yield about_stack(
                pair,
                f"exports the name `{name}`, which is exported {len(found)} times, by "
                f"{listed([f'`{one}`' for one in stacks])}: CloudFormation accepts it once in an "
                "account and region. Choose another name",
                evidence=["export twice", name, stacks],
            )


def _exports(stack: Stack) -> list[str]:
    """Return the names that a stack exports, as far as they are decided."""
    outputs = mappings([*stack.template.get("Outputs", {}).values()])
    exports = [one["Export"] for one in outputs if isinstance(one.get("Export"), Mapping)]
    names = [one.get("Name") for one in exports]
    return [one for one in names if isinstance(one, str) and not is_unknown(one)]
