"""``ecrctl review`` for any CDK app: the program of a distribution of its own.

It runs in the folder of the app, and knows neither this project's environments nor its stacks.
"""

from pathlib import Path

import typer

from ecrctl.program import run_program

from .program import add_review_command
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


add_review_command(app, lambda: CdkApp(Path.cwd()))


def main() -> None:
    """Run a command; every error that a user can cause ends in a sentence and an exit code."""
    run_program(app)


if __name__ == "__main__":
    main()
