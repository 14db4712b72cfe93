"""The format of a command's result."""

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

TextOrJson = Literal["text", "json"]
Format = Annotated[TextOrJson, typer.Option("--format", help="The format of the output.")]


def print_json(document: "BaseModel") -> None:
    """Print a command's result as JSON."""
    # ASCII alone: no character that a terminal acts on.
    print(json.dumps(document.model_dump(mode="json"), indent=2))
