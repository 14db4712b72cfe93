"""A review in Markdown, ordered by severity: as a whole, or in as much detail as there is room."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ecrctl.counts import counted
from ecrctl.policies.documents import grouped
from ecrctl.policies.wording import distinct_short_digests, first_few, listed
from ecrctl.review.findings import CATEGORIES, Category, ImageMove
from ecrctl.review.verdict import HOW_TO_ACKNOWLEDGE, Judgement, Review
from ecrctl.visible import visible

from .escaping import escaped, shortened
from .merging import MergedFinding, merged_findings, merged_moves

# Not shown. It identifies the comment, and the reviewed assembly.
MARKER = "<!-- ecrctl review of"
# Categories that a reader looks at only for a reason. A blocking finding opens its category.
_FOLDED = frozenset(
    {
        Category.ACCESS_LOST,
        Category.LIFECYCLE,
        Category.IMAGES,
        Category.WORKLOADS,
        Category.REGISTRY,
        Category.COST,
        Category.ROUTINE,
    }
)
CLI_HEADING = "\n### Output of `cdk diff`"
_MOST_ENVIRONMENTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """The detail in which a review is written.

    :param findings: how many of the findings are listed, in the order of their importance.
    :param longest: the most characters of a sentence or a name.
    :param most: the most entries of the other lists, which have counts instead of findings.
    :param note: a sentence about what is missing; empty if nothing is.
    """

    findings: int | None = None
    longest: int | None = None
    most: int | None = None
    note: str = ""

    def text(self, text: str) -> str:
        """Return a text from a template, shortened and without any effect on the comment."""
        return escaped(shortened(text, self.longest))

    def first(self, texts: Sequence[str]) -> list[str]:
        """Return the first entries of a list, and the number of the others."""
        shown = texts[: self.most]
        more = len(texts) - len(shown)
        return [*shown, f"- {more} more"] if more else [*shown]


def as_markdown(review: Review) -> str:
    """Return the whole review."""
    findings = merged_findings(review)
    return "\n".join([*sections_of(review, findings, Detail()), *cli_section(review), ""])


def cli_section(review: Review) -> list[str]:
    """Return the output of ``cdk diff`` below a heading; nothing if there is none."""
    texts = cli_texts(review)
    return [CLI_HEADING, *texts] if texts else []


def sections_of(review: Review, findings: Sequence[MergedFinding], detail: Detail) -> Iterator[str]:
    """Yield the parts of a review, apart from the output of ``cdk diff``."""
    yield f"**{review.summary()}**\n{MARKER} {review.head.digest} -->"
    if review.changes_nothing:
        return
    yield from _moves(review, detail)
    yield _table(review, detail)
    if detail.note:
        yield f"\n{detail.note}"
    shown, omitted = listed_first(findings, detail.findings)
    for category, these in grouped(shown, lambda one: one.category).items():
        yield _category(category, these, detail)
    if omitted:
        yield f"\n**Not listed here: {_counts(omitted)}.**"
    yield from _acknowledgements(review, detail)


def listed_first(
    findings: Sequence[MergedFinding], most: int | None
) -> tuple[list[MergedFinding], list[MergedFinding]]:
    """Return the findings that are listed, and the others; what blocks is listed first."""
    by_importance = sorted(findings, key=lambda one: not one.judgement.blocks)
    chosen = {id(one) for one in by_importance[:most]}
    return (
        [one for one in findings if id(one) in chosen],
        [one for one in findings if id(one) not in chosen],
    )


def _counts(findings: Iterable[MergedFinding]) -> str:
    counts = Counter(one.category for one in findings for _ in one.judgements)
    return ", ".join(f"{counts[one]} {one}" for one in CATEGORIES if counts[one])


def _moves(review: Review, detail: Detail) -> Iterator[str]:
    lines = [
        f"- {_move(one.move, detail)} in {_environments(one.environments, detail)}"
        for one in merged_moves(review)
    ]
    if lines:
        yield "\n**New versions of images**\n"
        yield from detail.first(lines)


def _move(move: ImageMove, detail: Detail) -> str:
    name = detail.text(f"`{move.repository}`")
    tags, digests = move.tags, move.digests
    short = distinct_short_digests(digests[0] or "", digests[1] or "")
    by_digest = " → ".join(f"`{one}`" if one else "none" for one in short)
    if tags[0] == tags[1]:
        tag = f" {detail.text(f'`{tags[0]}`')}" if tags[0] else ""
        return f"{name}{tag} {by_digest}"
    by_tag = " → ".join(detail.text(f"`{one}`") if one else "no tag" for one in tags)
    if digests[0] == digests[1]:
        return f"{name} {by_tag}" + (f" (the same digest `{short[0]}`)" if short[0] else "")
    return f"{name} {by_tag} ({by_digest})"


def _environments(names: Sequence[str], detail: Detail) -> str:
    texts = [detail.text(name) for name in names]
    return listed(first_few(texts, _MOST_ENVIRONMENTS)) if detail.most else ", ".join(texts)


def _table(review: Review, detail: Detail) -> str:
    """Return the number of findings by environment and category, the worst environment first."""
    environments = grouped(review.judgements, lambda one: one.finding.environment)
    categories = [
        one
        for one in CATEGORIES
        if any(found.finding.category == one for found in review.judgements)
    ]
    rows = grouped(sorted(environments), lambda name: tuple(_cells(environments[name], categories)))
    lines = [
        f"| {_environments(names, detail)}{', each' if len(names) > 1 else ''} "
        f"| {' | '.join(map(_cell, cells))} |"
        for cells, names in sorted(rows.items(), key=lambda row: row[0], reverse=True)
    ]
    head = [f"| | {' | '.join(categories)} |", f"|---|{'---:|' * len(categories)}"]
    shown = lines[: detail.most]
    more = len(lines) - len(shown)
    rest = [f"| {more} more | {' | '.join('' for _ in categories)} |"] if more else []
    return "\n".join(["", *head, *shown, *rest])


def _cells(
    judgements: Sequence[Judgement], categories: Sequence[Category]
) -> Iterator[tuple[int, int]]:
    """Yield how many findings of each category block, and how many there are."""
    for category in categories:
        found = [one for one in judgements if one.finding.category == category]
        yield sum(one.blocks for one in found), len(found)


def _cell(counts: tuple[int, int]) -> str:
    blocking, every = counts
    return (f"**{every}**" if blocking else str(every)) if every else ""


def _category(category: Category, findings: Sequence[MergedFinding], detail: Detail) -> str:
    lines = [_line(one, detail) for one in findings]
    count = sum(len(one.judgements) for one in findings)
    blocking = sum(len(one.judgements) for one in findings if one.judgement.blocks)
    blocks = (
        f", {blocking} {'blocks' if blocking == 1 else 'block'} this change" if blocking else ""
    )
    title = f"{category}: {counted(count, 'finding')}{blocks}"
    if category in _FOLDED and not blocking:
        return "\n" + _folded(title, lines)
    return "\n".join([f"\n### {title}\n", *lines])


def _folded(summary: str, lines: Iterable[str]) -> str:
    start = ["<details>", f"<summary>{summary}</summary>", ""]
    return "\n".join([*start, *lines, "", "</details>"])


def _line(merged: MergedFinding, detail: Detail) -> str:
    judgement = merged.judgement
    where = f"**{_environments(merged.environments, detail)}**"
    sentence = f"{detail.text(merged.subject)} {detail.text(merged.message)}."
    parts = [f"- {where}{', **blocks**' if judgement.blocks else ''}: {sentence}"]
    if judgement.finding.is_undecided:
        parts.append("*(undecided)*")
    if judgement.acknowledgement:
        accepted = judgement.acknowledgement
        parts.append(f"*(acknowledged until {accepted.until}:* {detail.text(accepted.reason)}*)*")
    if judgement.expired:
        parts.append(f"*(acknowledgement expired on {judgement.expired.until})*")
    parts.append(f"<sub>{detail.text(merged.stack)}: {', '.join(merged.ids)}</sub>")
    return " ".join(parts)


def _acknowledgements(review: Review, detail: Detail) -> Iterator[str]:
    lines = [
        f"- `{one.finding}` is acknowledged, but not found in this change. Remove it when it is no "
        "longer needed."
        for one in review.verdict.unused
    ]
    lines += [f"- {detail.text(one.message)}" for one in review.verdict.outdated]
    if review.blocking:
        lines.insert(0, escaped(HOW_TO_ACKNOWLEDGE))
    if lines:
        yield "\n### Acknowledgements\n"
        yield from detail.first(lines)


def cli_texts(review: Review) -> list[str]:
    """Return the output of ``cdk diff`` of each stack."""
    return [_cli_text(name, text) for name, text in review.comparison.cli_texts]


def _cli_text(name: str, text: str) -> str:
    # A fence in a template would end this one.
    lines = (line.replace("```", "'''") for line in visible(text).rstrip().splitlines())
    return _folded(escaped(name), ["```", *lines, "```"])
