"""The report of an import: a summary and the next commands."""

from collections.abc import Sequence
from pathlib import Path

from ecrctl.counts import counted
from ecrctl.output.documents import ImportDocument, NoteDocument

from .command import Written
from .entries import Entry
from .environment import Import


def summary(result: Import, written: Written) -> str:
    """Return how many repositories are to be imported, deployed already, or missing."""
    entries: Sequence[Entry] = result.document["repositories"]
    adopted, deployed = len(result.adopted), len(result.deployed)
    absent = len(entries) - adopted - deployed
    resumed = counted(result.resumed, "repository")
    continued = f" {resumed} had been read by an interrupted import." if result.resumed else ""
    notes = f" The notes are in {_typed(written.notes)}." if written.notes else ""
    where = f"{result.document['account']}, {result.document['region']}"
    return (
        f"{where}: {counted(adopted, 'repository')} to import, {deployed} deployed by this "
        f"environment, {absent} declared but missing in the account.{continued}{notes}"
    )


def document_of(name: str, result: Import, written: Written, environments: Path) -> ImportDocument:
    """Return an import for JSON."""
    entries: Sequence[Entry] = result.document["repositories"]
    known = {*result.adopted, *result.deployed}
    return ImportDocument(
        environment=name,
        account=result.document["account"],
        region=result.document["region"],
        to_import=result.adopted,
        deployed=sorted(result.deployed),
        missing=sorted(one["name"] for one in entries if one["name"] not in known),
        file=str(written.environment),
        mappings={stack: str(path) for stack, path in sorted(written.mappings.items())},
        notes=[NoteDocument.model_validate(one) for one in result.notes],
        next_commands=next_steps(name, written, environments),
    )


def next_steps(name: str, written: Written, environments: Path) -> list[str]:
    """Return the commands to run next, in their order."""
    steps = [f"cp {_typed(written.environment)} {_typed(environments / f'{name}.yaml')}"]
    steps += [
        f"npx cdk import '{stack}' -c env={name} --resource-mapping {_typed(path)}"
        for stack, path in written.mappings.items()
    ]
    return [*steps, f"ecrctl verify {name}"]


def _typed(path: Path) -> str:
    """Return a path relative to the current folder where it is inside."""
    folder = Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
