"""Rules about what an account or a region has once, but a change declares twice."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.documents import grouped
from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.diff.resources import account_of, mappings, properties, resources_of
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resolution.texts import Values, is_unknown
from ecrctl.review.resource_types import resource_type
from ecrctl.review.rules.rule import about, about_stack, rule
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
        identity = _identity_in(comparison, change, is_head=True)
        found = declared.get(identity, []) if identity else []
        is_new = identity != _identity_in(comparison, change, is_head=False)
        if is_new and len(found) > 1:
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
        and (identity := _identity(stack, comparison.head, resource)) is not None
    )
    return {
        identity: [one for _, one in found]
        for identity, found in grouped(every, lambda one: one[0]).items()
    }


def _identity_in(
    comparison: Comparison, change: ResourceChange, *, is_head: bool
) -> _Identity | None:
    stack = change.pair.head if is_head else change.pair.base
    resource = change.head if is_head else change.base
    side = comparison.head if is_head else comparison.base
    return _identity(stack, side, resource) if stack and resource else None


def _identity(
    stack: Stack, side: Iterable[Stack], resource: Mapping[str, object]
) -> _Identity | None:
    """Return what no other resource may have in common; ``None`` where that is not decided."""
    kind = str(resource.get("Type"))
    row = resource_type(kind)
    if row.once is None:
        return None
    given = {**DEFAULTS.get(kind, {}), **properties(resource)}
    if any(name not in given for name in row.once):
        return None  # CloudFormation generates a name
    read = Values(stack=stack, side=tuple(side)).text
    texts = [read(given[name]) for name in row.once]
    if any(map(is_unknown, texts)):
        return None
    region = "" if row.is_global else stack.region
    return (
        row.word or kind,
        account_of(stack),
        region,
        *(text.removeprefix("https://") for text in texts),
    )


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
