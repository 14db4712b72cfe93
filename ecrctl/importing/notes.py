"""The notes of an import: what it would delete, change or leave out, for a person to decide on."""

from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from ecrctl.console import new_table

from .entries import Note

_COLUMNS = ("Repository", "Today", "After the import")


def table_of_notes(notes: Sequence[Note]) -> Table:
    """Return a table of what an import would delete, change or leave out."""
    table = new_table("An import would delete, change or leave out", *_COLUMNS)
    for note in notes:
        table.add_row(*(escape(cell) for cell in (note.repository, note.what, note.then)))
    return table


def markdown_of_notes(name: str, notes: Iterable[Note]) -> str:
    """Return the same as the text of a Markdown file."""
    rows = [_COLUMNS, ("---",) * len(_COLUMNS)]
    rows += [(note.repository, note.what, note.then) for note in notes]
    lines = (f"| {' | '.join(map(_cell, row))} |" for row in rows)
    title = f"# The import of {name}: what it would delete, change or leave out"
    return "\n".join((title, "", *lines, ""))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
