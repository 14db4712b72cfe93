"""The terminal: its width, and the progress of a command's steps.

A step is a spinner on a terminal and a plain line elsewhere.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ecrctl.output.messages import is_quiet
from ecrctl.visible import visible

TABLE_WIDTH = 118
ACCESS_WIDTH = 160


class VisibleConsole(Console):
    """A console that shows no character of others which a terminal would act on."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as it is shown."""
        return super().render_str(visible(text), **options)


def new_console(*, record: bool = False, width: int = TABLE_WIDTH, beside: bool = False) -> Console:
    """Return a console for tables.

    :param record: whether the output is kept, to be saved as a picture.
    :param width: the width where there is no terminal, and COLUMNS is not set.
    :param beside: whether it writes to the standard error, beside the result.
    """
    console = VisibleConsole(record=record, stderr=beside)
    # A pipe has no width of its own, and a table folded at 80 columns cannot be read. Rich reads
    # COLUMNS itself; a picture has one width everywhere.
    if record or not (console.is_terminal or os.environ.get("COLUMNS", "").isdigit()):
        console.width = width
    return console


def new_table(title: str, *columns: str) -> Table:
    """Return a table whose columns fold what is too long for them."""
    table = Table(title=title, box=box.ROUNDED, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


class StepResult:
    """The result of one step.

    ``detail`` is the text after the step's name, such as a count; empty by default.
    """

    detail = ""


class Steps:
    """The steps of a long command, shown one by one.

    ``current`` is the step that is carried out, or was last.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.current = ""

    @contextmanager
    def step(self, action: str) -> Iterator[StepResult]:
        """Show a step while the block runs, then its result and duration."""
        result = StepResult()
        self.current = action
        start = time.monotonic()
        is_shown = self.console.is_terminal and not is_quiet()
        spinner = self.console.status(f"{action} ...") if is_shown else nullcontext()
        with spinner:
            yield result
        if is_quiet():
            return
        seconds = time.monotonic() - start
        detail = f": {escape(result.detail)}" if result.detail else ""
        self.console.print(
            f"[green]ok[/] {action}{detail} [dim]({seconds:.1f} s)[/]",
            highlight=False,
            soft_wrap=True,
        )
