"""``ecrctl promote``: everything is looked up and refused before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ecrctl.aws.clients import as_user_errors
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.copying.mounts import KnownBlobs
from ecrctl.images.copying.plan import CopyOptions
from ecrctl.images.scanning.ignores import read_ignores
from ecrctl.output.messages import working
from ecrctl.pins.pinning import Target, check_target
from environments.loading import load_environment

from .backfill import backlog
from .ends import End
from .gate import check_gate
from .names import Names, PromotedImage
from .output import print_end, print_plans, print_promoted
from .planning import Author, PlannedPromotion, Planner, recorded_once
from .running import Promoter


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a promotion.

    :param everything: whether all tagged images are promoted; the names are of repositories.
    :param tags: a pattern of the tags, with ``everything``.
    :param profiles: the AWS profiles of both environments.
    """

    everything: bool = False
    tags: str | None = None
    with_referrers: bool = True
    is_plan: bool = False
    as_json: bool = False
    ignore_file: Path | None = None
    profiles: tuple[str | None, str | None] = (None, None)


def run_promote(
    source: str, target: str, folder: Path, images: Sequence[str], options: Options
) -> None:
    """Promote images, or print what would be done."""
    if source == target:
        raise UserError(f"An image is promoted to another environment, got '{source}' twice.")
    names = Names.of(source, target, folder)
    ignores = read_ignores(options.ignore_file)
    if options.everything:
        pairs, chosen = names.both_declare(images), []
        owner = source
    else:
        pairs, chosen = [], list(dict.fromkeys(map(names.image, images)))
        owner = _owner(chosen)
        _check_pins(chosen, target, folder)
    ends = _ends(names, owner, folder, options)
    there = None
    with working(f"Compare the registries of '{source}' and '{target}'"):
        planner = _planner(*ends, options)
        if options.everything:
            found = backlog(planner, pairs, options.tags)
            planned, there = found.planned, found.there
        else:
            planned = [planner.plan(one) for one in chosen]
        planned = recorded_once(planned)
        check_gate(*ends, planned, ignores, datetime.now(UTC).date())
    if options.is_plan:
        print_plans(planned, *ends, there or 0, as_json=options.as_json)
        return
    _run(planned, ends, there, Promoter(ends[1], folder, CopyOptions(known=planner.known)), options)


def _run(
    planned: Sequence[PlannedPromotion],
    ends: tuple[End, End],
    there: int | None,
    promoter: Promoter,
    options: Options,
) -> None:
    promoted = []
    for one in promoter.run(planned):
        promoted.append(one)
        if not options.as_json:
            print_promoted(one, *ends)
    print_end(promoted, *ends, there, as_json=options.as_json)


def _owner(images: Sequence[PromotedImage]) -> str:
    """Return the environment whose registry has the images."""
    owners = list(dict.fromkeys(one.owner for one in images))
    if len(owners) > 1:
        raise UserError(
            f"The images are in the registries of {' and '.join(owners)}. Promote those of each "
            "registry by a command of their own."
        )
    return owners[0]


def _check_pins(images: Sequence[PromotedImage], target: str, folder: Path) -> None:
    """Raise before anything is sent for a pin that could not be written."""
    for one in images:
        for name in one.pins:
            digest = one.reference if not one.tag else None
            check_target(
                Target(folder, target, name), repository=one.target, tag=one.tag, digest=digest
            )


def _ends(names: Names, owner: str, folder: Path, options: Options) -> tuple[End, End]:
    settings = names.source.settings
    if owner != settings.name:
        settings = load_environment(owner, folder, with_pins=False)
    other = names.target.settings
    if (settings.account, settings.region) == (other.account, other.region):
        raise UserError(
            f"'{settings.name}' and '{other.name}' have the same registry, that of account "
            f"{other.account} in {other.region}. The image is there already: `ecrctl pin "
            f"{other.name} IMAGE --registry "
            f"{settings.name} --repository REPOSITORY --tag TAG` pins it.",
            ExitCode.FAULT,
        )
    profiles = options.profiles
    return End.of(settings, profiles[0]), End.of(other, profiles[1])


def _planner(source: End, target: End, options: Options) -> Planner:
    author = None
    if options.with_referrers:
        with as_user_errors("Looking up who promotes"):
            author = Author(arn=target.aws.caller(), now=datetime.now(UTC))
    return Planner(
        source=source,
        target=target,
        author=author,
        is_live=not options.everything,
        known=KnownBlobs.of_registry(target.registry.host),
    )
