"""An environment file that declares the repositories of an account.

The file states every repository's current properties. Whatever the file cannot express is noted,
because an import would delete it or leave it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checked_files.models import validated
from constructs_lib.rules.ecr.images import repository_logical_id
from constructs_lib.rules.policy.adoption import named_organizations
from constructs_lib.rules.policy.statements import statements_of
from environments.model.environment import EnvironmentModel
from environments.names import repositories_group, repositories_stack

from .account import ExistingRepository
from .entries import DEFAULT_GROUP, Entry, EntryWriter, Keys, Note

# A stack takes 500 resources; the rest is room to grow.
GROUP_SIZE = 400
_WORKLOADS = ("ecs_tasks", "ecs_services", "network", "eks_cluster", "eks_jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """The import of an account's repositories into an environment.

    :param document: the environment file, as data.
    :param mappings: the resource mapping of each stack, as ``cdk import`` takes it.
    :param deployed: the repositories that the environment's own stacks deploy already.
    """

    document: Mapping[str, Any]
    mappings: Mapping[str, Mapping[str, Mapping[str, str]]]
    notes: Sequence[Note]
    deployed: Sequence[str]

    @property
    def adopted(self) -> list[str]:
        """Return the names of the repositories that are to be imported."""
        return sorted(
            identifier["RepositoryName"]
            for mapping in self.mappings.values()
            for identifier in mapping.values()
        )


def import_of(
    name: str,
    existing: Sequence[ExistingRepository],
    *,
    head: Mapping[str, Any],
    entries: Mapping[str, Entry],
    keys: Keys,
) -> Import:
    """Return the import of an account's repositories.

    :param name: the environment's name.
    :param existing: the repositories of the account.
    :param head: the existing file without its repositories; at least account and region.
    :param entries: the repositories of the existing file, by name.
    """
    organization = head.get("organization_id") or _organization_of(existing)
    head = {**head, **({"organization_id": organization} if organization else {})}
    model = validated(EnvironmentModel, head)
    notes: list[Note] = []
    written: list[Entry] = []
    mappings: dict[str, dict[str, dict[str, str]]] = {}
    deployed: list[str] = []
    groups = _groups(existing, entries)
    for repository in existing:
        stack, known = repository.stack, entries.get(repository.name, {})
        writer = EntryWriter(repository=repository, known=known, head=model, keys=keys, notes=notes)
        group = repositories_group(name, stack) if stack else groups[repository.name]
        if group is None:
            writer.note_foreign(str(stack))
            continue
        entry = writer.entry(group)
        if entry is None:
            continue
        written.append(entry)
        if stack:
            deployed.append(repository.name)
        else:
            mapping = mappings.setdefault(repositories_stack(name, group), {})
            mapping[repository_logical_id(repository.name)] = {"RepositoryName": repository.name}
    in_account = {repository.name for repository in existing}
    written += [entry for entry_name, entry in entries.items() if entry_name not in in_account]
    in_file = {entry_name: index for index, entry_name in enumerate(entries)}
    # In the order of the existing file, so that a diff shows the additions alone.
    written.sort(key=lambda entry: (in_file.get(entry["name"], len(in_file)), entry["name"]))
    document = _document(head, written)
    return Import(document=document, mappings=mappings, notes=notes, deployed=deployed)


def _document(head: Mapping[str, Any], entries: list[Entry]) -> dict[str, Any]:
    """Return a file's data in its usual order: settings, repositories, workloads."""
    workloads = {key: head[key] for key in _WORKLOADS if key in head}
    settings = {key: value for key, value in head.items() if key not in workloads}
    return {**settings, "repositories": entries, **workloads}


def _organization_of(existing: Iterable[ExistingRepository]) -> str | None:
    """Return the organization that the known statements name, unless they name several."""
    found = {
        organization
        for repository in existing
        for organization in named_organizations(statements_of(repository.policy))
    }
    return found.pop() if len(found) == 1 else None


def _groups(existing: Sequence[ExistingRepository], entries: Mapping[str, Entry]) -> dict[str, str]:
    """Return a group for every repository without a stack: the file's, or one with room."""
    free = [repository.name for repository in existing if repository.stack is None]
    groups = {name: entries[name].get("stack", DEFAULT_GROUP) for name in free if name in entries}
    others = [name for name in free if name not in entries]
    for index, name in enumerate(others):
        number = index // GROUP_SIZE + 1
        groups[name] = DEFAULT_GROUP if number == 1 else f"{DEFAULT_GROUP}-{number}"
    return groups
