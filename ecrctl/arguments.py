"""Arguments that several commands take, and what a shell completes them with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

_FOLDER = "environments"


def complete_environment(context: typer.Context, incomplete: str) -> Iterator[str]:
    """Yield the environments whose names begin with a text, and that are not given yet."""
    # Imported here, because only the completion of a shell needs the files.
    from environments import DIRECTORY  # noqa: PLC0415
    from environments.loading import environment_names  # noqa: PLC0415

    folder = context.find_root().params.get(_FOLDER) or DIRECTORY
    given = [value for value in context.params.values() if value]
    given += [name for names in given if isinstance(names, list | tuple) for name in names]
    for name in environment_names(Path(folder)):
        if name.startswith(incomplete) and name not in given:
            yield name


Environment = Annotated[
    str,
    typer.Argument(
        metavar="ENV", help="The environment's name.", autocompletion=complete_environment
    ),
]
