"""A rule: one consequence of a change, with its id and its row in the guide's table."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import wraps

from ecrctl.review.diff.comparison import Comparison, ResourceChange, StackPair
from ecrctl.review.findings import Category, Finding, canonical_json
from ecrctl.review.resource_types import word_of

OfComparison = Callable[[Comparison], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A verb phrase that continues the name of a resource.

    :param detail: values beside the resource's own that the phrase depends on.
    """

    text: str
    detail: object = None
    is_undecided: bool = False


def undecided(text: str, *, detail: object = None) -> Message:
    """Return a phrase about a change whose direction only the deployment knows."""
    return Message(text=text, detail=detail, is_undecided=True)


# Yields verb phrases that continue the resource's name.
OfChange = Callable[[ResourceChange], Iterable[str | Message]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One consequence of a change; its function's docstring says which.

    :param id: the rule's name, and the name of its example in ``tests/ecrctl/review/corpus``.
    """

    id: str
    category: Category
    find: OfComparison

    def findings(self, comparison: Comparison) -> Iterator[Finding]:
        """Yield the findings of this rule, with its id and category."""
        for finding in self.find(comparison):
            yield replace(finding, rule=self.id, category=self.category)


def rule(category: Category) -> Callable[[OfComparison], Rule]:
    """Return a decorator that makes a rule of a function; its name becomes the rule's id."""

    def rule_of(find: OfComparison) -> Rule:
        return Rule(id=find.__name__.replace("_", "-"), category=category, find=find)

    return rule_of


def resource_rule(category: Category, *types: str) -> Callable[[OfChange], Rule]:
    """Return a decorator that makes a rule of a function that takes one resource at a time.

    :param types: the resource types of which the function takes every change; by default all.
    """

    def rule_of(messages: OfChange) -> Rule:
        @wraps(messages)
        def find(comparison: Comparison) -> Iterator[Finding]:
            for change in comparison.of_type(*types) if types else comparison.changes:
                for one in messages(change):
                    message = one if isinstance(one, Message) else Message(text=one)
                    yield about(
                        change,
                        message.text,
                        detail=message.detail,
                        is_undecided=message.is_undecided,
                    )

        return rule(category)(find)

    return rule_of


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
    pair: StackPair,
    message: str,
    *,
    evidence: object,
    changes: Iterable[ResourceChange] = (),
    is_undecided: bool = False,
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
        is_undecided=is_undecided,
        places=frozenset(one.place for one in changes),
    )


def subject_of(change: ResourceChange) -> str:
    """Return the display name of a resource: ``repository team/api``."""
    return f"{word_of(change.type)} {change.name}"
