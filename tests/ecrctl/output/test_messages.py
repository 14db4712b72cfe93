"""Success lines and progress: on a terminal, in a pipe, and with ``--quiet``."""

from __future__ import annotations

import io
import re
import sys
import threading

import pytest
import typer
from typer.testing import CliRunner

from ecrctl.cli import app
from ecrctl.console import Steps, new_console
from ecrctl.errors import ExitCode
from ecrctl.images.copying.progress import Silent, shown_progress
from ecrctl.output import messages
from ecrctl.output.messages import CommandGroup, is_quiet, notify, report_progress, say, working
from tests.ecrctl.test_exit_codes import REPOSITORY, Run, folder, run
from tests.ecrctl.test_help import NAMES, help_of

__all__ = ["folder", "run"]  # the fixtures are found by their names

Output = pytest.CaptureFixture[str]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show progress in a pipe after no time."""
    monkeypatch.setattr(messages, "_SECONDS", 0.0)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out success lines and progress."""
    monkeypatch.setattr(messages._messages, "is_quiet", True)


def _wait_for_timers() -> None:
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()


def test_a_success_line_is_output_and_everything_else_has_the_prefix_beside_it(
    capsys: Output,
) -> None:
    say("dev: done\x1b[2K")
    report_progress("Waiting")
    notify("not read: a\u202eb")
    shown = capsys.readouterr()
    assert shown.out == "dev: done\\u001b[2K\n"
    assert shown.err == "ecrctl: Waiting\necrctl: not read: a\\u202eb\n"


@pytest.mark.usefixtures("quiet")
def test_quiet_leaves_out_success_lines_and_progress_and_keeps_what_was_not_read(
    capsys: Output,
) -> None:
    say("dev: done")
    report_progress("Waiting")
    notify("not read: a")
    with Steps(new_console()).step("Deploy"), working("Synthesise 'dev'"):
        pass
    with shown_progress() as progress:
        assert isinstance(progress, Silent)
        assert type(progress) is Silent
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "ecrctl: not read: a\n")


@pytest.mark.usefixtures("at_once")
def test_long_work_is_a_line_in_a_pipe(capsys: Output) -> None:
    with working("Synthesise 'dev'"):
        _wait_for_timers()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "ecrctl: Synthesise 'dev' ...\n")


def test_short_work_is_no_line_in_a_pipe(capsys: Output) -> None:
    with working("Synthesise 'dev'"):
        pass
    with pytest.raises(ValueError, match="wrong"), working("Read the account"):
        raise ValueError("wrong")
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    assert capsys.readouterr().err == ""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_work_on_a_terminal_is_a_spinner_that_is_erased(
    monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    terminal = _Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with working("Synthesise the base"), working("Synthesise [the head]"):
        # The result of a command is on the standard output, which can be a file.
        say("a result")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "Synthesise the base, Synthesise [the head] ..." in text
    assert terminal.getvalue().endswith(("\x1b[2K", "\x1b[?25h"))
    assert capsys.readouterr().out == "a result\n"
    assert "a result" not in text


def test_quiet_ends_with_its_command() -> None:
    asked = []
    program = typer.Typer(cls=CommandGroup)

    @program.command()
    def one() -> None:
        asked.append(is_quiet())

    @program.command()
    def two() -> None:
        raise typer.Exit(3)

    runner = CliRunner()
    assert runner.invoke(program, ["one", "-q"]).exit_code == 0
    assert runner.invoke(program, ["two", "--quiet"]).exit_code == 3
    assert runner.invoke(program, ["one"]).exit_code == 0
    assert asked == [True, False]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_can_be_quiet(name: str) -> None:
    line = re.compile(r"^  -q, --quiet +Print results and faults only\.$", re.MULTILINE)
    assert line.search(help_of(name))


def test_every_command_is_in_the_program_that_makes_it_quiet() -> None:
    assert app.info.cls is not None
    assert issubclass(app.info.cls, CommandGroup)


@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_a_quiet_command_prints_no_success_line(
    run: Run, capsys: Output, quiet: tuple[str, ...]
) -> None:
    account = ("--account", "111111111111", "--region", "us-east-1")
    for arguments in (("check", "dev"), ("init", "new", *account)):
        assert run(*arguments, *quiet) == ExitCode.SUCCESS
        shown = capsys.readouterr()
        assert (shown.out == "") is bool(quiet)
        assert shown.err == ""


def test_a_quiet_command_prints_its_result_and_its_faults(run: Run, capsys: Output) -> None:
    preview = ("lifecycle", "dev", REPOSITORY, "--images", "images.json")
    assert run(*preview) == ExitCode.SUCCESS
    loud = capsys.readouterr()
    assert run(*preview, "--quiet") == ExitCode.SUCCESS
    assert capsys.readouterr() == loud
    assert run("check", "faulty", "--quiet") == ExitCode.FAULT
    assert "regoin: there is no such setting" in capsys.readouterr().err
