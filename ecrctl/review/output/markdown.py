"""A review as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ecrctl.review.findings import CATEGORIES, Category
from ecrctl.review.verdict import HOW_TO_ANSWER, Review

from .merging import Group, Told, groups_of, stack_names

# What GitHub takes in a comment. Counted in bytes, which are never fewer than characters.
LONGEST_COMMENT = 65_536
# Not shown. By it a comment is found again, and what was reviewed is known.
MARKER = "<!-- ecrctl review of"
TITLE = "Images, access and workloads"
_CUT = "\n*Cut here: a comment holds 65,536 characters. {where}*\n"
# What Markdown or HTML would read; a line's end among them.
_MEANT = frozenset("&<>|*_[]#~\\\n\r")
_CLOSING = "\n```\n\n</details>\n"


def as_markdown(review: Review) -> str:
    """Write the whole review."""
    return "\n".join(_sections(review)) + "\n"


def as_comment(review: Review, where: str) -> str:
    """Write what fits into one comment; the summary always does.

    :param where: a sentence that says where the whole of it is.
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
    """Give as many whole lines of a section as there is room for, what they open closed again."""
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
    # A fence or a summary that is cut by itself would swallow what follows.
    is_whole = any("</summary>" in line for line in lines)
    if closing and not is_whole:
        return ""
    if closing == _CLOSING and not any(line.startswith("```") for line in lines):
        return ""
    return "\n".join(lines) + closing


def _size(text: str) -> int:
    return len(text.encode())


def _sections(review: Review) -> Iterator[str]:
    """Give the parts of a comment, the most important first: what does not fit is cut."""
    yield f"**{review.verdict()}**\n{MARKER} {review.head.digest} -->"
    if review.changes_nothing:
        return
    groups = groups_of(review)
    yield _table(groups)
    yield from _stopping(groups)
    yield from _notes(review, groups)
    yield f"\n### {TITLE}, by stack"
    for group in groups:
        yield from _details(group)
    yield from _cli_texts(review)


def _table(groups: Sequence[Group]) -> str:
    categories = [one for one in CATEGORIES if any(_of(group, one) for group in groups)]
    lines = [
        "",
        f"| | {' | '.join(categories)} |",
        f"|---|{'---:|' * len(categories)}",
    ]
    for group in groups:
        cells = [_cell(_of(group, category)) for category in categories]
        each = ", each" if len(group.environments) > 1 else ""
        lines.append(f"| {_escaped(group.name)}{each} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _of(group: Group, category: Category) -> list[Told]:
    return [one for one in group.told if one.first.finding.category == category]


def _cell(told: Sequence[Told]) -> str:
    if not told:
        return ""
    return f"**{len(told)}**" if any(one.first.stops for one in told) else str(len(told))


def _stopping(groups: Sequence[Group]) -> Iterator[str]:
    lines = [
        f"- **{one.first.finding.category}**, {_escaped(group.name)}: {_told(one)}"
        for group in groups
        for one in group.told
        if one.first.stops
    ]
    if lines:
        yield "\n### What stops it\n"
        yield from lines
        yield f"\n{_escaped(HOW_TO_ANSWER)}"


def _notes(review: Review, groups: Sequence[Group]) -> Iterator[str]:
    lines = [
        f"- {_escaped(group.name)}: {_told(one)} — until {answer.until}: {_escaped(answer.reason)}"
        for group in groups
        for one in group.told
        if (answer := one.first.acknowledged)
    ]
    lines += [
        f"- `{one.finding}` is acknowledged and not found in this change; remove it when it has "
        "served."
        for one in review.unused
    ]
    if lines:
        yield "\n### Acknowledged\n"
        yield from lines


def _details(group: Group) -> Iterator[str]:
    by_stack: dict[str, list[Told]] = {}
    for one in group.told:
        by_stack.setdefault(one.first.finding.saying.stack, []).append(one)
    for stack, told in sorted(by_stack.items()):
        found = list(dict.fromkeys(one.first.finding.category for one in told))
        lines = [
            "<details>",
            f"<summary>{_escaped(stack_names(group, stack))}: {', '.join(found)}</summary>",
            "",
            *(f"- **{one.first.finding.category}** {_told(one)}" for one in told),
            "",
            "</details>",
        ]
        yield "\n".join(lines)


def _told(told: Told) -> str:
    judged = told.first
    mark = " *(undecided)*" if judged.finding.saying.is_undecided else ""
    expired = judged.expired
    over = f" *(acknowledged until {expired.until}, which is over)*" if expired else ""
    sentence = f"{_escaped(told.subject)} {_escaped(told.message)}."
    return f"{sentence}{mark}{over} <sub>{told.ids}</sub>"


def _cli_texts(review: Review) -> Iterator[str]:
    texts = {name: text for name, text in review.comparison.texts.items() if text}
    if not texts:
        return
    yield "\n### What `cdk diff` says"
    for name, text in texts.items():
        yield "\n".join(
            [
                "<details>",
                f"<summary>{_escaped(name)}</summary>",
                "",
                "```",
                # A fence in a template would end ours.
                *_unfenced(text.rstrip().splitlines()),
                "```",
                "",
                "</details>",
            ]
        )


def _unfenced(lines: Iterable[str]) -> Iterator[str]:
    return (line.replace("```", "'''") for line in lines)


def _escaped(text: str) -> str:
    """Write a text so that nothing a template says is read as Markdown or HTML.

    What stands between backticks becomes code, whoever wrote them: inside and outside of it nothing
    has a meaning of its own, so a name with a backtick in it can do no more than look odd.
    """
    parts = text.split("`")
    return "".join(
        f"<code>{_plain(part)}</code>" if index % 2 else _plain(part).replace("@", "@&#8203;")
        for index, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    return "".join(f"&#{ord(char)};" if char in _MEANT else char for char in text)
