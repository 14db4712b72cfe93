"""A review for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.console import Group as Lines
from rich.markup import escape
from rich.table import Table

from .findings import Category
from .folding import Group, groups_of, stack_names
from .verdict import Judged, Review

_STYLES = {
    Category.DATA_LOSS: "bold red",
    Category.WILL_FAIL: "bold red",
    Category.PROTECTION_LOST: "red",
    Category.ACCESS_GAINED: "yellow",
    Category.ROUTINE: "dim",
}


def print_review(review: Review, console: Console) -> None:
    """Print what changes, environment by environment, and the verdict at the end."""
    for group in groups_of(review):
        console.print(_table(group))
    for one in review.unused:
        console.print(
            f"{one.finding} is acknowledged and not found in this change.", highlight=False
        )
    console.print(review.verdict(), highlight=False, soft_wrap=True)


def _table(group: Group) -> Table:
    table = Table(title=group.name, box=box.ROUNDED, title_justify="left")
    table.add_column("Category", no_wrap=True)
    table.add_column("Stack", overflow="fold")
    table.add_column("What happens", overflow="fold")
    previous = ""
    for one in group.judged:
        category = one.finding.category
        if previous and category != previous:
            table.add_section()
        style = _STYLES.get(category, "")
        shown = f"[{style}]{category}[/]" if style else str(category)
        stack = stack_names(group, one.finding.saying.stack)
        table.add_row(shown if category != previous else "", escape(stack), _told(one))
        previous = category
    return table


def _told(judged: Judged) -> Lines:
    said = judged.finding.saying
    lines = [f"[bold]{escape(said.subject)}[/] {escape(said.message)}"]
    lines += _notes(judged)
    return Lines(*lines)


def _notes(judged: Judged) -> Sequence[str]:
    notes = [f"[dim]{judged.finding.id}[/]"]
    if judged.finding.saying.is_undecided:
        notes.append("[yellow]undecided[/]")
    if judged.stops:
        notes.append("[bold red]stops this change[/]")
    if judged.acknowledged:
        answer = judged.acknowledged
        notes.append(f"[green]acknowledged until {answer.until}[/]: {escape(answer.reason)}")
    if judged.expired:
        notes.append(f"[red]was acknowledged until {judged.expired.until}[/]")
    return ["  ".join(notes)]
