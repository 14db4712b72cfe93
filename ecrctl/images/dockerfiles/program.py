"""The commands ``base-image`` and ``dockerfile-check``, as a part of the program."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ecrctl.arguments import Environment
from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.output.formats import Format, print_json
from ecrctl.output.messages import working


def add_dockerfile_commands(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the commands to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command(
        "base-image",
        epilog=exit_code_table(
            ExitCode.FAULT, ExitCode.TOOL_ERROR, example="ecrctl base-image dev base/node"
        ),
    )
    def base_image_command(
        environment: Environment,
        repository: Annotated[
            str, typer.Argument(metavar="REPOSITORY", help="The repository's name.")
        ],
        tag: Annotated[
            str | None, typer.Option(help="The image's tag (default: the newest image).")
        ] = None,
        output: Format = "text",
    ) -> None:
        """Print the line `FROM ...@sha256:...` of an image."""
        from .base_image import base_image  # noqa: PLC0415 - the help does not require it

        with working(f"Look up '{repository}'"):
            found = base_image(environment, repository, tag, environments())
        if output == "json":
            print_json(found)
        else:
            print(f"FROM {found.uri}")

    @app.command(
        "dockerfile-check",
        epilog=exit_code_table(
            ExitCode.TOOL_ERROR,
            ExitCode.DIFFERENCE,
            example="ecrctl dockerfile-check services/api/Dockerfile",
        ),
    )
    def dockerfile_check_command(
        files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The Dockerfiles.")],
        offline: Annotated[
            bool, typer.Option("--offline", help="Look up no digest, and need no credentials.")
        ] = False,
        output: Format = "text",
    ) -> None:
        """Find base images on ECR without a known digest."""
        from .cli import run_dockerfile_check  # noqa: PLC0415 - the help does not require it

        run_dockerfile_check(files, offline=offline, output=output)
