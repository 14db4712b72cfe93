"""The commands ``init``, ``check`` and ``list``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ecrctl.arguments import Environment, complete_environment
from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.output.formats import Format
from ecrctl.output.messages import say

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR)


def add_file_commands(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the commands to a program.

    :param environments: returns the folder of the environment files.
    """

    @app.command(
        "init",
        epilog=exit_code_table(
            *_CODES, example="ecrctl init dev --account 111111111111 --region eu-west-1"
        ),
    )
    def init_command(
        environment: Environment,
        account: Annotated[
            str, typer.Option(metavar="ID", help="The AWS account: 12 digits.", show_default=False)
        ],
        region: Annotated[
            str, typer.Option(metavar="REGION", help="The region.", show_default=False)
        ],
    ) -> None:
        """Write the first file of an environment, with comments."""
        from .first_file import write_first_file  # noqa: PLC0415 - the help needs no models

        for line in write_first_file(environment, environments(), account=account, region=region):
            say(line)

    @app.command("check", epilog=exit_code_table(*_CODES, example="ecrctl check dev"))
    def check_command(
        names: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[ENV]...",
                help="The environments' names (default: all).",
                autocompletion=complete_environment,
            ),
        ] = None,
        output: Format = "text",
    ) -> None:
        """Report every fault of the environment files."""
        from .overview import print_check  # noqa: PLC0415

        print_check(names or None, environments(), output)

    @app.command("list", epilog=exit_code_table(*_CODES, example="ecrctl list --format json"))
    def list_command(output: Format = "text") -> None:
        """List environments, stacks, repositories and workloads."""
        from .overview import print_list  # noqa: PLC0415

        print_list(environments(), output)
