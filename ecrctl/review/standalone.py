"""``ecrctl review`` for any CDK app: the program of a distribution of its own.

It runs in the folder of the app, and knows neither this project's environments nor its stacks.
"""

from pathlib import Path

import typer

from ecrctl.errors import ExitCode, exit_code_table
from ecrctl.program import run_program

from . import options
from .sides.cdk_app import CdkApp

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Review a change of a CDK app: images, access and workloads.",
)


@app.callback()
def _program() -> None:
    """Keep ``review`` a command: Typer would make a single one the program itself."""


@app.command("review", epilog=exit_code_table(ExitCode.TOOL_ERROR, ExitCode.DIFFERENCE))
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
) -> None:
    """Report the effect of a change of the app in this folder before its deployment."""
    from .cli import run_review  # noqa: PLC0415 - the help does not require it

    run_review(
        base=base,
        head=head,
        output=output,
        fail_on=fail_on,
        acknowledgements=acknowledgements,
        review_file=rules,
        images=images or [],
        out=out,
        today=today.date() if today else None,
        project=CdkApp(Path.cwd()),
    )


def main() -> None:
    """Run a command; every error that a user can cause ends in a sentence and an exit code."""
    run_program(app)


if __name__ == "__main__":
    main()
