"""The two sides of a review: folders of cloud assemblies, or synthesised git references."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.cdk.commit_toolchain import tools_for
from ecrctl.errors import UserError
from ecrctl.review.diff.assets import asset_digests
from ecrctl.review.findings import ACKNOWLEDGEMENTS_FILE, REVIEW_FILE
from ecrctl.review.team_rules.review_file import (
    NO_RULES,
    ReviewFile,
    read_review_file,
)
from ecrctl.review.team_rules.violations import Violation, read_violations

from .acknowledgements import Acknowledgement, read_acknowledgements
from .git import commit_of, copy_working_tree, worktree

WORKING_TREE = "working tree"
LOGS = toolchain.ROOT / ".ecrctl" / "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a review.

    :param label: its name on the command line: a reference, a folder, or the working tree.
    :param acknowledgements: the acknowledgements in this side's own file.
    :param review_file: the team's rules in this side's own file.
    :param violations: the violations of policies that the side's app reports.
    """

    label: str
    stacks: Sequence[Stack]
    acknowledgements: Sequence[Acknowledgement] = ()
    review_file: ReviewFile = NO_RULES
    violations: Sequence[Violation] = ()

    @property
    def digest(self) -> str:
        """Return a digest of everything that is deployed; identical synths have the same."""
        deployed = [
            [one.id, one.settings, one.as_written, asset_digests(one)] for one in self.stacks
        ]
        return f"sha256:{sha256(json.dumps(deployed, sort_keys=True).encode()).hexdigest()}"


@contextmanager
def both_sides(base: str, head: str | None, environments: str) -> Iterator[tuple[Side, Side]]:
    """Yield both sides; their temporary files exist until the context ends.

    :param base: a git reference, or the folder of a cloud assembly.
    :param head: one of the same; by default the working tree, without files that git ignores.
    :param environments: the environments' folder, relative to the repository.
    """
    with ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ecrctl-review-")))
        sides = [
            (base, _source(base, temporary / "base", stack)),
            (head or WORKING_TREE, _source(head, temporary / "head", stack)),
        ]
        # Both synths run at the same time, because each is mostly waiting for a process.
        with ThreadPoolExecutor() as pool:
            running = [pool.submit(_side, *side, environments) for side in sides]
            base_side, head_side = (one.result() for one in running)
        yield base_side, head_side


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of a side: a folder with an assembly, or one with an app."""

    folder: Path
    is_app: bool


def _source(name: str | None, temporary: Path, stack: ExitStack) -> _Source:
    repository = toolchain.ROOT
    if name is None:
        temporary.mkdir()
        return _Source(copy_working_tree(repository, temporary), is_app=True)
    folder = Path(name)
    if (folder / "manifest.json").is_file():
        return _Source(folder, is_app=False)
    commit = commit_of(repository, name)
    if commit is not None:
        checkout = worktree(repository, commit, temporary)
        return _Source(stack.enter_context(checkout), is_app=True)
    if folder.is_dir():
        return _Source(folder, is_app=False)  # the reader of assemblies reports what is missing
    raise UserError(
        f"'{name}' must be a git reference or a folder, and is neither. Name a reference such as "
        "'origin/main' (fetch it first), or the folder that `cdk synth --output DIR` writes."
    )


def _side(label: str, source: _Source, environments: str) -> Side:
    if not source.is_app:
        return Side(
            label=label,
            stacks=stacks_of(source.folder),
            violations=read_violations(source.folder),
        )
    try:
        assembly = _synthesise(source, environments)
    except UserError as error:
        raise UserError(f"'{label}' cannot be synthesised: {error}") from None
    return Side(
        label=label,
        stacks=stacks_of(assembly),
        acknowledgements=read_acknowledgements(source.folder / ACKNOWLEDGEMENTS_FILE, label),
        review_file=read_review_file(source.folder / REVIEW_FILE, label),
        violations=read_violations(assembly),
    )


def _synthesise(source: _Source, environments: str) -> Path:
    toolchain.check_cdk()
    tools = tools_for(source.folder)
    assembly = source.folder / "cdk.out"
    # The log is outside of the temporary folder, to explain a failed synth afterwards.
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{source.folder.name}.log"
    log.unlink(missing_ok=True)
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
    return assembly
