"""The synth of one side of a review, which is kept for the next review of the same commit."""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ecrctl.cdk import toolchain
from ecrctl.errors import UserError
from ecrctl.file_writing.atomic import replace_text
from ecrctl.files import file_errors
from ecrctl.git import tree_of
from ecrctl.output.messages import working
from ecrctl.review.team_rules.violations import REPORTS

from .projects import Project

# The assemblies of so many commits are kept; the one that was used last is the last to go.
MOST_KEPT = 8
_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app in a temporary folder.

    :param side: ``base`` or ``head``.
    :param commit: its commit; ``None`` for the working tree.
    :param is_validated: whether the CDK CLI checks the templates, which takes a third of the time.
    """

    side: str
    folder: Path
    commit: str | None
    is_validated: bool


def kept_assembly(app: App, project: Project) -> Path | None:
    """Return the assembly of a commit that an earlier review synthesised; ``None`` without one."""
    kept = _kept_folder(app, project)
    if kept is None or not kept.is_dir():
        return None
    kept.touch()
    return kept


def synthesise(app: App, project: Project) -> Path:
    """Synthesise an app without AWS, and return the cloud assembly.

    :raises UserError: where it cannot be synthesised. Templates that the CDK CLI refuses are no
        error; its report is beside them.
    """
    command = project.synth_command(app.folder)
    assembly = app.folder / "cdk.out"
    log = app.folder.parent / "cdk.log"
    validation = () if app.is_validated else ("--no-validation",)
    try:
        with working(f"Synthesise the {app.side}"):
            toolchain.run_cdk(
                ["synth", "--quiet", *validation, "--output", str(assembly), *command.arguments],
                environment={},
                log=log,
                cwd=command.folder,
                tools=command.tools,
                offline=True,
            )
    except UserError as error:
        if not _is_refused_by_validation(assembly):
            kept = _kept_log(log, project.logs / f"{app.side}.log")
            raise UserError(str(error).replace(str(log), str(kept))) from None
    folder = _kept_folder(app, project)
    if folder is not None:
        _keep(assembly, folder)
    return assembly


def _kept_folder(app: App, project: Project) -> Path | None:
    """Return a folder named by everything that an assembly depends on; ``None`` to keep nothing."""
    if app.commit is None or project.assemblies is None:
        return None
    # The tree contains the requirements of the tools.
    parts = (tree_of(project.repository, app.commit), sys.version, project, app.is_validated)
    name = sha256("\n".join(map(str, parts)).encode()).hexdigest()[:_DIGITS]
    return project.assemblies / name


def _is_refused_by_validation(assembly: Path) -> bool:
    has_report = any((assembly / name).is_file() for name in REPORTS)
    return has_report and (assembly / "manifest.json").is_file()


def _keep(assembly: Path, kept: Path) -> None:
    """Keep a complete copy of an assembly; another review may keep the same at this moment."""
    with file_errors(f"{kept} cannot be written"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".new-"))
        try:
            shutil.copytree(assembly, temporary / "cdk.out", symlinks=True)
            (temporary / "cdk.out").rename(kept)
        except OSError:
            if not kept.is_dir():
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        assemblies = [one for one in kept.parent.iterdir() if not one.name.startswith(".")]
        for old in sorted(assemblies, key=lambda one: one.stat().st_mtime)[:-MOST_KEPT]:
            shutil.rmtree(old, ignore_errors=True)


def _kept_log(log: Path, kept: Path) -> Path:
    """Return the log of a failed synth, moved out of the temporary folder to explain it."""
    with file_errors(f"{kept} cannot be written"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace_text(kept, log.read_text(encoding="utf-8", errors="replace"))
    return kept
