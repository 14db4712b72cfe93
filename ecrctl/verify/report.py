"""Checks as tables, as one line, and as a picture."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ecrctl.console import new_table
from ecrctl.files import file_errors
from ecrctl.policies.documents import grouped
from ecrctl.policies.wording import first_few

from .check import Check

_MOST_NAMED = 10


def table_of(title: str, checks: Sequence[Check]) -> Table:
    """Return a table of checks, each in its row; a difference shows both values."""
    table = _new_table(title)
    previous = ""
    for check in checks:
        if previous and check.subject != previous:
            table.add_section()
        subject = escape(check.subject) if check.subject != previous else ""
        table.add_row(_mark(check), subject, escape(check.what), _values(check))
        previous = check.subject
    return table


def table_of_stacks(
    title: str, stacks: Mapping[str, Sequence[Check]], *, only_differences: bool = False
) -> Table | None:
    """Return a table with a row for each stack, and one for each of its differences.

    What is not compared stands at the end, once for all resources of the same reason.

    :param only_differences: whether the stacks without a difference are left out.
    :returns: ``None`` where there is no row.
    """
    table = _new_table(title)
    for stack, found in stacks.items():
        for check in found:
            if check.differs:
                table.add_row(
                    _mark(check), escape(check.subject), escape(check.what), _values(check)
                )
        matching = [check for check in found if check.outcome == "match"]
        if matching and not only_differences:
            count = len({check.subject for check in matching} - {f"stack {stack}"})
            properties = _count(len(matching), "property", "properties")
            shown = f"{_count(count, 'resource', 'resources')}, {properties}"
            table.add_row(_OK, escape(f"stack {stack}"), shown, "as in the template")
    for row in _not_compared([check for found in stacks.values() for check in found]):
        table.add_row(_UNKNOWN, *map(escape, row))
    return table if table.row_count else None


def _not_compared(checks: Sequence[Check]) -> Iterator[tuple[str, str, str]]:
    unknown = [check for check in checks if check.outcome == "not compared"]
    by_reason = grouped(unknown, lambda one: (one.what.partition(".")[0], one.reason))
    for (what, reason), found in by_reason.items():
        subjects = sorted({check.subject for check in found})
        shown = (
            subjects[0] if len(subjects) == 1 else _count(len(subjects), "resource", "resources")
        )
        yield shown, what, reason


def without_matches(checks: Sequence[Check]) -> list[Check]:
    """Return the checks that differ or could not be compared."""
    return [check for check in checks if check.outcome != "match"]


_OK, _DIFFERS, _UNKNOWN = "[green]ok[/]", "[red]differs[/]", "[yellow]?[/]"


def _new_table(title: str) -> Table:
    table = new_table(title)
    table.add_column("", no_wrap=True)
    table.add_column("Resource", style="bold", overflow="fold", ratio=3)
    table.add_column("Property", overflow="fold", ratio=2)
    table.add_column("Deployed", overflow="fold", ratio=5)
    return table


def _mark(check: Check) -> str:
    return {"match": _OK, "difference": _DIFFERS, "not compared": _UNKNOWN}[check.outcome]


def _values(check: Check) -> str:
    if check.reason:
        return escape(check.reason)
    if not check.differs:
        return escape(check.found)
    return f"[red]{escape(check.found)}[/]\n[dim]declared:[/] {escape(check.declared)}"


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"


def verdict(name: str, checks: Sequence[Check]) -> str:
    """Return one line: the number of checks that match, or the names of those that differ."""
    differing = [check for check in checks if check.differs]
    unknown = sum(check.outcome == "not compared" for check in checks)
    compared = len(checks) - unknown
    rest = f"; {unknown:,} more could not be compared, each with its reason" if unknown else ""
    if not differing:
        return f"{name}: all {compared:,} checks match the declaration{rest}."
    named = "; ".join(first_few(list(_names(differing)), _MOST_NAMED))
    return f"{name}: {len(differing):,} of {compared:,} checks differ: {named}{rest}."


def _names(checks: Sequence[Check]) -> Iterator[str]:
    yield from dict.fromkeys(f"{check.subject}, {check.what}" for check in checks)


def save_picture(console: Console, file: Path, *, title: str) -> None:
    """Save the output of a console as an SVG that loads no font from another host."""
    svg = console.export_svg(title=title)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = "\n".join(line.rstrip() for line in svg.splitlines())
    with file_errors(f"{file} cannot be written"):
        file.write_text(f"{svg}\n", encoding="utf-8")
