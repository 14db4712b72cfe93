"""A review within a limit: as a comment on a pull request, or as the summary of a job.

What is less important goes first: the output of ``cdk diff``, then the ends of sentences, and at
last findings of the least severe categories, which are counted instead. A finding that blocks is
the last to go.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator

from ecrctl.policies.wording import counted
from ecrctl.review.verdict import Review

from .markdown import CLI_HEADING, Detail, as_markdown, cli_texts, sections_of
from .merging import merged_findings

# GitHub's limits. Bytes are counted, which are never fewer than characters.
LONGEST_COMMENT = 65_536
LONGEST_SUMMARY = 1_024 * 1_024
_SENTENCES = (400, 160, 60, 20)
_MOST_ENTRIES = 20
_SHORT = "Sentences are shortened, and the output of `cdk diff` is left out"
_COUNTED = f"{_SHORT}, and the findings that do not fit are counted below"


def as_comment(review: Review, where: str, limit: int = LONGEST_COMMENT) -> str:
    """Return as much of a review as fits.

    :param where: a sentence that names the place of the whole review.
    :param limit: the most bytes of the text.
    """
    fitting = (one for one in _candidates(review, where, limit) if _size(one) <= limit)
    return next(fitting)


def _candidates(review: Review, where: str, limit: int) -> Iterator[str]:
    """Yield the review in less and less detail. The last text always fits."""
    yield as_markdown(review)
    yield _with_some_texts(review, where, limit)
    for longest in _SENTENCES:
        note = _note(_SHORT, where, limit)
        yield _text(review, Detail(longest=longest, most=_MOST_ENTRIES, note=note))
    yield _with_some_findings(review, where, limit)


def _with_some_texts(review: Review, where: str, limit: int) -> str:
    """Return every finding, and the output of ``cdk diff`` for as many stacks as fit."""
    texts = cli_texts(review)

    def with_first(count: int) -> str:
        left_out = counted(len(texts) - count, "stack")
        note = _note(f"The output of `cdk diff` is left out for {left_out}", where, limit)
        shown = [CLI_HEADING, *texts[:count]] if count else []
        return _text(review, Detail(note=note), *shown)

    return with_first(_most_that_fit(len(texts), lambda count: _size(with_first(count)) <= limit))


def _with_some_findings(review: Review, where: str, limit: int) -> str:
    """Return as many findings as fit, what blocks first, and the count of the others."""
    note = _note(_COUNTED, where, limit)

    def with_first(count: int) -> str:
        detail = Detail(findings=count, longest=_SENTENCES[-1], most=_MOST_ENTRIES, note=note)
        return _text(review, detail)

    count = len(merged_findings(review))
    return with_first(_most_that_fit(count, lambda count: _size(with_first(count)) <= limit))


def _most_that_fit(count: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to a count that fits, or 0."""
    too_many = bisect_left(range(count + 1), True, key=lambda number: not fits(number))
    return max(too_many - 1, 0)


def _note(sentence: str, where: str, limit: int) -> str:
    return f"*{sentence}: this text has at most {limit:,} bytes. {where}*"


def _text(review: Review, detail: Detail, *more: str) -> str:
    return "\n".join([*sections_of(review, detail), *more, ""])


def _size(text: str) -> int:
    return len(text.encode())
