"""The command ``report``, as a part of the program."""

from collections.abc import Callable
from pathlib import Path

import typer

from ecrctl.arguments import Environment
from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.images.usage import options as usage

from . import options

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR)


def add_report_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command(
        "report",
        epilog=exit_code_table(
            *_CODES, example="ecrctl report dev --in-use --format html --output report.html"
        ),
    )
    def report_command(
        environment: Environment,
        repositories: options.Repositories = None,
        in_use: usage.InUse = False,
        kubeconfig: usage.Kubeconfig = None,
        context: usage.Context = None,
        output_format: options.Format = "table",
        output: options.Output = None,
    ) -> None:
        """Report size, scans, use and cost of images.

        Nothing is changed. What cannot be read is listed.
        """
        from .cli import run_report  # noqa: PLC0415 - the help does not require it

        run_report(
            environment,
            environments(),
            names=repositories or (),
            in_use=in_use,
            kubeconfig=kubeconfig,
            context=context,
            output_format=output_format,
            output=output,
        )
