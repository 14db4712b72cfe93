"""A review for a terminal."""

from rich import box
from rich.console import Console
from rich.console import Group as Lines
from rich.markup import escape
from rich.table import Table

from ecrctl.review.findings import Category
from ecrctl.review.verdict import HOW_TO_ACKNOWLEDGE, Review

from .merging import MergedFinding, merged_findings

_STYLES = {
    Category.DATA_LOSS: "bold red",
    Category.WILL_FAIL: "bold red",
    Category.PROTECTION_LOST: "red",
    Category.ACCESS_GAINED: "yellow",
    Category.ROUTINE: "dim",
}


def print_review(review: Review, console: Console) -> None:
    """Print the findings, the worst first, and the verdict at the end."""
    findings = merged_findings(review)
    if findings:
        console.print(_table(findings))
    lines = [f"{one.finding} is acknowledged, but not found." for one in review.verdict.unused]
    lines += [one.message for one in review.verdict.outdated]
    if review.blocking:
        lines.append(HOW_TO_ACKNOWLEDGE)
    for line in (*lines, review.summary()):
        console.print(escape(line), highlight=False, soft_wrap=True)


def _table(findings: list[MergedFinding]) -> Table:
    table = Table(box=box.ROUNDED)
    table.add_column("Category", no_wrap=True)
    table.add_column("Environment", overflow="fold")
    table.add_column("Stack", overflow="fold")
    table.add_column("Finding", overflow="fold")
    previous = ""
    for one in findings:
        category = one.category
        if previous and category != previous:
            table.add_section()
        style = _STYLES.get(category, "")
        shown = f"[{style}]{category}[/]" if style else str(category)
        where = escape(", ".join(one.environments))
        table.add_row(shown if category != previous else "", where, escape(one.stack), _lines(one))
        previous = category
    return table


def _lines(merged: MergedFinding) -> Lines:
    judgement = merged.judgement
    notes = [f"[dim]{', '.join(merged.ids)}[/]"]
    if judgement.finding.is_undecided:
        notes.append("[yellow]undecided[/]")
    if judgement.blocks:
        notes.append("[bold red]blocks this change[/]")
    if judgement.acknowledgement:
        accepted = judgement.acknowledgement
        notes.append(f"[green]acknowledged until {accepted.until}[/]: {escape(accepted.reason)}")
    if judgement.expired:
        notes.append(f"[red]acknowledgement expired on {judgement.expired.until}[/]")
    return Lines(f"[bold]{escape(merged.subject)}[/] {escape(merged.message)}", "  ".join(notes))
