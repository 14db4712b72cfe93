"""A rule: one consequence of a change, with its id and its row in the guide's table."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import overload

from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.findings import Category, Finding, canonical_json
from ecrctl.review.resource_types import word_of

OfComparison = Callable[[Comparison], Iterable[Finding]]
# Returns a verb phrase that continues the resource's name, or nothing.
OfChange = Callable[[ResourceChange], str | None]
EVERY_TYPE = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One consequence of a change.

    :param id: the rule's name, and the name of its example in ``tests/ecrctl/review/corpus``.
    :param finds: the rule's row in the guide's table.
    """

    id: str
    category: Category
    finds: str
    find: OfComparison

    def findings(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield the findings of this rule, with its id and category."""
        for finding in self.find(comparison):
            yield replace(finding, rule=self.id, category=self.category)


@overload
def rule(
    rule_id: str, category: Category, *, finds: str, on: None = None
) -> Callable[[OfComparison], Rule]: ...


@overload
def rule(
    rule_id: str, category: Category, *, finds: str, on: str | tuple[str, ...]
) -> Callable[[OfChange], Rule]: ...


def rule(
    rule_id: str, category: Category, *, finds: str, on: str | tuple[str, ...] | None = None
) -> Callable[[OfComparison], Rule] | Callable[[OfChange], Rule]:
    """Make a rule of the function below.

    :param on: the resource types of which the function takes every change, ``EVERY_TYPE`` for all;
        without it, the function takes the whole comparison.
    """

    def of_comparison(find: OfComparison) -> Rule:
        return Rule(id=rule_id, category=category, finds=finds, find=find)

    def of_change(message_of: OfChange) -> Rule:
        return of_comparison(_each(on or EVERY_TYPE, message_of))

    return of_comparison if on is None else of_change


def _each(on: str | tuple[str, ...], message_of: OfChange) -> OfComparison:
    types = (on,) if isinstance(on, str) else on

    def find(comparison: Comparison) -> Iterator[Finding]:
        for change in comparison.of_type(*types) if types else comparison.changes:
            message = message_of(change)
            if message:
                yield about(change, message)

    return find


def about(
    change: ResourceChange, message: str, *, detail: object = None, is_undecided: bool = False
) -> Finding:
    """Return a finding about a resource.

    :param detail: values beside the resource's own that the message depends on.
    """
    return Finding(
        environment=change.pair.environment,
        stack=change.pair.name,
        subject=subject_of(change),
        message=message,
        key=change.key,
        evidence=canonical_json([change.evidence, detail]),
        is_undecided=is_undecided,
        places=frozenset({change.place}),
    )


def about_stack(
    pair: StackPair, message: str, *, evidence: object, changes: Iterable[ResourceChange] = ()
) -> Finding:
    """Return a finding about a whole stack.

    :param evidence: the values before and after, with a name for what they are values of.
    :param changes: the resources whose change the finding reports.
    """
    changes = list(changes)
    return Finding(
        environment=pair.environment,
        stack=pair.name,
        subject=f"stack {pair.name}",
        message=message,
        key=canonical_json(pair.key),
        evidence=canonical_json([evidence, [[one.key, one.evidence] for one in changes]]),
        places=frozenset(one.place for one in changes),
    )


def subject_of(change: ResourceChange) -> str:
    """Return the display name of a resource: ``repository team/api``."""
    return f"{word_of(change.type)} {change.name}"
