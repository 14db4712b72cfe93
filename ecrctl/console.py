"""Progress: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Steps:
    """Define how the steps of a long command are shown."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, doing: str) -> Iterator[StepResult]:
        """Show a step while it runs, and what came of it."""
        result = StepResult()
        start = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(f"{doing} ..."):
                yield result
        else:
            yield result
        seconds = time.monotonic() - start
        said = f": {escape(result.text)}" if result.text else ""
        self.console.print(
            f"[green]ok[/] {doing}{said} [dim]({seconds:.1f} s)[/]", highlight=False, soft_wrap=True
        )


class StepResult:
    """Define what a step has to say when it is done."""

    text = ""

    def say(self, text: str) -> None:
        """Set the words that follow the step's name."""
        self.text = text
