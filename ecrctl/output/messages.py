"""The messages beside a command's result: success lines and progress, without both if quiet.

The result itself, faults, and sentences about what was not read or is undecided, are printed in
every case.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ecrctl.visible import visible

if TYPE_CHECKING:
    from rich.live import Live

# Of everything but the progress of single blobs that a command prints beside its result.
PREFIX = "ecrctl: "
_SECONDS = 1.0


class _Messages:
    """The state of the running command.

    :ivar is_quiet: whether success lines and progress are left out.
    :ivar actions: what is carried out at present; several threads can work at once.
    :ivar live: the spinner on a terminal.
    """

    def __init__(self) -> None:
        self.is_quiet = False
        self.lock = Lock()
        self.actions: list[str] = []
        self.live: Live | None = None


_messages = _Messages()


def is_quiet() -> bool:
    """Return whether success lines and progress are left out."""
    return _messages.is_quiet


def say(sentence: str) -> None:
    """Print a success line."""
    if not _messages.is_quiet:
        print(visible(sentence))


def report_progress(sentence: str) -> None:
    """Print a line about the progress beside the output."""
    if not _messages.is_quiet:
        notify(sentence)


def notify(sentence: str) -> None:
    """Print what a reader of the result must know, such as what was not read."""
    # At once: another thread can print a line as well.
    sys.stderr.write(visible(f"{PREFIX}{sentence}\n"))


@contextmanager
def working(action: str) -> Iterator[None]:
    """Show what the block does: a spinner on a terminal, elsewhere a line after a second.

    :param action: an imperative, such as ``Synthesise 'dev'``.
    """
    if _messages.is_quiet:
        yield
    elif sys.stderr.isatty():
        with _shown(action):
            yield
    else:
        timer = Timer(_SECONDS, report_progress, [f"{action} ..."])
        # A command that a signal stops does not wait for it.
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


@contextmanager
def _shown(action: str) -> Iterator[None]:
    """Show an action on the terminal, beside those that are carried out already."""
    _change(add=action)
    try:
        yield
    finally:
        _change(remove=action)


def _change(*, add: str | None = None, remove: str | None = None) -> None:
    from rich.console import Console  # noqa: PLC0415 - a pipe needs none of it
    from rich.live import Live  # noqa: PLC0415
    from rich.spinner import Spinner  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with _messages.lock:
        if add is not None:
            _messages.actions.append(add)
        if remove is not None:
            _messages.actions.remove(remove)
        if not _messages.actions:
            if _messages.live:
                _messages.live.stop()
            _messages.live = None
            return
        if _messages.live is None:
            # The result is on the standard output, which can be a file.
            console = Console(stderr=True)
            _messages.live = Live(console=console, transient=True, redirect_stdout=False)
            _messages.live.start()
        text = Text(visible(f"{', '.join(_messages.actions)} ..."))
        _messages.live.update(Spinner("dots", text), refresh=True)


def _set_quiet(context: typer.Context, is_asked: bool) -> None:  # noqa: FBT001 - Typer passes it
    def end() -> None:
        _messages.is_quiet = False

    if is_asked:
        _messages.is_quiet = True
        context.call_on_close(end)


def _options(
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            callback=_set_quiet,
            expose_value=False,
            help="Print results and faults only.",
        ),
    ] = False,
) -> None:
    """Declare the options of every command."""


def _common_options() -> list[Any]:
    declared = typer.Typer(add_completion=False)
    declared.command()(_options)
    return [one for one in get_command(declared).params if one.name == "quiet"]


class CommandGroup(TyperGroup):
    """Commands each of which has ``--quiet``."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command with the options of every command."""
        command: Any = super().get_command(ctx, cmd_name)
        if command and all(one.name != "quiet" for one in command.params):
            command.params += _common_options()
        return command
