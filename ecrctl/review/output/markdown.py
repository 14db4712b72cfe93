"""A review as a comment on a pull request."""

from collections.abc import Iterable, Iterator, Sequence

from ecrctl.policies.documents import grouped
from ecrctl.review.findings import CATEGORIES, Category
from ecrctl.review.verdict import HOW_TO_ACKNOWLEDGE, Review

from .merging import Group, MergedFinding, groups_of, stack_names

# GitHub's limit for a comment. Bytes are counted, which are never fewer than characters.
LONGEST_COMMENT = 65_536
# Not shown. It identifies the comment, and the reviewed assembly.
MARKER = "<!-- ecrctl review of"
TITLE = "Images, access and workloads"
_CUT = "\n*Cut here: a comment has at most 65,536 characters. {where}*\n"
# Characters with a meaning in Markdown or HTML, line ends included.
_SPECIAL = frozenset("&<>|*_[]#~\\\n\r")
_CLOSING = "\n```\n\n</details>\n"


def as_markdown(review: Review) -> str:
    """Return the whole review."""
    return "\n".join(_sections(review)) + "\n"


def as_comment(review: Review, where: str) -> str:
    """Return as much of the review as fits into one comment; the summary always fits.

    :param where: a sentence that names the place of the whole review.
    """
    whole = as_markdown(review)
    if _size(whole) <= LONGEST_COMMENT:
        return whole
    cut = _CUT.format(where=where)
    room = LONGEST_COMMENT - _size(cut) - 1
    kept: list[str] = []
    for section in _sections(review):
        size = _size(section) + 1
        if size > room:
            kept.append(_part_of(section, room))
            break
        kept.append(section)
        room -= size
    return "\n".join(kept) + cut


def _part_of(section: str, room: int) -> str:
    """Return as many whole lines of a section as fit, with every open element closed."""
    closing = ""
    if section.startswith("<details>"):
        closing = _CLOSING if "\n```" in section else "\n\n</details>\n"
    lines: list[str] = []
    left = room - _size(closing)
    for line in section.splitlines():
        left -= _size(line) + 1
        if left < 0:
            break
        lines.append(line)
    # Without its end, a fence or a summary would absorb the following text.
    has_summary = any("</summary>" in line for line in lines)
    has_fence = any(line.startswith("```") for line in lines)
    if closing and not (has_summary and (has_fence or closing != _CLOSING)):
        return ""
    return "\n".join(lines) + closing


def _size(text: str) -> int:
    return len(text.encode())


def _sections(review: Review) -> Iterator[str]:
    """Yield the parts of a comment, the most important first: the end is cut if needed."""
    yield f"**{review.summary()}**\n{MARKER} {review.head.digest} -->"
    if review.changes_nothing:
        return
    groups = groups_of(review)
    yield _table(groups)
    yield from _blocking(groups)
    yield from _acknowledged(review, groups)
    yield f"\n### {TITLE}, by stack"
    for group in groups:
        yield from _details(group)
    yield from _cli_texts(review)


def _table(groups: Sequence[Group]) -> str:
    categories = [one for one in CATEGORIES if any(_of(group, one) for group in groups)]
    lines = ["", f"| | {' | '.join(categories)} |", f"|---|{'---:|' * len(categories)}"]
    for group in groups:
        cells = (_cell(_of(group, category)) for category in categories)
        each = ", each" if len(group.environments) > 1 else ""
        lines.append(f"| {_escaped(group.name)}{each} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _of(group: Group, category: Category) -> list[MergedFinding]:
    return [one for one in group.findings if one.category == category]


def _cell(findings: Sequence[MergedFinding]) -> str:
    if not findings:
        return ""
    count = str(len(findings))
    return f"**{count}**" if any(one.judgement.blocks for one in findings) else count


def _blocking(groups: Sequence[Group]) -> Iterator[str]:
    lines = [
        f"- **{one.category}**, {_escaped(group.name)}: {_line(one)}"
        for group in groups
        for one in group.findings
        if one.judgement.blocks
    ]
    if lines:
        yield "\n### Blocking findings\n"
        yield from lines
        yield f"\n{_escaped(HOW_TO_ACKNOWLEDGE)}"


def _acknowledged(review: Review, groups: Sequence[Group]) -> Iterator[str]:
    lines = [
        f"- {_escaped(group.name)}: {_line(one)} — until {accepted.until}: "
        f"{_escaped(accepted.reason)}"
        for group in groups
        for one in group.findings
        if (accepted := one.judgement.acknowledgement)
    ]
    lines += [
        f"- `{one.finding}` is acknowledged, but not found in this change. Remove it when it is no "
        "longer needed."
        for one in review.verdict.unused
    ]
    lines += [f"- {_escaped(one.message)}" for one in review.verdict.outdated]
    if lines:
        yield "\n### Acknowledgements\n"
        yield from lines


def _details(group: Group) -> Iterator[str]:
    for stack, findings in sorted(grouped(group.findings, lambda one: one.stack).items()):
        categories = list(dict.fromkeys(one.category for one in findings))
        yield _folded(
            f"{_escaped(stack_names(group, stack))}: {', '.join(categories)}",
            (f"- **{one.category}** {_line(one)}" for one in findings),
        )


def _folded(summary: str, lines: Iterable[str]) -> str:
    start = ["<details>", f"<summary>{summary}</summary>", ""]
    return "\n".join([*start, *lines, "", "</details>"])


def _line(merged: MergedFinding) -> str:
    judgement = merged.judgement
    parts = [f"{_escaped(merged.subject)} {_escaped(merged.message)}."]
    if judgement.finding.is_undecided:
        parts.append("*(undecided)*")
    if judgement.expired:
        parts.append(f"*(acknowledgement expired on {judgement.expired.until})*")
    parts.append(f"<sub>{merged.ids}</sub>")
    return " ".join(parts)


def _cli_texts(review: Review) -> Iterator[str]:
    texts = review.comparison.cli_texts
    if not texts:
        return
    yield "\n### Output of `cdk diff`"
    for name, text in texts:
        # A fence in a template would end this one.
        lines = (line.replace("```", "'''") for line in text.rstrip().splitlines())
        yield _folded(_escaped(name), ["```", *lines, "```"])


def _escaped(text: str) -> str:
    """Return a text in which nothing from a template is read as Markdown or HTML.

    Text between backticks becomes code, also if the backticks are part of a name: no character has
    a meaning inside or outside of the code, so such a name only looks odd.
    """
    parts = text.split("`")
    return "".join(
        f"<code>{_plain(part)}</code>" if index % 2 else _plain(part).replace("@", "@&#8203;")
        for index, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    return "".join(f"&#{ord(char)};" if char in _SPECIAL else char for char in text)
