"""The command ``promote``, as a part of the program."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ecrctl.arguments import complete_environment
from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.images.cli import ShowPlan
from ecrctl.images.scanning.options import IgnoreFile
from ecrctl.output.formats import Format

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR, ExitCode.DIFFERENCE)


def add_promote_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command("promote", epilog=exit_code_table(*_CODES, example="ecrctl promote dev prod api"))
    def promote_command(
        source: Annotated[
            str,
            typer.Argument(
                metavar="SRC",
                help="The environment that has the images.",
                autocompletion=complete_environment,
            ),
        ],
        target: Annotated[
            str,
            typer.Argument(
                metavar="DST",
                help="The environment that gets them.",
                autocompletion=complete_environment,
            ),
        ],
        images: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[IMAGE...]",
                help="A pin's name, REPOSITORY:TAG or REPOSITORY@DIGEST; with --all, repositories "
                "(default: all that both environments declare).",
            ),
        ] = None,
        everything: Annotated[
            bool, typer.Option("--all", help="Promote every tagged image, and pin none.")
        ] = False,
        tags: Annotated[
            str | None,
            typer.Option(metavar="PATTERN", help="With --all, the tags, such as 'v1.*'."),
        ] = None,
        plan: ShowPlan = False,
        output: Format = "text",
        without_referrers: Annotated[
            bool,
            typer.Option(
                "--without-referrers",
                help="Leave out signatures, attestations and the promotion record.",
            ),
        ] = False,
        ignore: IgnoreFile = None,
        src_profile: Annotated[
            str | None, typer.Option(metavar="NAME", help="The AWS profile for SRC.")
        ] = None,
        dst_profile: Annotated[
            str | None, typer.Option(metavar="NAME", help="The AWS profile for DST.")
        ] = None,
    ) -> None:
        """Copy images to another environment, and pin them there.

        The output ends with REPOSITORY@DIGEST, one line for each image. The scan_gate of DST must
        be met by the findings of SRC.
        """
        if not everything and not images:
            raise typer.BadParameter("name an image, or add --all.")
        if tags is not None and not everything:
            raise typer.BadParameter("--tags belongs to --all.")
        from .command import Options, run_promote  # noqa: PLC0415 - the help does not require it

        options = Options(
            everything=everything,
            tags=tags,
            with_referrers=not without_referrers,
            is_plan=plan,
            as_json=output == "json",
            ignore_file=ignore,
            profiles=(src_profile, dst_profile),
        )
        run_promote(source, target, environments(), images or [], options)
