"""Rules about stacks that are deployed under another name, to another account or region."""

from collections.abc import Iterator

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.diff.resources import path_of, resources_of
from ecrctl.review.findings import Category, Finding
from ecrctl.review.resource_types import resource_type
from ecrctl.review.rules.rule import about_stack, rule
from ecrctl.review.type_names import REPOSITORY

_MOST_SHOWN = 8


@rule(Category.WORKLOADS)
def stack_moved(comparison: Comparison) -> Iterator[Finding]:
    """A stack is deployed a second time: under another name, to another account or region."""
    for pair, old in _moves(comparison):
        yield about_stack(
            pair,
            f"is deployed as {_place(pair.stack)} instead of {_place(old)}: all of its resources "
            "are created again, and the old ones remain as they are, and are no longer updated",
            # The changes of the old stack have its place in their values.
            evidence=["moved", _place(pair.stack)],
            changes=[one for one in comparison.changes if one.pair.head is None and _is(one, old)],
        )


@rule(Category.DATA_LOSS)
def data_left_behind(comparison: Comparison) -> Iterator[Finding]:
    """A stack with data is deployed a second time, without the data."""
    for pair, old in _moves(comparison):
        before, after = resources_of(old), resources_of(pair.head)
        names = [
            f"`{path_of(one, after[one])}`"
            for one in after
            if one in before and _holds_data(after[one]) and _holds_data(before[one])
        ]
        if names:
            yield about_stack(
                pair,
                f"starts without its data at {_place(pair.stack)}: "
                f"{listed(first_few(names, _MOST_SHOWN))} {'is' if len(names) == 1 else 'are'} "
                "empty there",
                evidence=["data left behind", _place(old), _place(pair.stack), names],
            )


def _holds_data(resource: object) -> bool:
    kind = resource.get("Type") if isinstance(resource, dict) else None
    # A rule of its own reports repositories.
    return kind != REPOSITORY and bool(resource_type(kind).holds)


def _moves(comparison: Comparison) -> Iterator[tuple[StackPair, Stack]]:
    """Yield the new stacks that were deployed elsewhere, with the old stack."""
    gone = [tuple(pair.key) for pair in comparison.pairs if pair.head is None]
    for pair in comparison.pairs:
        if pair.base is not None or pair.head is None:
            continue
        for old in comparison.base:
            is_gone = (old.stack_name, old.account, old.region) in gone
            is_same = old.id == pair.head.id or old.stack_name == pair.head.stack_name
            if is_gone and is_same:
                yield pair, old
                break


def _is(change: ResourceChange, stack: Stack) -> bool:
    return change.pair.key == [stack.stack_name, stack.account, stack.region]


def _place(stack: Stack) -> str:
    return f"`{stack.stack_name}` in {stack.account}/{stack.region}"
