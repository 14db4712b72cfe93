"""``ecrctl review``: from two sides to a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from checked_files.fault_text import one_of
from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError

from .diff.comparison import properties
from .diff.template_diff import compare
from .findings import CATEGORIES, Category
from .resource_types import REPOSITORY
from .rules.table import findings_of
from .sides.acknowledgements import Acknowledgement, read_acknowledgements
from .sides.sides import both_sides
from .verdict import Review, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Define what is to be reviewed, and what stops it.

    :param environments: the environments' folder, relative to the repository.
    :param acknowledgements: a file instead of the base side's own.
    :param images: images by repository, instead of assumed ones.
    :param today: the day on which acknowledgements must hold.
    """

    base: str
    head: str | None
    environments: str
    gate: Sequence[Category]
    acknowledgements: Path | None
    images: Mapping[str, Sequence[ImageRecord]]
    today: date


def review(request: Request) -> Review:
    """Review a change."""
    with both_sides(request.base, request.head, request.environments) as (base, head):
        _check_images(request.images, [*base.stacks, *head.stacks])
        comparison = compare(base.stacks, head.stacks, image_sets=request.images)
        answers = base.acknowledgements
        if request.acknowledgements:
            answers = _given(request.acknowledgements)
        judged, unused = judge(findings_of(comparison), answers, request.gate, request.today)
        return Review(
            base=base,
            head=head,
            comparison=comparison,
            gate=request.gate,
            judged=judged,
            unused=unused,
        )


def _check_images(images: Mapping[str, object], stacks: Sequence[Stack]) -> None:
    """Refuse images of a repository that neither side has: assumed ones would be taken instead."""
    names = sorted(
        {
            str(properties(resource).get("RepositoryName"))
            for stack in stacks
            for _, resource in stack.resources(REPOSITORY)
        }
    )
    for name in images:
        if name and name not in names:
            raise UserError(
                f"--images: neither side has a repository '{name}'; {one_of(name, names)}"
            )


def _given(file: Path) -> Sequence[Acknowledgement]:
    if not file.is_file():
        raise UserError(
            f"--acknowledgements: there is no file {file}. Give one, or leave the option out."
        )
    return read_acknowledgements(file, None)


def gate_of(text: str) -> list[Category]:
    """Read the categories that stop a change: a list with commas, or ``none``."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["none"]:
        return []
    if not names or "none" in names:
        raise UserError(
            f"--fail-on takes categories with commas between them, or none by itself, got '{text}'."
        )
    unknown = [name for name in names if name not in CATEGORIES]
    if unknown:
        known = one_of(unknown[0], CATEGORIES)
        raise UserError(f"--fail-on: there is no category '{unknown[0]}'; {known}")
    return [category for category in CATEGORIES if category in names]
