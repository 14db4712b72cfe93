"""``ecrctl review`` for any CDK app: the program of a distribution of its own.

It runs in the folder of the app, and knows neither this project's environments nor its stacks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from ecrctl.errors import UserError
from ecrctl.output.help import HELP
from ecrctl.output.messages import CommandGroup
from ecrctl.program import run_program

from .program import add_review_command
from .sides.cdk_app import CdkApp

app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=HELP,
    help="Review a change of a CDK app: images, access and workloads.",
)


@app.callback()
def _program() -> None:
    """Keep ``review`` a command: Typer would make a single one the program itself."""


@contextmanager
def _base_of_any_app(base: str) -> Iterator[str]:
    if base.startswith("deployed:"):
        raise UserError(
            f"--base: {base} must be a git reference or the folder of a cloud assembly. Only "
            "`ecrctl` in the project of its environments compares with what is deployed."
        )
    yield base


add_review_command(app, lambda: CdkApp(Path.cwd()), _base_of_any_app)


def main() -> None:
    """Run a command; every error that a user can cause ends in a sentence and an exit code."""
    run_program(app)


if __name__ == "__main__":
    main()
