"""The options of ``ecrctl review``, and what it prints and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.cdk.toolchain import ROOT
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.image_files import images_from_file

from . import command
from .findings import DEFAULT_GATE
from .output.json import as_json
from .output.markdown import as_comment, as_markdown
from .output.text import print_review
from .sides.acknowledgements import FILE_NAME
from .verdict import Review

WIDTH = 160
STOPPING = ",".join(DEFAULT_GATE)


class ReviewFormat(StrEnum):
    """Define how a review is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


Base = Annotated[
    str,
    typer.Option(metavar="REF|DIR", help="What is deployed now: a git reference, or an assembly."),
]
Head = Annotated[
    str | None,
    typer.Option(metavar="REF|DIR", help="What it becomes; by default the working tree."),
]
Format = Annotated[ReviewFormat, typer.Option("--format", help="How it is printed.")]
FailOn = Annotated[
    str, typer.Option(metavar="CATEGORIES", help="What stops a change (exit 3), or none.")
]
Acknowledgements = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=f"Instead of the base's own {FILE_NAME}."),
]
Images = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[REPOSITORY=]FILE", help="Images for lifecycle previews; else assumed ones."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Also write review.txt, .md, .json and comment.md there."),
]
Today = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day on which acknowledgements must hold."),
]


def run_review(
    *,
    base: str,
    head: str | None,
    output: ReviewFormat,
    fail_on: str,
    acknowledgements: Path | None,
    images: Sequence[str],
    out: Path | None,
    today: date | None,
    environments: Path,
) -> None:
    """Review a change, print it, and exit with 3 where something stops it."""
    request = command.Request(
        base=base,
        head=head,
        environments=_relative(environments),
        gate=command.gate_of(fail_on),
        acknowledgements=acknowledgements,
        images=_images(images),
        today=today or datetime.now(UTC).date(),
    )
    found = command.review(request)
    if out:
        _write(found, out)
    if output is ReviewFormat.JSON:
        print(as_json(found))
    elif output is ReviewFormat.MARKDOWN:
        print(as_comment(found, _where(out)), end="")
    else:
        print_review(found, _console())
    if found.stopping:
        raise typer.Exit(ExitCode.DIFFERENCE)


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    return console


def _where(out: Path | None) -> str:
    if out is None:
        return "`ecrctl review --out DIR` writes the whole of it."
    return "The whole of it is `review.md`, which is written beside it."


def _write(found: Review, folder: Path) -> None:
    """Write every form there is into a folder."""
    texts = {
        "review.md": as_markdown(found),
        "comment.md": as_comment(found, _where(folder)),
        "review.json": as_json(found) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        with (folder / "review.txt").open("w", encoding="utf-8") as file:
            print_review(found, Console(file=file, width=WIDTH, no_color=True))
    except OSError as error:
        raise UserError(f"{folder} cannot be written to: {error.strerror}.") from None


def _images(given: Sequence[str]) -> Mapping[str, Sequence[ImageRecord]]:
    """Read images by repository; those of a file without one are for all others."""
    found: dict[str, Sequence[ImageRecord]] = {}
    for one in given:
        repository, _, file = one.rpartition("=")
        try:
            found[repository] = images_from_file(Path(file))
        except UserError as error:
            # Here it is a tool error: 1 would say that an environment's file does not hold.
            raise UserError(f"--images: {error}") from None
    return found


def _relative(environments: Path) -> str:
    """Give the environments' folder as both sides have it."""
    try:
        return str(environments.resolve().relative_to(ROOT))
    except ValueError:
        raise UserError(
            f"--environments: {environments} is outside of the repository, where no commit has "
            "it. Give a folder of the repository, or two cloud assemblies."
        ) from None
