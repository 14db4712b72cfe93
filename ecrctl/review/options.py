"""The options of ``ecrctl review``."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .findings import ACKNOWLEDGEMENTS_FILE, DEFAULT_GATE, REVIEW_FILE


class ReviewFormat(StrEnum):
    """The format of a printed review."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


Base = Annotated[
    str,
    typer.Option(
        metavar="REF|DIR|deployed:ENV",
        help="The base, as deployed now: a git reference, a cloud assembly, or CloudFormation's.",
    ),
]
Head = Annotated[
    str | None,
    typer.Option(
        metavar="REF|DIR", help="The head, which replaces the base (default: the working tree)."
    ),
]
Format = Annotated[ReviewFormat, typer.Option("--format", help="Format of the output.")]
FailOn = Annotated[
    str | None,
    typer.Option(
        metavar="CATEGORIES",
        help="Categories that block a change in every environment, separated by commas, or none "
        f"(default: the gates in {REVIEW_FILE}, or {','.join(DEFAULT_GATE)}, and not-judged where "
        "stacks are protected).",
    ),
]
Acknowledgements = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help=f"File to use instead of the base side's {ACKNOWLEDGEMENTS_FILE}."
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=f"File to use instead of the base side's {REVIEW_FILE}."),
]
Images = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[REPOSITORY=]FILE",
        help="Images for lifecycle previews (default: generated samples).",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder for review.txt, review.md, review.json, comment.md and summary.md.",
    ),
]
Today = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Date for which acknowledgements are checked (default: today).",
    ),
]
Commits = Annotated[
    str | None,
    typer.Option(
        metavar="BASE..HEAD",
        help="The commits of two assemblies, to find changes of the gate's own files.",
    ),
]
AcknowledgedOn = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help=f"Accept what commits that change only {ACKNOWLEDGEMENTS_FILE} added to REF.",
    ),
]
NoRun = Annotated[
    bool,
    typer.Option("--no-run", help="Run no code: accept cloud assemblies, and no references."),
]
