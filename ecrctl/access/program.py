"""The command ``access``, as a part of the program."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from ecrctl.arguments import complete_environment
from ecrctl.errors import ExitCode, exit_code_table

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR)


def add_access_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command(
        "access", epilog=exit_code_table(*_CODES, example="ecrctl access dev --format markdown")
    )
    def access_command(
        environment: Annotated[
            str | None,
            typer.Argument(
                metavar="[ENV]",
                help="The environment's name (default: all).",
                autocompletion=complete_environment,
            ),
        ] = None,
        output: Annotated[
            Literal["text", "markdown", "json"],
            typer.Option("--format", help="The format of the output."),
        ] = "text",
        required_grants: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE",
                help="Write to FILE the policies that owners of other accounts must add.",
            ),
        ] = None,
    ) -> None:
        """List who can pull, push and administer."""
        from .cli import run_access  # noqa: PLC0415 - the help does not require it

        run_access(
            environment,
            environments(),
            output=output,
            required_grants=required_grants,
        )
