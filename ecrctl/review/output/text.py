"""A review for a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.console import Group as Lines
from rich.markup import escape
from rich.table import Table

from ecrctl.review.findings import Category
from ecrctl.review.verdict import HOW_TO_ANSWER, Review

from .merging import Group, Told, groups_of, stack_names

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
    if review.stopping:
        console.print(HOW_TO_ANSWER, highlight=False, soft_wrap=True)
    console.print(review.verdict(), highlight=False, soft_wrap=True)


def _table(group: Group) -> Table:
    table = Table(title=group.name, box=box.ROUNDED, title_justify="left")
    table.add_column("Category", no_wrap=True)
    table.add_column("Stack", overflow="fold")
    table.add_column("What happens", overflow="fold")
    previous = ""
    for one in group.told:
        category = one.first.finding.category
        if previous and category != previous:
            table.add_section()
        style = _STYLES.get(category, "")
        shown = f"[{style}]{category}[/]" if style else str(category)
        stack = stack_names(group, one.first.finding.saying.stack)
        table.add_row(shown if category != previous else "", escape(stack), _lines(one))
        previous = category
    return table


def _lines(told: Told) -> Lines:
    judged = told.first
    notes = [f"[dim]{told.ids}[/]"]
    if judged.finding.saying.is_undecided:
        notes.append("[yellow]undecided[/]")
    if judged.stops:
        notes.append("[bold red]stops this change[/]")
    if judged.acknowledged:
        answer = judged.acknowledged
        notes.append(f"[green]acknowledged until {answer.until}[/]: {escape(answer.reason)}")
    if judged.expired:
        notes.append(f"[red]was acknowledged until {judged.expired.until}[/]")
    return Lines(f"[bold]{escape(told.subject)}[/] {escape(told.message)}", "  ".join(notes))
