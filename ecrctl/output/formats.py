"""The format of a command's result."""

import json
from typing import Annotated, Any, Literal

import typer

TextOrJson = Literal["text", "json"]
Format = Annotated[TextOrJson, typer.Option("--format", help="The format of the output.")]


def print_json(document: Any) -> None:
    """Print a command's result as JSON."""
    # ASCII alone: no character that a terminal acts on.
    print(json.dumps(document, indent=2))
