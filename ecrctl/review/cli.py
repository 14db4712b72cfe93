"""The output of ``ecrctl review``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import typer

from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.console import VisibleConsole, new_console
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.image_files import images_from_file
from ecrctl.output.messages import notify

from . import command
from .options import ReviewFormat
from .output.comment import LONGEST_SUMMARY, as_comment
from .output.json import as_json
from .output.markdown import as_markdown
from .output.text import print_review
from .sides.projects import Project
from .verdict import Review

WIDTH = 160


def run_review(
    *,
    base: str,
    head: str | None,
    output: ReviewFormat,
    fail_on: str | None,
    acknowledgements: Path | None,
    review_file: Path | None,
    images: Sequence[str],
    out: Path | None,
    today: date | None,
    project: Project,
    no_run: bool = False,
    commits: str | None = None,
    acknowledged_on: str | None = None,
) -> None:
    """Review a change, print the review, and exit with 3 if a finding blocks the change."""
    request = command.Request(
        base=base,
        head=head,
        project=project,
        gate=None if fail_on is None else command.gate_of(fail_on),
        acknowledgements=acknowledgements,
        review_file=review_file,
        acknowledged_on=acknowledged_on,
        images=_images(images),
        today=today or datetime.now(UTC).date(),
        may_run=not no_run,
        changed_files=command.files_between(project.repository, commits) if commits else (),
    )
    reviewed = command.review(request)
    for note in reviewed.base.notes:
        notify(note)
    if out:
        _write(reviewed, out)
    if output is ReviewFormat.JSON:
        print(as_json(reviewed))
    elif output is ReviewFormat.MARKDOWN:
        print(as_comment(reviewed, _where(out)), end="")
    else:
        print_review(reviewed, new_console(width=WIDTH))
    if reviewed.blocking:
        raise typer.Exit(ExitCode.DIFFERENCE)


def _where(out: Path | None) -> str:
    if out is None:
        return "`ecrctl review --out DIR` writes the whole review."
    return "The whole review is `review.md`, which is written beside it."


def _write(reviewed: Review, folder: Path) -> None:
    """Write the review in every format into a folder."""
    texts = {
        "review.md": as_markdown(reviewed),
        "comment.md": as_comment(reviewed, _where(folder)),
        "summary.md": as_comment(reviewed, _where(folder), LONGEST_SUMMARY),
        "review.json": as_json(reviewed) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        with (folder / "review.txt").open("w", encoding="utf-8") as file:
            print_review(reviewed, VisibleConsole(file=file, width=WIDTH, no_color=True))
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}.") from None


def _images(options: Sequence[str]) -> Mapping[str, Sequence[ImageRecord]]:
    """Return the images by repository; a file without a repository is for all others."""
    found: dict[str, Sequence[ImageRecord]] = {}
    for one in options:
        repository, _, file = one.rpartition("=")
        try:
            found[repository] = images_from_file(Path(file))
        except UserError as error:
            # Exit code 2 rather than 1, which means that an environment's file is not valid.
            raise UserError(f"--images: {error}") from None
    return found
