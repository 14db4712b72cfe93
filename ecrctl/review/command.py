"""``ecrctl review``: from two sides to a verdict."""

import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from pathlib import Path

from checked_files.fault_text import name_hint
from constructs_lib.rules.lifecycle.preview import ImageRecord
from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError
from ecrctl.git import ChangedFile, changed_files, commit_of
from ecrctl.output.messages import working

from .diff.comparison import Comparison
from .diff.resources import properties
from .diff.template_diff import Library, compare, running_library
from .findings import CATEGORIES, REPOSITORY_ITSELF, Category
from .sides.acknowledgements import Acknowledgement, read_acknowledgements
from .sides.added_acknowledgements import added_acknowledgements
from .sides.projects import Project
from .sides.sides import Side, both_sides
from .team_rules.gates import environment_gates, gates_of, strictest
from .team_rules.review_file import ReviewFile, read_review_file
from .type_names import REPOSITORY
from .verdict import Review, judge

# What compares the sides; Python loads it while their apps are synthesised.
_LOADED_LATER = ("diff.template_diff", "rules.table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The change to review, and the categories that block it.

    :param gate: the categories that block the change in every environment; by default those of the
        team's file, or else the usual ones.
    :param project: the project whose references are reviewed.
    :param acknowledgements: a file to use instead of the base side's own.
    :param review_file: a file to use instead of the base side's own.
    :param acknowledged_on: a reference; the acknowledgements that commits of their own added to it
        are used.
    :param images: images by repository, instead of samples.
    :param today: the day on which acknowledgements must be valid.
    :param may_run: whether the code of a reference may run.
    :param changed_files: the files that differ between the commits of two assemblies.
    """

    base: str
    head: str | None
    project: Project
    gate: Sequence[Category] | None
    acknowledgements: Path | None
    review_file: Path | None = None
    images: Mapping[str, Sequence[ImageRecord]]
    today: date
    may_run: bool = True
    changed_files: Sequence[ChangedFile] = ()
    acknowledged_on: str | None = None


def review(request: Request) -> Review:
    """Review a change.

    :raises UserError: also for a template of a form that no rule expects, which could otherwise
        hide its other findings behind an error of the program.
    """
    try:
        return _review(request)
    except (UserError, OSError):
        raise
    except Exception as error:
        # Anything can be in a template, and no reviewer of a pull request can read a traceback.
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise UserError(
            f"the change cannot be reviewed, because a value in a template has an unexpected form "
            f"({type(error).__name__} in {Path(place.filename).name}, line {place.lineno}). Check "
            "the templates; if CloudFormation accepts them, report this as a fault of ecrctl."
        ) from error


def _review(request: Request) -> Review:
    # Read before any code of either side runs, because that could write the files.
    named, named_rules = _chosen_acknowledgements(request), _named_rules(request)
    with ExitStack() as stack:
        started: list[Library] = []

        def prepare() -> None:
            # In this order, because the synths need the processors at first.
            _load_rules()
            started.append(stack.enter_context(running_library()))

        base, head = stack.enter_context(
            both_sides(
                request.base,
                request.head,
                request.project,
                may_run=request.may_run,
                meanwhile=prepare,
            )
        )
        stack.enter_context(working("Compare both sides"))
        _check_images(request.images, [*base.stacks, *head.stacks])
        compared = compare(base.stacks, head.stacks, image_sets=request.images, library=started[0])
        return _judged(
            request,
            replace(
                base,
                acknowledgements=base.acknowledgements if named is None else named,
                review_file=base.review_file if named_rules is None else named_rules,
            ),
            head,
            compared,
        )


def _judged(request: Request, base: Side, head: Side, compared: Comparison) -> Review:
    """Return a review by the acknowledgements and the rules of the base side."""
    rules = base.review_file
    comparison = replace(
        compared,
        changed_files=request.changed_files or head.changed_files,
        forbidden_access=rules.forbidden_access,
        violations=(base.violations, head.violations),
    )
    chosen = gates_of(rules, request.gate)
    gates = environment_gates(chosen, base.stacks, head.stacks)
    gates[REPOSITORY_ITSELF] = strictest([chosen.default, *gates.values()])
    from .rules.table import findings_of  # noqa: PLC0415 - loaded while the sides were made

    findings = findings_of(comparison)
    return Review(
        base=base,
        head=head,
        comparison=comparison,
        gates=gates,
        verdict=judge(findings, base.acknowledgements, gates, request.today),
    )


def _load_rules() -> None:
    import_module(".rules.table", __package__)


def _check_images(images: Mapping[str, object], stacks: Sequence[Stack]) -> None:
    """Raise on images of an unknown repository, which would silently be replaced by samples."""
    names = {
        str(properties(resource).get("RepositoryName"))
        for stack in stacks
        for _, resource in stack.resources(REPOSITORY)
    }
    for name in images:
        if name and name not in names:
            hint = name_hint(name, sorted(names))
            raise UserError(f"--images: neither side has a repository '{name}'{hint}")


def files_between(repository: Path, commits: str) -> list[ChangedFile]:
    """Return the files that differ between two commits, written as ``BASE..HEAD``."""
    names = commits.split("..")
    if len(names) != len(("base", "head")) or not all(names):
        raise UserError(f"--commits must be two commits, such as main..HEAD, got '{commits}'.")
    before, after = (_commit(repository, "--commits", name) for name in names)
    return changed_files(repository, before, after)


def _commit(repository: Path, option: str, name: str) -> str:
    commit = commit_of(repository, name)
    if commit is None:
        raise UserError(f"{option}: there is no commit '{name}' here. Fetch it first.")
    return commit


def _chosen_acknowledgements(request: Request) -> Sequence[Acknowledgement] | None:
    """Return the acknowledgements that an option names; ``None`` for the base side's own."""
    if request.acknowledged_on is not None:
        if request.acknowledgements is not None:
            raise UserError("--acknowledgements and --acknowledged-on exclude each other. Use one.")
        name = request.acknowledged_on
        repository = request.project.repository
        commit = _commit(repository, "--acknowledged-on", name)
        return added_acknowledgements(repository, commit, name)
    file = request.acknowledgements
    return None if file is None else read_acknowledgements(_named("--acknowledgements", file), None)


def _named_rules(request: Request) -> ReviewFile | None:
    """Return the rules that an option names; ``None`` for the base side's own."""
    file = request.review_file
    return None if file is None else read_review_file(_named("--rules", file), None)


def _named(option: str, file: Path) -> Path:
    if not file.is_file():
        raise UserError(
            f"{option}: there is no file {file}. Name another one, or remove the option."
        )
    return file


def gate_of(text: str) -> list[Category]:
    """Return the categories that block a change: a list with commas, or ``none``."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["none"]:
        return []
    if not names or "none" in names:
        raise UserError(
            "--fail-on must be categories with commas between them, or none by itself, "
            f"got '{text}'."
        )
    unknown = [name for name in names if name not in CATEGORIES]
    if unknown:
        known = name_hint(unknown[0], CATEGORIES)
        raise UserError(f"--fail-on: there is no category '{unknown[0]}'{known}")
    return [category for category in CATEGORIES if category in names]
