"""Rules about the gate itself: the code and the settings that review and deploy the next change."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import Comparison
from ecrctl.review.findings import REPOSITORY_ITSELF, Category, Finding, canonical_json

from .rule import rule

# The workflows; the review, what it imports, and the rules that decide; how they are installed.
_FOLDERS = (".github", "checked_files", "constructs_lib/rules", "ecrctl")
_FILES = ("Makefile", ".npmrc", "package.json", "review.yaml")
_LOCK_FILES = (
    "Pipfile.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "poetry.lock",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
)
_MOST_SHOWN = 5


@rule(Category.GATE_CHANGED)
def gate_changed(comparison: Comparison) -> Iterator[Finding]:
    """The change also changes the gate: the workflows, the review, its rules or its tools."""
    files = [one for one in comparison.changed_files if is_part_of_the_gate(one.path)]
    if not files:
        return
    names = first_few([f"`{one.path}`" for one in files], _MOST_SHOWN)
    yield Finding(
        # The same for every environment, so that one acknowledgement is enough.
        environment=REPOSITORY_ITSELF,
        stack="",
        subject="gate",
        message="changes: these files decide how later changes are reviewed and deployed: "
        f"{listed(names)}",
        key="gate",
        evidence=canonical_json([[one.path, one.before, one.after] for one in files]),
    )


def is_part_of_the_gate(path: str) -> bool:
    """Return whether a file of the repository decides how changes are reviewed or deployed."""
    folders = {str(one) for one in PurePosixPath(path).parents}
    return (
        not folders.isdisjoint(_FOLDERS)
        or path in _FILES
        or PurePosixPath(path).name in _LOCK_FILES
    )
