"""The command ``login``, as a part of the program."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from ecrctl.arguments import Environment
from ecrctl.errors import ExitCode, exit_code_table


def add_login_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command(
        "login",
        epilog=exit_code_table(
            ExitCode.FAULT, ExitCode.TOOL_ERROR, example="ecrctl login dev --tool podman"
        ),
    )
    def login_command(
        environment: Environment,
        tool: Annotated[
            Literal["docker", "podman", "buildah"] | None,
            typer.Option(help="The tool to log in (default: the one that is installed)."),
        ] = None,
        auth_file: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE", dir_okay=False, help="Write the token to FILE, and run no tool."
            ),
        ] = None,
        credential_helper: Annotated[
            bool,
            typer.Option(
                "--credential-helper",
                help="Configure Amazon's credential helper instead, in Docker's configuration or "
                "the auth file.",
            ),
        ] = False,
    ) -> None:
        """Log in to an environment's registry.

        The token is valid for 12 hours, and appears in no argument and no output.
        """
        from .cli import run_login  # noqa: PLC0415 - the help does not require it

        run_login(
            environment,
            environments(),
            tool=tool,
            auth_file=auth_file,
            credential_helper=credential_helper,
        )
