"""The options of ``ecrctl report``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

OutputFormat = Literal["table", "json", "html"]
Repositories = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="REPOSITORY",
        show_default=False,
        help="The repositories, whose images are listed as well (default: all repositories).",
    ),
]
Format = Annotated[OutputFormat, typer.Option("--format", help="The format of the output.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", dir_okay=False, help="Write the report to FILE."),
]
