"""The commands ``pin`` and ``unpin``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ecrctl.arguments import Environment, complete_environment
from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.output.formats import Format, print_json
from ecrctl.output.messages import say, working

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR)


def add_pin_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command to a program.

    :param environments: returns the folder of the environment files.
    """

    @app.command(
        "pin",
        epilog=exit_code_table(
            *_CODES, example="ecrctl pin dev api --repository team/api --tag v1"
        ),
    )
    def pin_command(
        environment: Environment,
        image: Annotated[str, typer.Argument(metavar="IMAGE", help="The name that workloads use.")],
        repository: Annotated[str | None, typer.Option(help="The repository of the image.")] = None,
        tag: Annotated[str | None, typer.Option(help="The tag to look up.")] = None,
        digest: Annotated[
            str | None, typer.Option(help="The image's digest; the pin has no tag.")
        ] = None,
        previous: Annotated[
            bool,
            typer.Option("--previous", help="Restore the pin that git has before this one."),
        ] = False,
        registry: Annotated[
            str | None,
            typer.Option(
                metavar="ENV",
                help="The environment that declares the repository (default: the pin's own).",
                autocompletion=complete_environment,
            ),
        ] = None,
        output: Format = "text",
    ) -> None:
        """Write an image's digest into the file of pins.

        The digest is the one that --tag has now, that of --digest, or that of the previous pin. The
        image gets a tag that protects it from every lifecycle rule.
        """
        _check_options(repository, tag, digest, registry, previous=previous)
        from .command import pin_image, pin_previous, pin_text  # noqa: PLC0415 - the help needs no AWS
        from .pinning import Target  # noqa: PLC0415

        target = Target(environments(), environment, image, registry)
        with working(f"Look up '{image}'"):
            done = (
                pin_previous(target)
                if repository is None
                else pin_image(target, repository=repository, tag=tag, digest=digest)
            )
        if output == "json":
            print_json(done)
        else:
            say(pin_text(done))


def add_unpin_command(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the command ``unpin`` to a program.

    :param environments: returns the folder of the environment files.
    """

    @app.command("unpin", epilog=exit_code_table(*_CODES, example="ecrctl unpin dev api"))
    def unpin_command(
        environment: Environment,
        image: Annotated[str, typer.Argument(metavar="IMAGE", help="The name of the pin.")],
        output: Format = "text",
    ) -> None:
        """Remove a pin that no workload requires."""
        from .removal import unpin_image  # noqa: PLC0415 - the help needs no models

        done = unpin_image(environment, environments(), image)
        if output == "json":
            print_json(done)
        else:
            say(
                f"{done.file}: the pin '{image}' is removed; the image keeps the tags that protect "
                "it"
            )


def _check_options(
    repository: str | None,
    tag: str | None,
    digest: str | None,
    registry: str | None,
    *,
    previous: bool,
) -> None:
    """Raise on options that do not say which image, or that say it twice."""
    ways = [one for one in (tag, digest, previous or None) if one is not None]
    if len(ways) != 1:
        raise typer.BadParameter("name one of --tag, --digest and --previous.")
    if previous and (repository is not None or registry is not None):
        raise typer.BadParameter(
            "--previous has its repository and registry from git. Leave out both options."
        )
    if not previous and repository is None:
        raise typer.BadParameter("--repository is required with --tag and --digest.")
