"""How the program ends: errors of the output, mistakes, signals, and its help."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.exceptions import TyperException

from ecrctl import cli
from ecrctl.errors import ExitCode
from environments import loading
from tests.ecrctl.test_exit_codes import Run, folder, run

__all__ = ["folder", "run"]  # the fixtures are found by their names

Output = pytest.CaptureFixture[str]


def raising(error: BaseException) -> Callable[..., Any]:
    """Return a function that raises an error."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_an_output_that_cannot_be_written_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, number: int
) -> None:
    monkeypatch.setattr(loading, "load_environment", raising(OSError(number, "the reason")))
    assert run("verify", "dev") == ExitCode.TOOL_ERROR
    assert capsys.readouterr().err == "ecrctl: the output cannot be written: the reason.\n"


def test_an_output_that_its_reader_has_closed_blames_no_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr(loading, "load_environment", raising(OSError(errno.EPIPE, "Broken pipe")))
    # Typer replaces both streams where the pipe is closed.
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    assert run("verify", "dev") == ExitCode.TOOL_ERROR
    assert capsys.readouterr().err == ""


def test_an_error_that_belongs_to_no_command_names_the_help_of_the_program(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr(loading, "load_environment", raising(TyperException("no.")))
    assert run("verify", "dev") == ExitCode.TOOL_ERROR
    assert capsys.readouterr().err == "ecrctl: no. Try `ecrctl --help`.\n"


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "gone"), ValueError("a mistake")])
def test_a_mistake_of_the_program_shows_its_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, error: Exception
) -> None:
    monkeypatch.setattr(loading, "load_environment", raising(error))
    assert run("verify", "dev") == ExitCode.TOOL_ERROR
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert str(error) in lines[-1]


def test_an_error_of_aws_that_no_command_expects_repeats_no_header(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    answer: Any = {"Code": "SignatureDoesNotMatch", "Message": "x-amz-security-token:secret"}
    error = ClientError({"Error": answer}, "ListKeys")
    monkeypatch.setattr(loading, "load_environment", raising(error))
    assert run("verify", "dev") == ExitCode.TOOL_ERROR
    assert capsys.readouterr().err == (
        "ecrctl: ListKeys failed: AWS rejected the credentials (SignatureDoesNotMatch). Renew "
        "them, for example with `aws sso login`.\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_that_stops_a_command_is_130(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, number: signal.Signals
) -> None:
    monkeypatch.setattr(loading, "load_environment", lambda *_: os.kill(os.getpid(), number))
    assert run("verify", "dev") == ExitCode.STOPPED
    assert capsys.readouterr().err == (
        "ecrctl: stopped; every process that it started has ended.\n"
    )


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Return a function that runs the program under another name."""
    handlers = {number: signal.getsignal(number) for number in (2, 15, 1)}

    def run_program(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["/usr/bin/other", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    yield run_program
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_the_program_is_named_by_its_own_name(program: Callable[..., int], capsys: Output) -> None:
    assert program("verify") == ExitCode.TOOL_ERROR
    assert capsys.readouterr().err == (
        "ecrctl: Missing argument 'ENV'. Try `ecrctl verify --help`.\n"
    )
    assert program("--help") == ExitCode.SUCCESS
    text = capsys.readouterr().out
    assert text.startswith("Usage: ecrctl [OPTIONS] COMMAND [ARGS]...\n")
    assert "─" not in text


def test_the_program_without_a_command_shows_its_help(
    program: Callable[..., int], capsys: Output
) -> None:
    program()
    shown = capsys.readouterr()
    assert "Usage: ecrctl [OPTIONS] COMMAND [ARGS]..." in shown.out + shown.err
