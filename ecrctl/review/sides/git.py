"""Git: the commit of a reference, and its files in a separate folder."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecrctl.errors import UserError


def commit_of(repository: Path, reference: str) -> str | None:
    """Return the commit of a reference; ``None`` if there is no such reference."""
    done = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options",
                f"{reference}^{{commit}}")  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else None


@contextmanager
def worktree(repository: Path, commit: str, folder: Path) -> Iterator[Path]:
    """Check a commit out into a folder, and remove the folder afterwards."""
    done = _git(repository, "worktree", "add", "--detach", "--force", str(folder), commit)
    if done.returncode:
        raise UserError(f"git cannot check out {commit}: {_last_line(done.stderr)}")
    try:
        yield folder
    finally:
        _git(repository, "worktree", "remove", "--force", str(folder))


def copy_working_tree(repository: Path, folder: Path) -> Path:
    """Copy the files of the working tree, except those that git ignores.

    An ignored file, such as one that `make local` wrote, would look like a change.
    """
    listed = _git(repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed.returncode:
        raise UserError(f"{repository} must be a git repository: {_last_line(listed.stderr)}")
    for name in listed.stdout.split("\0"):
        source = repository / name
        if name and source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return folder


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    git = shutil.which("git")
    if git is None:
        raise UserError("git is not on the path. Install it, or name folders of cloud assemblies.")
    return subprocess.run(
        [git, "-C", str(repository), *arguments], capture_output=True, text=True, check=False
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no error message."])[-1]
