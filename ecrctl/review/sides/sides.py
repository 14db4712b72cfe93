"""The two sides of a review: folders of cloud assemblies, or synthesised git references."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.errors import UserError
from ecrctl.git import (
    ChangedFile,
    changed_files,
    commit_of,
    copy_commit,
    copy_working_tree,
    file_of_commit,
)
from ecrctl.review.diff.assets import asset_digests
from ecrctl.review.findings import ACKNOWLEDGEMENTS_FILE, REVIEW_FILE
from ecrctl.review.team_rules.review_file import (
    NO_RULES,
    ReviewFile,
    review_file_in,
)
from ecrctl.review.team_rules.violations import Violation, read_violations

from .acknowledgements import Acknowledgement, acknowledgements_in
from .deployed import aligned, deployed_environment
from .projects import Project
from .synthesis import App, kept_assembly, synthesise
from .temporary_folders import temporary_folder

WORKING_TREE = "working tree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a review.

    :param label: its name on the command line: a reference, a folder, or the working tree.
    :param acknowledgements: the acknowledgements in this side's own file.
    :param review_file: the team's rules in this side's own file.
    :param violations: the violations of policies that the side's app reports.
    :param is_app: whether this side was synthesised here.
    :param commit: the commit of a reference; ``None`` for the working tree and for an assembly.
    :param changed_files: the files that differ from the base, where both sides are in git.
    :param notes: sentences about what this side cannot be compared with.
    """

    label: str
    stacks: Sequence[Stack]
    acknowledgements: Sequence[Acknowledgement] = ()
    review_file: ReviewFile = NO_RULES
    violations: Sequence[Violation] = ()
    is_app: bool = False
    commit: str | None = None
    changed_files: Sequence[ChangedFile] = ()
    notes: Sequence[str] = ()

    @property
    def has_team_violations(self) -> bool:
        """Return whether the app reports violations of a team's own rules."""
        return any(not one.is_built_in for one in self.violations)

    @property
    def digest(self) -> str:
        """Return a digest of everything that is deployed; identical synths have the same."""
        deployed = [
            [one.id, one.settings, one.as_written, asset_digests(one)] for one in self.stacks
        ]
        return f"sha256:{sha256(json.dumps(deployed, sort_keys=True).encode()).hexdigest()}"


@contextmanager
def both_sides(
    base: str,
    head: str | None,
    project: Project,
    *,
    may_run: bool = True,
    meanwhile: Callable[[], object] = lambda: None,
) -> Iterator[tuple[Side, Side]]:
    """Yield both sides; their temporary files exist until the context ends.

    :param base: a git reference, or the folder of a cloud assembly.
    :param head: one of the same; by default the working tree, without files that git ignores.
    :param project: the project whose references are synthesised.
    :param may_run: whether code may run to synthesise a side. Otherwise, a reference is refused.
    :param meanwhile: is called while the sides are synthesised.
    """
    with ExitStack() as stack:
        # Both are read at the same time, and so are both synths: each mostly waits for a process.
        with ThreadPoolExecutor() as pool:
            reading = [
                pool.submit(_source, option, name, project, stack, may_run=may_run)
                for option, name in (("--base", base), ("--head", head))
            ]
            # Everything that git knows is read before any code of either side runs.
            sides = [one.result() for one in reading]
            changed = _changed_files(sides[0], sides[1], project.repository)
            running = [pool.submit(_side, one, project) for one in sides]
            meanwhile()
            base_side, head_side = (one.result() for one in running)
        if head_side.has_team_violations and sides[0].is_app:
            # Only a base that was validated as well shows which violations are new.
            base_side = _side(_prepared(replace(sides[0], is_validated=True), project), project)
        environment = None if sides[0].is_app else deployed_environment(sides[0].folder)
        if environment is not None:
            base_side, head_side = _aligned(environment, base_side, head_side)
        yield base_side, replace(head_side, changed_files=changed)


def _changed_files(base: "_Source", head: "_Source", repository: Path) -> list[ChangedFile]:
    if base.commit is None or not head.is_app:
        return []
    return changed_files(repository, base.commit, head.commit)


def _aligned(environment: str, base: Side, head: Side) -> tuple[Side, Side]:
    found = aligned(environment, base.stacks, head.stacks)
    return (
        replace(base, label=f"deployed:{environment}", stacks=found.base, notes=found.notes),
        replace(head, stacks=found.head),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The source of a side: a folder with an assembly, or one with an app.

    :param option: the option that names it.
    :param commit: the commit of an app; ``None`` for the working tree.
    :param is_validated: whether its templates are checked. The base's are already deployed.
    :param kept: the assembly of an earlier review, which needs no copy of the app.
    """

    option: str
    label: str
    folder: Path
    is_app: bool
    commit: str | None = None
    acknowledgements: Sequence[Acknowledgement] = ()
    review_file: ReviewFile = NO_RULES
    is_validated: bool = False
    kept: Path | None = None

    @property
    def app(self) -> App:
        """Return the app of the source."""
        return App(
            side=self.option.removeprefix("--"),
            folder=self.folder,
            commit=self.commit,
            is_validated=self.is_validated,
        )


def _source(
    option: str, name: str | None, project: Project, stack: ExitStack, *, may_run: bool
) -> _Source:
    folder = Path(name or "")
    if name is not None and (folder / "manifest.json").is_file():
        return _Source(option=option, label=name, folder=folder, is_app=False)
    label = name or WORKING_TREE
    commit = commit_of(project.repository, name) if name is not None else None
    if name is None or commit is not None:
        if not may_run:
            given = f"reference '{name}'" if name else label
            raise UserError(
                f"--no-run: {option} must be the folder of a cloud assembly, got the {given}, "
                "whose code would run. Synthesise it where that is safe, and name the folder."
            )
        return _prepared(_app(option, label, commit, project.repository, stack), project)
    if folder.is_dir():
        # The reader of assemblies reports what is missing.
        return _Source(option=option, label=name, folder=folder, is_app=False)
    raise UserError(
        f"'{name}' must be a git reference or a folder, and is neither. Name a reference such as "
        "'origin/main' (fetch it first), or the folder that `cdk synth --output DIR` writes."
    )


def _app(
    option: str, label: str, commit: str | None, repository: Path, stack: ExitStack
) -> _Source:
    """Return an app whose files will be in a temporary folder of their own."""
    # Not beside the other side: the code of one must not find the other.
    temporary = stack.enter_context(temporary_folder(repository, commit))
    source = _Source(
        option=option,
        label=label,
        folder=temporary / "app",
        is_app=True,
        commit=commit,
        is_validated=option == "--head",
    )
    if commit is None:
        return source
    acknowledgements = file_of_commit(repository, commit, ACKNOWLEDGEMENTS_FILE)
    rules = file_of_commit(repository, commit, REVIEW_FILE)
    return replace(
        source,
        acknowledgements=acknowledgements_in(acknowledgements or "", label),
        review_file=review_file_in(rules or "", label),
    )


def _prepared(source: _Source, project: Project) -> _Source:
    """Return an app with its assembly of an earlier review, or else copy its files."""
    kept = kept_assembly(source.app, project)
    if kept is None and not source.folder.exists():
        if source.commit is None:
            copy_working_tree(project.repository, source.folder)
        else:
            copy_commit(project.repository, source.commit, source.folder)
    return replace(source, kept=kept)


def _side(source: _Source, project: Project) -> Side:
    if not source.is_app:
        return _assembled(source, source.folder)
    try:
        assembly = source.kept or synthesise(source.app, project)
    except UserError as error:
        raise UserError(f"'{source.label}' cannot be synthesised: {error}") from None
    return _assembled(source, assembly)


def _assembled(source: _Source, assembly: Path) -> Side:
    return Side(
        label=source.label,
        stacks=stacks_of(assembly),
        acknowledgements=source.acknowledgements,
        review_file=source.review_file,
        violations=read_violations(assembly),
        commit=source.commit,
        is_app=source.is_app,
    )
