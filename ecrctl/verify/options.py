"""The options of ``ecrctl verify``."""

from typing import Annotated

import typer

Images = Annotated[
    bool, typer.Option("--images", help="Check only that every pinned image is in its registry.")
]
Unmanaged = Annotated[
    bool, typer.Option("--unmanaged", help="Only list the repositories that no stack manages.")
]
Drift = Annotated[
    bool, typer.Option("--drift", help="Add the differences that CloudFormation detects itself.")
]
OnlyDifferences = Annotated[
    bool,
    typer.Option("--only-differences", help="Leave out the properties that are as declared."),
]
