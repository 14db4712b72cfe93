"""What was declared and what was read back, as one table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .check import NOT_RETURNED, Check


def table_of(title: str, checks: Sequence[Check]) -> Table:
    """Lay out checks; one that does not hold shows both sides."""
    table = Table(title=title, box=box.ROUNDED, title_justify="left", show_lines=False)
    table.add_column("", no_wrap=True)
    table.add_column("Resource", style="bold", no_wrap=True)
    table.add_column("What", no_wrap=True)
    table.add_column("Read back", overflow="fold")
    previous = ""
    for check in checks:
        if previous and check.subject != previous:
            table.add_section()
        table.add_row(
            _mark(check),
            escape(check.subject) if check.subject != previous else "",
            check.what,
            escape(check.found) if check.holds else _difference(check),
        )
        previous = check.subject
    return table


def _mark(check: Check) -> str:
    if not check.holds:
        return "[red]differs[/]"
    return "[yellow]?[/]" if check.is_unknown else "[green]ok[/]"


def _difference(check: Check) -> str:
    return f"[red]{escape(check.found)}[/]\n[dim]declared:[/] {escape(check.declared)}"


def verdict(name: str, checks: Sequence[Check]) -> str:
    """Say in one line how many checks hold, and name those that do not."""
    differing = [check for check in checks if not check.holds]
    if not differing:
        unknown = sum(check.is_unknown for check in checks)
        rest = f"; {unknown} more {NOT_RETURNED}" if unknown else ""
        return f"{name}: all {len(checks) - unknown} checks read back as declared{rest}."
    named = "; ".join(f"{check.subject}, {check.what}" for check in differing)
    return f"{name}: {len(differing)} of {len(checks)} checks differ: {named}."


def save_picture(console: Console, file: Path, *, title: str) -> None:
    """Save what a console has shown as an SVG that fetches nothing: no font of another host."""
    svg = console.export_svg(title=title)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = "\n".join(line.rstrip() for line in svg.splitlines())
    file.write_text(f"{svg}\n", encoding="utf-8")
