"""The two sides of a review: folders of cloud assemblies, or synthesised git references."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.cdk.commit_toolchain import tools_for
from ecrctl.errors import UserError
from ecrctl.file_writing.atomic import replace_text
from ecrctl.files import file_errors
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
from .git import (
    ChangedFile,
    changed_files,
    commit_of,
    copy_commit,
    copy_working_tree,
    file_of_commit,
)

WORKING_TREE = "working tree"
LOGS = toolchain.ROOT / ".ecrctl" / "review"


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
    def digest(self) -> str:
        """Return a digest of everything that is deployed; identical synths have the same."""
        deployed = [
            [one.id, one.settings, one.as_written, asset_digests(one)] for one in self.stacks
        ]
        return f"sha256:{sha256(json.dumps(deployed, sort_keys=True).encode()).hexdigest()}"


@contextmanager
def both_sides(
    base: str, head: str | None, environments: str, *, may_run: bool = True
) -> Iterator[tuple[Side, Side]]:
    """Yield both sides; their temporary files exist until the context ends.

    :param base: a git reference, or the folder of a cloud assembly.
    :param head: one of the same; by default the working tree, without files that git ignores.
    :param environments: the environments' folder, relative to the repository.
    :param may_run: whether code may run to synthesise a side. Otherwise, a reference is refused.
    """
    with ExitStack() as stack:
        # Everything that git knows is read before any code of either side runs.
        sides = [
            _source("--base", base, stack, may_run=may_run),
            _source("--head", head, stack, may_run=may_run),
        ]
        changed = _changed_files(*sides)
        # Both synths run at the same time, because each is mostly waiting for a process.
        with ThreadPoolExecutor() as pool:
            running = [pool.submit(_side, one, environments) for one in sides]
            base_side, head_side = (one.result() for one in running)
        environment = None if sides[0].is_app else deployed_environment(sides[0].folder)
        if environment is not None:
            base_side, head_side = _aligned(environment, base_side, head_side)
        yield base_side, replace(head_side, changed_files=changed)


def _changed_files(base: "_Source", head: "_Source") -> list[ChangedFile]:
    if base.commit is None or not head.is_app:
        return []
    return changed_files(toolchain.ROOT, base.commit, head.commit)


def _aligned(environment: str, base: Side, head: Side) -> tuple[Side, Side]:
    found = aligned(environment, base.stacks, head.stacks)
    return (
        replace(base, label=f"deployed:{environment}", stacks=found.base, notes=found.notes),
        replace(head, stacks=found.head),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The source of a side: a folder with an assembly, or one with an app.

    :param option: the option that names it, without the dashes.
    :param commit: the commit of an app; ``None`` for the working tree.
    """

    option: str
    label: str
    folder: Path
    is_app: bool
    commit: str | None = None
    acknowledgements: Sequence[Acknowledgement] = ()
    review_file: ReviewFile = NO_RULES


def _source(option: str, name: str | None, stack: ExitStack, *, may_run: bool) -> _Source:
    repository = toolchain.ROOT
    folder = Path(name or "")
    if name is not None and (folder / "manifest.json").is_file():
        return _Source(option=option, label=name, folder=folder, is_app=False)
    label = name or WORKING_TREE
    commit = commit_of(repository, name) if name is not None else None
    if name is None or commit is not None:
        if not may_run:
            given = f"reference '{name}'" if name else label
            raise UserError(
                f"--no-run: {option} must be the folder of a cloud assembly, got the {given}, "
                "whose code would run. Synthesise it where that is safe, and name the folder."
            )
        return _app(option, label, commit, stack)
    if folder.is_dir():
        # The reader of assemblies reports what is missing.
        return _Source(option=option, label=name, folder=folder, is_app=False)
    raise UserError(
        f"'{name}' must be a git reference or a folder, and is neither. Name a reference such as "
        "'origin/main' (fetch it first), or the folder that `cdk synth --output DIR` writes."
    )


def _app(option: str, label: str, commit: str | None, stack: ExitStack) -> _Source:
    """Return a commit, or the working tree, in a temporary folder that only this user can read."""
    repository = toolchain.ROOT
    # Not beside the other side: the code of one must not find the other.
    temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ecrctl-")))
    folder = temporary / "app"
    if commit is None:
        folder.mkdir()
        copy_working_tree(repository, folder)
        return _Source(option=option, label=label, folder=folder, is_app=True)
    copy_commit(repository, commit, folder)
    acknowledgements = file_of_commit(repository, commit, ACKNOWLEDGEMENTS_FILE)
    rules = file_of_commit(repository, commit, REVIEW_FILE)
    return _Source(
        option=option,
        label=label,
        folder=folder,
        is_app=True,
        commit=commit,
        acknowledgements=acknowledgements_in(acknowledgements or "", label),
        review_file=review_file_in(rules or "", label),
    )


def _side(source: _Source, environments: str) -> Side:
    if not source.is_app:
        return Side(
            label=source.label,
            stacks=stacks_of(source.folder),
            violations=read_violations(source.folder),
        )
    try:
        assembly = _synthesise(source, environments)
    except UserError as error:
        raise UserError(f"'{source.label}' cannot be synthesised: {error}") from None
    return Side(
        label=source.label,
        stacks=stacks_of(assembly),
        acknowledgements=source.acknowledgements,
        review_file=source.review_file,
        violations=read_violations(assembly),
        commit=source.commit,
        is_app=True,
    )


def _synthesise(source: _Source, environments: str) -> Path:
    toolchain.check_cdk()
    tools = tools_for(source.folder)
    assembly = source.folder / "cdk.out"
    log = source.folder.parent / "cdk.log"
    try:
        toolchain.run_cdk(
            [
                *("synth", "--quiet", "--app", tools.app_command()),
                *("--output", str(assembly)),
                *("--context", f"environments={source.folder / environments}"),
            ],
            environment={},
            log=log,
            cwd=source.folder,
            tools=tools,
            offline=True,
        )
    except UserError as error:
        kept = _kept_log(log, source.option.removeprefix("--"))
        raise UserError(str(error).replace(str(log), str(kept))) from None
    return assembly


def _kept_log(log: Path, side: str) -> Path:
    """Return the log of a failed synth, moved out of the temporary folder to explain it."""
    kept = LOGS / f"{side}.log"
    with file_errors(f"{kept} cannot be written"):
        LOGS.mkdir(parents=True, exist_ok=True)
        replace_text(kept, log.read_text(encoding="utf-8", errors="replace"))
    return kept
