"""The command ``review``, which two programs have: ``ecrctl``, and the one for any CDK app."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import typer

from ecrctl.errors import ExitCode, exit_code_table

from . import options

if TYPE_CHECKING:
    from .sides.projects import Project


def add_review_command(
    app: typer.Typer,
    project: "Callable[[], Project]",
    saved_base: Callable[[str], AbstractContextManager[str]] = nullcontext,
) -> None:
    """Add the command to a program.

    :param project: returns the project whose references are reviewed.
    :param saved_base: replaces a base that is neither a reference nor a folder by a folder.
    """

    @app.command(
        "review",
        epilog=exit_code_table(
            ExitCode.TOOL_ERROR, ExitCode.DIFFERENCE, example="ecrctl review --base main"
        ),
    )
    def review_command(
        base: options.Base,
        head: options.Head = None,
        output: options.Format = options.ReviewFormat.TEXT,
        fail_on: options.FailOn = None,
        acknowledgements: options.Acknowledgements = None,
        rules: options.Rules = None,
        images: options.Images = None,
        out: options.Out = None,
        today: options.Today = None,
        commits: options.Commits = None,
        acknowledged_on: options.AcknowledgedOn = None,
        no_run: options.NoRun = False,
    ) -> None:
        """Report the effect of a change before its deployment."""
        from .cli import run_review  # noqa: PLC0415 - the help does not require it

        with saved_base(base) as folder:
            run_review(
                base=folder,
                head=head,
                output=output,
                fail_on=fail_on,
                acknowledgements=acknowledgements,
                review_file=rules,
                images=images or [],
                out=out,
                today=today.date() if today else None,
                no_run=no_run,
                commits=commits,
                acknowledged_on=acknowledged_on,
                project=project(),
            )
