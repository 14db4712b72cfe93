"""A review within a limit: as a comment on a pull request, or as the summary of a job.

What is less important goes first: the output of ``cdk diff``, then the ends of sentences, and at
last findings of the least severe categories, which are counted instead. A finding that blocks is
the last to go.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ecrctl.counts import counted
from ecrctl.review.verdict import Review

from .markdown import CLI_HEADING, Detail, cli_section, cli_texts, sections_of
from .merging import MergedFinding, merged_findings

# GitHub's limits. Bytes are counted, which are never fewer than characters.
LONGEST_COMMENT = 65_536
LONGEST_SUMMARY = 1_024 * 1_024
_SENTENCES = (400, 160, 60, 20)
_MOST_ENTRIES = 20
# A line has an id, which is longer.
_SHORTEST_LINE = 32
_SHORT = "Sentences are shortened, and the output of `cdk diff` is left out"
_COUNTED = f"{_SHORT}, and the findings that do not fit are counted below"


def as_comment(review: Review, where: str, limit: int = LONGEST_COMMENT) -> str:
    """Return as much of a review as fits.

    :param where: a sentence that names the place of the whole review.
    :param limit: the most bytes of the text.
    """
    limited = _Limited(review, merged_findings(review), where, limit)
    return next(text for text in limited.candidates() if limited.fits(text))


@dataclass(frozen=True, slots=True)
class _Limited:
    """A review that must fit into a limit."""

    review: Review
    findings: Sequence[MergedFinding]
    where: str
    limit: int

    def candidates(self) -> Iterator[str]:
        """Yield the review in less and less detail. The last text always fits."""
        yield self._text(Detail(), *cli_section(self.review))
        yield self._with_some_texts()
        for longest in _SENTENCES:
            yield self._text(self._short(longest, _SHORT))
        yield self._with_some_findings()

    def fits(self, text: str) -> bool:
        """Return whether a text is within the limit."""
        return len(text.encode()) <= self.limit

    def _with_some_texts(self) -> str:
        """Return every finding, and the output of ``cdk diff`` for as many stacks as fit."""
        texts = cli_texts(self.review)

        def with_first(count: int) -> str:
            left_out = counted(len(texts) - count, "stack")
            note = self._note(f"The output of `cdk diff` is left out for {left_out}")
            return self._text(Detail(note=note), *([CLI_HEADING, *texts[:count]] if count else []))

        return with_first(_most(len(texts), lambda count: self.fits(with_first(count))))

    def _with_some_findings(self) -> str:
        """Return as many findings as fit, what blocks first, and the count of the others."""
        detail = self._short(_SENTENCES[-1], _COUNTED)

        def with_first(count: int) -> str:
            return self._text(replace(detail, findings=count))

        count = min(len(self.findings), self.limit // _SHORTEST_LINE)
        return with_first(_most(count, lambda count: self.fits(with_first(count))))

    def _short(self, longest: int, sentence: str) -> Detail:
        return Detail(longest=longest, most=_MOST_ENTRIES, note=self._note(sentence))

    def _note(self, sentence: str) -> str:
        return f"*{sentence}: this text has at most {self.limit:,} bytes. {self.where}*"

    def _text(self, detail: Detail, *more: str) -> str:
        return "\n".join([*sections_of(self.review, self.findings, detail), *more, ""])


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to a count that fits, or 0."""
    too_many = bisect_left(range(count + 1), True, key=lambda number: not fits(number))
    return max(too_many - 1, 0)
