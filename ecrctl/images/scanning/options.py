"""The options of ``ecrctl scan``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

TIME_LIMIT_MINUTES = 10.0

Image = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE",
        help="A pin's name, or REPOSITORY[:TAG|@DIGEST] (default: the newest image).",
    ),
]
FailOn = Annotated[
    Literal["critical", "high", "medium", "low"],
    typer.Option("--fail-on", help="The least severity that fails."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Start a missing scan, and wait for the end.")]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", metavar="MINUTES", min=0, help="The limit of --wait.")
]
IgnoreFile = Annotated[
    Path | None,
    typer.Option(
        "--ignore",
        metavar="FILE",
        dir_okay=False,
        help="Accepted vulnerabilities (default: scan-ignore.yaml, if it exists).",
    ),
]
Unscannable = Annotated[
    Literal["fail", "allow"] | None,
    typer.Option(
        "--unscannable", help="The result without a complete scan (default: exit code 2)."
    ),
]
Format = Annotated[
    Literal["text", "json", "sarif"], typer.Option("--format", help="The format of the output.")
]
