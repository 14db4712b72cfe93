"""The command ``scan``, as a part of the program."""

from collections.abc import Callable
from pathlib import Path

import typer

from ecrctl.arguments import Environment
from ecrctl.errors import ExitCode, exit_code_table

from . import options

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR, ExitCode.DIFFERENCE)


def add_scan_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command(
        "scan", epilog=exit_code_table(*_CODES, example="ecrctl scan dev api --fail-on high")
    )
    def scan_command(
        environment: Environment,
        image: options.Image,
        fail_on: options.FailOn = "high",
        wait: options.Wait = False,
        time_limit: options.TimeLimit = options.TIME_LIMIT_MINUTES,
        ignore: options.IgnoreFile = None,
        unscannable: options.Unscannable = None,
        output: options.Format = "text",
    ) -> None:
        """Report the vulnerabilities of an image.

        Without a complete scan an image neither passes nor fails, and the exit code is 2, unless
        --unscannable decides.
        """
        from .cli import run_scan  # noqa: PLC0415 - the help does not require it

        run_scan(
            environment,
            image,
            environments(),
            fail_on=fail_on,
            minutes=time_limit if wait else None,
            ignore_file=ignore,
            unscannable=unscannable or "undecided",
            output=output,
        )
