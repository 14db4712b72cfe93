"""What a review comes to: every finding judged, and whether one of them stops the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .diff.comparison import Comparison
from .findings import CATEGORIES, Category, Finding
from .sides.acknowledgements import FILE_NAME, Acknowledgement
from .sides.sides import Side

HOW_TO_ANSWER = (
    f"Who answers for such a finding writes its id into `{FILE_NAME}`, with a reason and a last "
    "day; it counts from when that is part of the base."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Define a finding and what follows from it.

    :param stops: whether it stops the change.
    :param acknowledged: who answers for it; ``None`` where nobody does.
    :param expired: an acknowledgement that no longer holds.
    """

    finding: Finding
    stops: bool
    acknowledged: Acknowledgement | None = None
    expired: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Define all that a review has to tell."""

    base: Side
    head: Side
    comparison: Comparison
    gate: Sequence[Category]
    judged: Sequence[Judged]
    unused: Sequence[Acknowledgement]

    @property
    def stopping(self) -> list[Judged]:
        """Give the findings that stop the change."""
        return [one for one in self.judged if one.stops]

    @property
    def changes_nothing(self) -> bool:
        """Say whether both sides are the same."""
        return not self.comparison.pairs

    def counts(self, findings: Sequence[Judged] | None = None) -> dict[Category, int]:
        """Count findings by category, the worst first."""
        given = self.judged if findings is None else findings
        found = Counter(one.finding.category for one in given)
        return {category: found[category] for category in CATEGORIES if found[category]}

    def verdict(self) -> str:
        """Say in one line what a change comes to."""
        if self.changes_nothing:
            return "Nothing changes: both sides deploy the same, to the letter."
        stopping = self.stopping
        if not stopping:
            gate = f"; what would: {', '.join(self.gate)}" if self.gate else ""
            begin = f"Nothing stops this change{gate}."
        else:
            what = "1 finding stops" if len(stopping) == 1 else f"{len(stopping)} findings stop"
            begin = f"{what} this change: {_counted(self.counts(stopping))}."
        answered = [one for one in self.judged if one.acknowledged]
        rest = [one for one in self.judged if not (one.stops or one.acknowledged)]
        told = [begin]
        told += [f"Acknowledged: {_counted(self.counts(answered))}."] * bool(answered)
        told += [f"Also found: {_counted(self.counts(rest))}."] * bool(rest)
        return " ".join(told)


def judge(
    findings: Sequence[Finding],
    acknowledgements: Sequence[Acknowledgement],
    gate: Sequence[Category],
    today: date,
) -> tuple[list[Judged], list[Acknowledgement]]:
    """Judge findings; also gives the acknowledgements of what is not found."""
    known = {one.finding: one for one in acknowledgements}
    judged = []
    for finding in findings:
        answer = known.get(finding.id)
        holds = answer is not None and answer.holds_on(today)
        judged.append(
            Judged(
                finding=finding,
                stops=finding.category in gate and not holds,
                acknowledged=answer if holds else None,
                expired=None if holds else answer,
            )
        )
    found = {finding.id for finding in findings}
    return judged, [one for one in acknowledgements if one.finding not in found]


def _counted(counts: dict[Category, int]) -> str:
    return ", ".join(f"{count} {category}" for category, count in counts.items())
