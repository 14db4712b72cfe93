"""Commits and their files, read from a real repository."""

from __future__ import annotations

import hashlib
import os
import py_compile
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ecrctl import git
from ecrctl.errors import UserError
from ecrctl.git import ChangedFile


class Repository:
    """A repository in which a test makes commits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.run("init", "--quiet", "--initial-branch", "main")

    def run(self, *arguments: str, seconds: int = 1_700_000_000) -> str:
        """Run git; each commit has the given time."""
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com"]
        command += ["-c", "commit.gpgsign=false", *arguments]
        times = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{seconds} +0000")
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | times, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(self, files: dict[str, str | None], *, seconds: int = 1_700_000_000) -> str:
        """Write files, or remove those of ``None``, and return the commit with them."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.run("add", "--all")
        self.run("commit", "--quiet", "--allow-empty", "--message", "x", seconds=seconds)
        return self.run("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a repository without any commit."""
    return Repository(tmp_path / "repository")


def blob(text: str) -> str:
    """Return git's hash of a file."""
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324


def files_in(folder: Path) -> dict[str, str]:
    """Return the files in a folder, with their content."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_reference_is_found_as_a_commit(repository: Repository) -> None:
    commit = repository.commit({"a": "1"})
    repository.run("tag", "--annotate", "v1", "--message", "x")
    names = ("main", "HEAD", "v1", commit[:10], commit)
    assert [git.commit_of(repository.folder, name) for name in names] == [commit] * 5
    # A file is no commit, and a name that looks like an option is none either.
    for name in ("missing", "HEAD:a", "--all", ""):
        assert git.commit_of(repository.folder, name) is None


def test_first_parents_times_and_trees_are_those_of_git(repository: Repository) -> None:
    first = repository.commit({"a": "1"}, seconds=1_700_000_001)
    second = repository.commit({"a": "2"}, seconds=1_700_000_002)
    third = repository.commit({"a": "1"}, seconds=1_700_000_003)
    folder = repository.folder
    assert [git.parent_of(folder, one) for one in (third, second, first)] == [second, first, None]
    assert git.time_of(folder, second) == 1_700_000_002
    assert git.tree_of(folder, first) == git.tree_of(folder, third) != git.tree_of(folder, second)
    assert git.is_ancestor(folder, first, third)
    assert git.is_ancestor(folder, first, first)
    assert not git.is_ancestor(folder, third, first)


def test_a_merge_is_one_change_of_a_file(repository: Repository) -> None:
    first = repository.commit({"a": "1", "b": "1"})
    repository.run("checkout", "--quiet", "-b", "topic")
    repository.commit({"a": "2"})
    repository.commit({"a": "3"})
    repository.run("checkout", "--quiet", "main")
    second = repository.commit({"b": "2"})
    repository.run("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    merge = repository.run("rev-parse", "HEAD")
    assert git.commits_that_change(repository.folder, "main", "a") == [merge, first]
    assert git.commits_that_change(repository.folder, "main", "b") == [second, first]
    assert git.commits_that_change(repository.folder, "main", "missing") == []


def test_a_commit_is_copied_without_the_repositorys_index(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit({"a": "1", "in/b": "2"})
    repository.commit({"a": "3", "c": "4"})
    (repository.folder / "staged").write_text("5")
    repository.run("add", "staged")
    before = repository.run("status", "--porcelain")
    (tmp_path / "side").mkdir()
    folder = git.copy_commit(repository.folder, commit, tmp_path / "side" / "copy")
    assert folder == tmp_path / "side" / "copy"
    assert files_in(folder) == {"a": "1", "in/b": "2"}
    assert repository.run("status", "--porcelain") == before
    # Nothing but the files: the code of the commit cannot find the repository.
    assert [path.name for path in folder.parent.iterdir()] == ["copy"]


def test_a_commit_without_files_is_an_empty_folder(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({})
    (tmp_path / "side").mkdir()
    for _ in range(2):
        folder = git.copy_commit(repository.folder, commit, tmp_path / "side" / "copy")
    assert (folder.is_dir(), list(folder.iterdir())) == (True, [])


def test_the_working_tree_is_copied_without_ignored_and_removed_files(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({".gitignore": "out/\n", "a": "1", "gone": "1", "in/deep/b": "1"})
    for name, text in {"a": "2", "new": "3", "out/ignored": "4"}.items():
        (repository.folder / name).parent.mkdir(exist_ok=True)
        (repository.folder / name).write_text(text)
    (repository.folder / "gone").unlink()
    folder = git.copy_working_tree(repository.folder, tmp_path / "copy")
    assert folder == tmp_path / "copy"
    assert files_in(folder) == {".gitignore": "out/\n", "a": "2", "in/deep/b": "1", "new": "3"}


def test_a_file_is_read_at_a_commit(repository: Repository) -> None:
    first = repository.commit({"in/a": "één\n"})
    repository.commit({"in/a": "two\n"})
    assert git.file_of_commit(repository.folder, first, "in/a") == "één\n"
    assert git.file_of_commit(repository.folder, "main", "in/a") == "two\n"
    assert git.file_of_commit(repository.folder, first, "missing") is None
    assert git.file_of_commit(repository.folder, first, "in") is None


def test_changed_files_of_two_commits_have_both_hashes(repository: Repository) -> None:
    first = repository.commit({"same": "0", "changed": "1", "gone": "2", "moved": "3\n4\n"})
    files = {"changed": "5", "gone": None, "moved": None, "moved too": "3\n4\n", "b\xe9\n": "6"}
    second = repository.commit(files)
    # A new file of the working tree belongs to neither commit.
    (repository.folder / "new").write_text("7")
    assert git.changed_files(repository.folder, first, second) == [
        ChangedFile(path="b\xe9\n", before="", after=blob("6")),
        ChangedFile(path="changed", before=blob("1"), after=blob("5")),
        ChangedFile(path="gone", before=blob("2"), after=""),
        # A move is a removal and a new file, so that no file of the gate is missed.
        ChangedFile(path="moved", before=blob("3\n4\n"), after=""),
        ChangedFile(path="moved too", before="", after=blob("3\n4\n")),
    ]
    assert git.changed_files(repository.folder, second, second) == []


def test_changed_files_of_the_working_tree_include_new_ones(repository: Repository) -> None:
    commit = repository.commit(
        {".gitignore": "ignored\n", "changed": "1", "gone": "2", "staged": ""}
    )
    (repository.folder / "gone").unlink()
    for name, text in {"changed": "3", "a new": "4", "ignored": "5", "staged": "6"}.items():
        (repository.folder / name).write_text(text)
    repository.run("add", "staged")
    assert git.changed_files(repository.folder, commit, None) == [
        ChangedFile(path="a new", before="", after=blob("4")),
        ChangedFile(path="changed", before=blob("1"), after=blob("3")),
        ChangedFile(path="gone", before=blob("2"), after=""),
        ChangedFile(path="staged", before=blob(""), after=blob("6")),
    ]


def test_a_folder_has_changes_that_no_commit_has(repository: Repository) -> None:
    repository.commit({".gitignore": "ignored\n", "in/a": "1", "b": "1"})
    inner = repository.folder / "in"
    (inner / "ignored").write_text("1")
    assert not git.has_changes(inner)
    (repository.folder / "b").write_text("2")
    assert (git.has_changes(inner), git.has_changes(repository.folder)) == (False, True)
    (inner / "new").write_text("1")
    assert git.has_changes(inner)


def test_the_top_folder_and_ignored_folders_are_found(repository: Repository) -> None:
    repository.commit({".gitignore": "out/\nfile\n", "in/deep/a": "1"})
    for name in ("out/a", "in/out/a", "file"):
        (repository.folder / name).parent.mkdir(exist_ok=True)
        (repository.folder / name).write_text("1")
    assert git.top_folder(repository.folder / "in" / "deep") == repository.folder
    ignored = sorted(git.ignored_folders(repository.folder))
    assert ignored == [repository.folder / "in" / "out", repository.folder / "out"]


def test_a_name_that_is_not_utf_8_is_kept(repository: Repository, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    commit = repository.commit({name: "1"})
    assert files_in(git.copy_working_tree(repository.folder, tmp_path / "copy")) == {name: "1"}
    (found,) = git.changed_files(repository.folder, repository.commit({name: "2"}), commit)
    assert found == ChangedFile(path=name, before=blob("2"), after=blob("1"))


def test_the_bytecode_of_the_working_tree_is_valid_for_its_copy(
    repository: Repository, tmp_path: Path
) -> None:
    source = repository.folder / "module.py"
    source.write_text("VALUE = 1\n")
    os.utime(source, (1_700_000_000, 1_700_000_000))
    compiled = py_compile.compile(str(source), doraise=True)
    assert compiled
    bytecode = Path(compiled)
    (bytecode.parent / "removed.cpython-311.pyc").touch()
    (repository.folder / ".gitignore").write_text("__pycache__/\n")
    folder = git.copy_working_tree(repository.folder, tmp_path / "copy")
    copied = folder / bytecode.relative_to(repository.folder)
    assert copied.read_bytes() == bytecode.read_bytes()
    # Python compares the time and the size of the source with those in the bytecode.
    assert (folder / "module.py").stat().st_mtime == source.stat().st_mtime
    assert list(copied.parent.iterdir()) == [copied]


def test_only_a_package_with_bytecode_has_a_folder_for_it(
    repository: Repository, tmp_path: Path
) -> None:
    # Somebody has committed the bytecode of another machine.
    repository.commit({"a/__pycache__/a.cpython-311.pyc": "old", "a/a.py": "", "b/b.py": ""})
    folder = git.copy_working_tree(repository.folder, tmp_path / "copy")
    assert (folder / "a/__pycache__/a.cpython-311.pyc").read_text() == "old"
    assert not (folder / "b/__pycache__").exists()


def test_the_size_is_that_of_the_files_which_are_copied(repository: Repository) -> None:
    commit = repository.commit({"a": "12345", "b/c d": "123", ".gitignore": "ignored\n"})
    (repository.folder / "ignored").write_text("1234567890")
    (repository.folder / "new").write_text("1")
    (repository.folder / "a").unlink()
    assert git.size_of(repository.folder, commit) == 5 + 3 + len("ignored\n")
    assert git.size_of(repository.folder, None) == 3 + 1 + len("ignored\n")


def test_a_submodule_has_no_size(repository: Repository) -> None:
    other = repository.commit({"a": "12345"})
    repository.run("update-index", "--add", "--cacheinfo", f"160000,{other},module")
    repository.run("commit", "--quiet", "--message", "x")
    assert git.size_of(repository.folder, "HEAD") == 5


NO_COMMIT = "0123456789" * 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda folder: git.copy_commit(folder, NO_COMMIT, folder / "copy"),
            f"git cannot check out {NO_COMMIT}: fatal: ",
        ),
        (
            lambda folder: git.commits_that_change(folder, NO_COMMIT, "a"),
            "git cannot list the commits of a: fatal: ",
        ),
        (
            lambda folder: git.changed_files(folder, NO_COMMIT, "HEAD"),
            f"git cannot compare {NO_COMMIT} and HEAD: fatal: ",
        ),
        (
            lambda folder: git.changed_files(folder, NO_COMMIT, None),
            f"git cannot compare {NO_COMMIT}: fatal: ",
        ),
    ],
)
def test_an_error_of_git_is_its_last_line(
    repository: Repository, call: Callable[[Path], object], message: str
) -> None:
    repository.commit({"a": "1"})
    with pytest.raises(UserError) as refusal:
        call(repository.folder)
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (git.has_changes, "{} must be in a git repository: fatal: not a git repository"),
        (git.top_folder, "{} must be in a git repository: fatal: not a git repository"),
        (
            lambda folder: git.copy_working_tree(folder, folder / "copy"),
            "{} must be a git repository: fatal: not a git repository",
        ),
    ],
)
def test_a_folder_outside_of_any_repository_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[Path], object], message: str
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UserError) as refusal:
        call(tmp_path)
    assert str(refusal.value).startswith(message.format(tmp_path))
    assert git.ignored_folders(tmp_path) == []


def test_an_error_without_a_message_is_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"must be in a git repository: no error message\.$"):
        git.top_folder(tmp_path)


def test_a_machine_without_git_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as refusal:
        git.commit_of(tmp_path, "HEAD")
    assert str(refusal.value) == ("git is not on the path. Install it.")
