"""Git: commits, their files in a separate folder, and the files that differ between two."""

import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ecrctl.errors import UserError

_NO_BLOB = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file that differs between two commits.

    :param before: the hash of its content before; empty if there was no such file.
    :param after: the hash after; empty if there is no such file.
    """

    path: str
    before: str
    after: str


def commit_of(repository: Path, reference: str) -> str | None:
    """Return the commit of a reference; ``None`` if there is no such reference."""
    done = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options",
                f"{reference}^{{commit}}")  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else None


def copy_commit(repository: Path, commit: str, folder: Path) -> Path:
    """Copy the files of a commit.

    A worktree would name the repository, and there every other worktree. The code of a commit must
    not find the folder of the other side.
    """
    index = folder.with_name("index")
    variables = {"GIT_INDEX_FILE": str(index)}
    for arguments in (
        ("read-tree", commit),
        ("checkout-index", "--all", f"--prefix={folder}{os.sep}"),
    ):
        done = _git(repository, *arguments, variables=variables)
        if done.returncode:
            raise UserError(f"git cannot check out {commit}: {_last_line(done.stderr)}")
    index.unlink()
    # Git creates no folder for a commit without files.
    folder.mkdir(exist_ok=True)
    return folder


def copy_working_tree(repository: Path, folder: Path) -> Path:
    """Copy the files of the working tree, except those that git ignores.

    An ignored file, such as one that `make local` wrote, would look like a change. The bytecode of
    a Python file is copied with it, because an app is otherwise compiled again in each review.
    """
    folder.mkdir(exist_ok=True)
    modules: dict[Path, list[str]] = {}
    for name in _files_of_working_tree(repository, "--cached", "--others"):
        source = repository / name
        if source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            if name.endswith(".py"):
                shutil.copystat(source, target)
                modules.setdefault(Path(name).parent, []).append(source.stem)
    for package, names in modules.items():
        _copy_bytecode(repository / package, folder / package, names)
    return folder


def _copy_bytecode(source: Path, target: Path, modules: Collection[str]) -> None:
    """Copy the bytecode of modules, which is valid for files of the same time and size."""
    cache, copied = source / "__pycache__", target / "__pycache__"
    found = [*cache.glob("*.pyc")]
    if found:
        copied.mkdir(exist_ok=True)
    for one in found:
        if one.name.partition(".")[0] in modules:
            shutil.copyfile(one, copied / one.name)


def file_of_commit(repository: Path, commit: str, path: str) -> str | None:
    """Return the content of a file at a commit; ``None`` if there is no such file."""
    done = _git(repository, "cat-file", "blob", f"{commit}:{path}")
    return done.stdout if done.returncode == 0 else None


def commits_that_change(repository: Path, commit: str, path: str) -> list[str]:
    """Return a commit and its first parents, as far as they change a file, the newest first.

    A merge counts as the one change that it brings to its first parent's branch.
    """
    done = _git(
        repository, "log", "--first-parent", "--format=%H", "--end-of-options", commit, "--", path
    )
    if done.returncode:
        raise UserError(f"git cannot list the commits of {path}: {_last_line(done.stderr)}")
    return done.stdout.split()


def has_changes(folder: Path) -> bool:
    """Return whether a folder has files that no commit has, apart from ignored ones."""
    done = _git(folder, "status", "--porcelain", "--", ".")
    if done.returncode:
        raise UserError(f"{folder} must be in a git repository: {_last_line(done.stderr)}")
    return bool(done.stdout.strip())


def time_of(repository: Path, commit: str) -> int:
    """Return the time of a commit, in seconds since 1970."""
    return int(_git(repository, "log", "-1", "--format=%ct", "--end-of-options", commit).stdout)


def tree_of(repository: Path, commit: str) -> str:
    """Return the id of a commit's files, which other commits with the same files have as well."""
    return _git(repository, "rev-parse", f"{commit}^{{tree}}").stdout.strip()


def size_of(repository: Path, commit: str | None) -> int:
    """Return the size of a commit's files in bytes; of the working tree where it is ``None``."""
    if commit is None:
        names = _files_of_working_tree(repository, "--cached", "--others")
        files = (repository / name for name in names)
        return sum(file.stat().st_size for file in files if file.is_file())
    listed = _git(repository, "ls-tree", "-r", "-l", "-z", commit)
    # 100644 blob HASH SIZE<tab>PATH; a submodule has no size.
    sizes = (entry.partition("\t")[0].split()[-1] for entry in listed.stdout.split("\0") if entry)
    return sum(int(size) for size in sizes if size.isdecimal())


def parent_of(repository: Path, commit: str) -> str | None:
    """Return the first parent of a commit; ``None`` if there is none."""
    return commit_of(repository, f"{commit}^1")


def is_ancestor(repository: Path, older: str, newer: str) -> bool:
    """Return whether a commit is an ancestor of another one, or the same."""
    return _git(repository, "merge-base", "--is-ancestor", older, newer).returncode == 0


def changed_files(repository: Path, before: str, after: str | None) -> list[ChangedFile]:
    """Return the files that differ between two commits, sorted by path.

    :param after: the newer commit; the working tree where it is ``None``.
    """
    commits = [before] if after is None else [before, after]
    done = _git(repository, "diff", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff",
                "--end-of-options", *commits, "--")  # fmt: skip
    if done.returncode:
        raise UserError(f"git cannot compare {' and '.join(commits)}: {_last_line(done.stderr)}")
    fields = done.stdout.split("\0")
    found = [
        _changed_file(repository, facts, path)
        for facts, path in zip(fields[::2], fields[1::2], strict=False)
    ]
    if after is None:
        new = _files_of_working_tree(repository, "--others")
        found += [_new_file(repository, path) for path in new]
    return sorted(found, key=lambda one: one.path)


def _changed_file(repository: Path, facts: str, path: str) -> ChangedFile:
    # :100644 100644 HASH HASH M
    _, _, before, after, status = facts.split(" ")
    if after == _NO_BLOB and status != "D":
        # Git has not read the file of the working tree yet.
        after = _new_file(repository, path).after
    return ChangedFile(
        path=path,
        before="" if before == _NO_BLOB else before,
        after="" if status == "D" else after,
    )


def _new_file(repository: Path, path: str) -> ChangedFile:
    done = _git(repository, "hash-object", "--", path)
    return ChangedFile(path=path, before="", after=done.stdout.strip())


def _files_of_working_tree(repository: Path, *kinds: str) -> Iterator[str]:
    listed = _git(repository, "ls-files", "-z", *kinds, "--exclude-standard")
    if listed.returncode:
        raise UserError(f"{repository} must be a git repository: {_last_line(listed.stderr)}")
    return filter(None, listed.stdout.split("\0"))


def top_folder(folder: Path) -> Path:
    """Return the top folder of the repository around a folder."""
    done = _git(folder, "rev-parse", "--show-toplevel")
    if done.returncode:
        raise UserError(f"{folder} must be in a git repository: {_last_line(done.stderr)}")
    return Path(done.stdout.rstrip("\n"))


def ignored_folders(repository: Path) -> list[Path]:
    """Return the folders of a repository that git ignores."""
    done = _git(repository, "ls-files", "-z", "--others", "--ignored", "--exclude-standard",
                "--directory")  # fmt: skip
    names = done.stdout.split("\0") if done.returncode == 0 else []
    return [repository / name for name in names if name.endswith("/")]


def _git(
    repository: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    git = shutil.which("git")
    if git is None:
        raise UserError("git is not on the path. Install it.")
    return subprocess.run(
        [git, "-C", str(repository), *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        env={**os.environ, **(variables or {})},
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no error message."])[-1]
