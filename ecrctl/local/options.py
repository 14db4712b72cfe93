"""The options of ``ecrctl local``."""

from pathlib import Path
from typing import Annotated

import typer

from ecrctl.arguments import complete_environment
from ecrctl.cdk.toolchain import ROOT

OUTPUT = ROOT / ".ecrctl" / "local"
TIME_LIMIT_MINUTES = 15

Environment = Annotated[
    str,
    typer.Option(
        "--environment",
        metavar="ENV",
        help="The environment to deploy.",
        autocompletion=complete_environment,
    ),
]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the embedded AWS.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the embedded AWS running.")]
Output = Annotated[
    Path, typer.Option(metavar="DIR", help="The folder for logs and cloud assemblies.")
]
Svg = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Save the output as an SVG picture.")
]
TimeLimit = Annotated[
    int, typer.Option(min=1, metavar="MINUTES", help="The time after which the run is ended.")
]
