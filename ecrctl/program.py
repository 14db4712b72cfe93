"""The end of a program: every error that a user can cause is a sentence and an exit code."""

import errno
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from .errors import ExitCode, UserError
from .output.messages import notify

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EIO)
# Returns an error that is not the program's own as a message and an exit code, if it is known.
Explain = Callable[[Exception], tuple[str, ExitCode] | None]


class Stopped(BaseException):
    """Raised when a signal stops the command; all child processes are ended on the way out."""


def run_program(app: typer.Typer, explain: Explain = lambda _error: None) -> NoReturn:
    """Run the command in the arguments of the process, and exit with its code.

    :param explain: explains errors of other libraries.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        sys.exit(_exit_code(app))
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "ecrctl"
        message = f"{error.format_message().rstrip('.')}. Try `{command} --help`."
        _fail(message, ExitCode.TOOL_ERROR)
    except UserError as error:
        _fail(str(error), error.exit_code)
    except Stopped:
        _fail("stopped; every process that it started has ended.", ExitCode.STOPPED)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OUTPUT_ERRORS:
            message = f"the output cannot be written: {error.strerror}."
            _fail(message, ExitCode.TOOL_ERROR)
        if explained := explain(error):
            _fail(*explained)
        # Python's own code for a traceback is 1, which would blame the user's files.
        traceback.print_exception(error)
        raise SystemExit(ExitCode.TOOL_ERROR) from error


def _fail(message: str, exit_code: ExitCode) -> NoReturn:
    # Errors name files and resources, and contain what git, Node and AWS wrote.
    notify(message)
    raise SystemExit(exit_code)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped


def _exit_code(app: typer.Typer) -> int | None:
    try:
        code: int | None = app(prog_name="ecrctl", standalone_mode=False)
    except SystemExit as end:
        # Typer ends so after the completion of a shell, and, with 1, where the reader of the output
        # has closed it.
        return ExitCode.TOOL_ERROR if end.code else ExitCode.SUCCESS
    return code
