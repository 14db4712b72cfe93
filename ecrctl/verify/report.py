"""Checks as a table, as one line, and as a picture."""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ecrctl.console import new_table
from ecrctl.files import file_errors

from .check import NOT_RETURNED, Check


def table_of(title: str, checks: Sequence[Check]) -> Table:
    """Return a table of checks; a difference shows both values."""
    table = new_table(title)
    table.add_column("", no_wrap=True)
    table.add_column("Resource", style="bold", no_wrap=True)
    table.add_column("Property", no_wrap=True)
    table.add_column("Deployed", overflow="fold")
    previous = ""
    for check in checks:
        if previous and check.subject != previous:
            table.add_section()
        table.add_row(
            _mark(check),
            escape(check.subject) if check.subject != previous else "",
            check.what,
            escape(check.found) if check.matches else _difference(check),
        )
        previous = check.subject
    return table


def _mark(check: Check) -> str:
    if not check.matches:
        return "[red]differs[/]"
    return "[yellow]?[/]" if check.is_unknown else "[green]ok[/]"


def _difference(check: Check) -> str:
    return f"[red]{escape(check.found)}[/]\n[dim]declared:[/] {escape(check.declared)}"


def verdict(name: str, checks: Sequence[Check]) -> str:
    """Return one line: the number of checks that match, or the names of those that differ."""
    differing = [check for check in checks if not check.matches]
    if not differing:
        unknown = sum(check.is_unknown for check in checks)
        rest = f"; {unknown} more {NOT_RETURNED}" if unknown else ""
        return f"{name}: all {len(checks) - unknown} checks match the declaration{rest}."
    named = "; ".join(f"{check.subject}, {check.what}" for check in differing)
    return f"{name}: {len(differing)} of {len(checks)} checks differ: {named}."


def save_picture(console: Console, file: Path, *, title: str) -> None:
    """Save the output of a console as an SVG that loads no font from another host."""
    svg = console.export_svg(title=title)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = "\n".join(line.rstrip() for line in svg.splitlines())
    with file_errors(f"{file} cannot be written"):
        file.write_text(f"{svg}\n", encoding="utf-8")
