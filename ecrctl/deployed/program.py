"""The command ``deployed``, as a part of the program."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ecrctl.arguments import Environment
from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.output.messages import say, working

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR)


def add_deployed_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command(
        "deployed", epilog=exit_code_table(*_CODES, example="ecrctl deployed dev --out deployed")
    )
    def deployed_command(
        environment: Environment,
        out: Annotated[
            Path, typer.Option(metavar="DIR", file_okay=False, help="The folder for the assembly.")
        ],
        responses: Annotated[
            Path | None,
            typer.Option(
                metavar="DIR",
                exists=True,
                file_okay=False,
                help="Saved responses of CloudFormation to read instead of AWS.",
            ),
        ] = None,
    ) -> None:
        """Save the deployed stacks as the base of a review."""
        from .command import save_deployed  # noqa: PLC0415 - the help does not require it

        with working(f"Read the stacks of '{environment}'"):
            count = save_deployed(environment, environments(), out, responses)
        say(f"{environment}: {count} {'stack' if count == 1 else 'stacks'} saved to {out}.")
