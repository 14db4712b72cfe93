"""The commands ``push`` and ``pull``.

What a command requires is imported when it runs: the start of the command line is part of the time
of a push that has nothing to send.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ecrctl.arguments import Environment
from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.output.formats import Format

_CODES = (ExitCode.FAULT, ExitCode.TOOL_ERROR)

ShowPlan = Annotated[bool, typer.Option("--plan", help="Print what would be done, and do nothing.")]
WithoutReferrers = Annotated[
    bool,
    typer.Option("--without-referrers", help="Leave out signatures and attestations."),
]


def add_image_commands(app: typer.Typer, environments: Callable[[], Path]) -> None:
    """Add the commands to the program.

    :param environments: returns the folder of environment files.
    """

    @app.command("push", epilog=exit_code_table(*_CODES, example="ecrctl push dev"))
    def push_command(
        environment: Environment,
        images: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[IMAGE...]",
                help="The declared images to build, push and pin (default: all); with --from, "
                "REPOSITORY:TAG.",
            ),
        ] = None,
        source: Annotated[
            str | None,
            typer.Option(
                "--from",
                metavar="SOURCE",
                help="An image that was built elsewhere: oci:FOLDER[:TAG], oci-archive:FILE, "
                "docker-archive:FILE, or docker:NAME, podman:NAME, buildah:NAME or engine:NAME.",
            ),
        ] = None,
        builder: Annotated[
            str | None,
            typer.Option(
                metavar="NAME",
                help="The builder: docker, podman or buildah (default: the first installed).",
            ),
        ] = None,
        plan: ShowPlan = False,
        output: Format = "text",
        without_referrers: WithoutReferrers = False,
    ) -> None:
        """Build, push and pin the declared images.

        With --from, one image that was built
        elsewhere is pushed, and not pinned. The output ends with REPOSITORY@DIGEST, one line for
        each image.
        """
        if source is None:
            from .building.command import run_builds

            run_builds(
                environment, environments(), images or [], builder, shown=(plan, output == "json")
            )
            return
        if builder is not None or len(images or []) != 1:
            raise typer.BadParameter("with --from, name one REPOSITORY:TAG and no --builder.")
        (image,) = images or []
        from .push import run_push
        from .references import pushed_name, source_of

        run_push(
            environment,
            environments(),
            pushed_name(image),
            source_of(source),
            shown=(plan, output == "json"),
            with_referrers=not without_referrers,
        )

    @app.command(
        "pull", epilog=exit_code_table(*_CODES, example="ecrctl pull dev team/api:v1 oci:api")
    )
    def pull_command(
        environment: Environment,
        image: Annotated[
            str,
            typer.Argument(
                metavar="REPOSITORY[:TAG|@DIGEST]",
                help="The declared repository, and the image's tag (default: latest) or digest.",
            ),
        ],
        target: Annotated[
            str,
            typer.Argument(
                metavar="TARGET",
                help="The place: oci:FOLDER[:TAG], oci-archive:FILE, or docker:NAME, podman:NAME, "
                "buildah:NAME or engine:NAME.",
            ),
        ],
        platform: Annotated[
            str | None,
            typer.Option(
                metavar="OS/ARCH",
                help="One platform of an image (default: all; this machine's for an engine).",
            ),
        ] = None,
        plan: ShowPlan = False,
        output: Format = "text",
        without_referrers: WithoutReferrers = False,
    ) -> None:
        """Pull an image to a folder, an archive or an engine.

        The last line of the output is REPOSITORY@DIGEST.
        """
        from .pull import run_pull
        from .references import pulled_name, target_of

        run_pull(
            environment,
            environments(),
            pulled_name(image),
            target_of(target),
            platform=platform,
            shown=(plan, output == "json"),
            with_referrers=not without_referrers,
        )
