"""Acknowledgements count where a commit that changes no other file added them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrctl.review.findings import ACKNOWLEDGEMENTS_FILE
from ecrctl.review.sides.added_acknowledgements import added_acknowledgements
from tests.ecrctl.test_git import Repository

ID = "tags-mutable-" + "0" * 32
ENTRY = f"- finding: {ID}\n  reason: Replaced by another one.\n  until: 2099-01-01\n"


def accepted(repository: Repository, commit: str) -> list[str]:
    """Return the findings that are accepted at a commit."""
    return [one.finding for one in added_acknowledgements(repository.folder, commit, "the commit")]


def test_a_commit_of_its_own_counts_and_one_with_another_file_does_not(tmp_path: Path) -> None:
    own = Repository(tmp_path / "own")
    own.commit({"app.py": "1"})
    assert accepted(own, own.commit({ACKNOWLEDGEMENTS_FILE: ENTRY})) == [ID]
    mixed = Repository(tmp_path / "mixed")
    assert accepted(mixed, mixed.commit({ACKNOWLEDGEMENTS_FILE: ENTRY, "app.py": "1"})) == []


def test_an_entry_that_stays_in_later_commits_still_counts(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"app.py": "0"})
    repository.commit({ACKNOWLEDGEMENTS_FILE: ENTRY})
    other = ENTRY.replace("0" * 32, "1" * 32)
    commit = repository.commit({ACKNOWLEDGEMENTS_FILE: ENTRY + other, "app.py": "1"})
    assert accepted(repository, commit) == [ID]


# Without the entry, and with faults: such a version may have lacked every entry.
@pytest.mark.parametrize("between", ["[]\n", "no list"])
def test_an_entry_that_comes_back_beside_another_file_no_longer_counts(
    tmp_path: Path, between: str
) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"app.py": "0"})
    repository.commit({ACKNOWLEDGEMENTS_FILE: ENTRY})
    repository.commit({ACKNOWLEDGEMENTS_FILE: between})
    commit = repository.commit({ACKNOWLEDGEMENTS_FILE: ENTRY, "app.py": "1"})
    assert accepted(repository, commit) == []


def test_a_commit_of_its_own_that_corrects_the_file_leaves_its_entries_as_they_were(
    tmp_path: Path,
) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit({"app.py": "0"})
    repository.commit({ACKNOWLEDGEMENTS_FILE: ENTRY})
    repository.commit({ACKNOWLEDGEMENTS_FILE: "no list"})
    assert accepted(repository, repository.commit({ACKNOWLEDGEMENTS_FILE: ENTRY})) == [ID]
