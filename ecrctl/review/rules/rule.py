"""A row of the table of consequences: what it looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.findings import Category, Saying
from ecrctl.review.resource_types import word_of

Look = Callable[[Comparison], Iterable[Saying]]
# What is said of one change: nothing, a sentence that goes on from its subject, or several.
Says = Callable[[ResourceChange], str | Iterable[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Define one consequence of a change.

    :param id: its name, which its example under ``tests/ecrctl/review/corpus`` has too.
    :param finds: what it finds, as a row of the guide's table says.
    """

    id: str
    category: Category
    finds: str
    look: Look


def each(*types: str, says: Says) -> Look:
    """Look at every change of some types; of every change where none is named."""

    def look(comparison: Comparison) -> Iterator[Saying]:
        for change in comparison.of_type(*types) if types else comparison.changes:
            said = says(change)
            for message in [said] if isinstance(said, str) else said or ():
                yield about(change, message)

    return look


def about(
    change: ResourceChange, message: str, *, subject: str | None = None, is_undecided: bool = False
) -> Saying:
    """Say something of a resource that changes."""
    return Saying(
        environment=change.pair.environment,
        stack=change.pair.name,
        subject=subject or subject_of(change),
        message=message,
        is_undecided=is_undecided,
        places=frozenset({(change.pair.name, change.logical_id)}),
        evidence=change.evidence,
    )


def subject_of(change: ResourceChange) -> str:
    """Give what a person calls a resource: ``repository team/api``."""
    return f"{word_of(change.type)} {change.name}"
