"""Acknowledgements that a commit of their own added to a branch.

Who may approve the file of acknowledgements may not be who may approve a change. So an
acknowledgement counts for a deployment only if the commit that added it to the branch changes no
other file: the change itself cannot have brought it.
"""

from pathlib import Path

from ecrctl.errors import UserError
from ecrctl.git import changed_files, commits_that_change, file_of_commit, parent_of
from ecrctl.review.findings import ACKNOWLEDGEMENTS_FILE

from .acknowledgements import Acknowledgement, acknowledgements_in


def added_acknowledgements(repository: Path, commit: str, label: str) -> list[Acknowledgement]:
    """Return the acknowledgements at a commit that commits of their own added to its branch.

    :param label: the commit's name, for messages.
    """
    present = _at(repository, commit, label)
    unknown: list[Acknowledgement] = list(present)
    found: list[Acknowledgement] = []
    for changing in commits_that_change(repository, commit, ACKNOWLEDGEMENTS_FILE):
        if not unknown:
            break
        earlier = _known_at(repository, parent_of(repository, changing))
        # A version with faults may lack every entry, so this commit may have added them all.
        added = unknown if earlier is None else [one for one in unknown if one not in earlier]
        is_own = bool(added) and _changes_nothing_else(repository, changing)
        if is_own and earlier is not None:
            found += added
        if not is_own or earlier is not None:
            unknown = [one for one in unknown if one not in added]
    return [one for one in present if one in found]


def _at(repository: Path, commit: str, label: str) -> list[Acknowledgement]:
    text = file_of_commit(repository, commit, ACKNOWLEDGEMENTS_FILE)
    return [] if text is None else acknowledgements_in(text, label)


def _known_at(repository: Path, commit: str | None) -> list[Acknowledgement] | None:
    """Return the acknowledgements at a commit; ``None`` if its file has faults."""
    if commit is None:
        return []
    try:
        return _at(repository, commit, commit)
    except UserError:
        return None


def _changes_nothing_else(repository: Path, commit: str) -> bool:
    parent = parent_of(repository, commit)
    if parent is None:
        return False
    changed = changed_files(repository, parent, commit)
    return [one.path for one in changed] == [ACKNOWLEDGEMENTS_FILE]
