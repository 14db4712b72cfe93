"""From the repositories that an account has to an environment file that says the same.

What is written states what is there today, whoever made it. What the file cannot say, and what
therefore an import would delete or leave out, is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.ecr.images import repository_logical_id
from constructs_lib.rules.policy.adoption import named_organizations
from constructs_lib.rules.policy.statements import statements_of
from environments.model.environment import EnvironmentModel
from environments.names import repositories_group, repositories_stack

from .account import ExistingRepository
from .entries import DEFAULT_GROUP, Entry, EntryWriter, Keys, Note

# Room for what a stack of repositories may grow by before CloudFormation's 500.
GROUP_SIZE = 400
_WORKLOADS = ("ecs_tasks", "ecs_services", "network", "eks_cluster", "eks_jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Define the import of an account's repositories into an environment.

    :param document: the environment file, as data.
    :param mappings: for each stack, the resource mapping that ``cdk import`` takes.
    :param deployed: the repositories that the environment's own stacks deploy already.
    """

    document: Mapping[str, Any]
    mappings: Mapping[str, Mapping[str, Mapping[str, str]]]
    notes: Sequence[Note]
    deployed: Sequence[str]

    @property
    def adopted(self) -> list[str]:
        """Give the repositories that are left to import."""
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
    """Say what an account has as an environment.

    :param name: the environment's name.
    :param head: the file that exists, without its repositories; at least account and region.
    :param entries: the repositories of the file that exists, by name.
    """
    organization = head.get("organization_id") or _organization_of(existing)
    head = {**head, **({"organization_id": organization} if organization else {})}
    writer = EntryWriter(head=EnvironmentModel.model_validate(head), entries=entries, keys=keys)
    written: list[Entry] = []
    mappings: dict[str, dict[str, dict[str, str]]] = {}
    deployed: list[str] = []
    groups = _groups(existing, entries)
    for repository in existing:
        stack = repository.stack
        group = repositories_group(name, stack) if stack else groups[repository.name]
        if group is None:
            writer.note_foreign(repository, str(stack))
            continue
        entry = writer.entry(repository, group)
        if entry is None:
            continue
        written.append(entry)
        if stack:
            deployed.append(repository.name)
        else:
            mapping = mappings.setdefault(repositories_stack(name, group), {})
            mapping[repository_logical_id(repository.name)] = {"RepositoryName": repository.name}
    there = {repository.name for repository in existing}
    missing = [entry for entry_name, entry in entries.items() if entry_name not in there]
    in_file = {entry_name: index for index, entry_name in enumerate(entries)}
    # In the order of the file that exists, so that its diff shows what the import adds.
    ordered = sorted(
        [*written, *missing],
        key=lambda entry: (in_file.get(entry["name"], len(in_file)), entry["name"]),
    )
    return Import(
        document=_document(head, ordered),
        mappings=mappings,
        notes=writer.notes,
        deployed=deployed,
    )


def _document(head: Mapping[str, Any], entries: list[Entry]) -> dict[str, Any]:
    """Put the repositories where a file has them: after its settings, before its workloads."""
    workloads = {key: head[key] for key in _WORKLOADS if key in head}
    settings = {key: value for key, value in head.items() if key not in workloads}
    return {**settings, "repositories": entries, **workloads}


def _organization_of(existing: Iterable[ExistingRepository]) -> str | None:
    """Give the one organisation that statements of ours name; none when they name several."""
    found = {
        organization
        for repository in existing
        for organization in named_organizations(statements_of(repository.policy))
    }
    return found.pop() if len(found) == 1 else None


def _groups(existing: Sequence[ExistingRepository], entries: Mapping[str, Entry]) -> dict[str, str]:
    """Give every repository that belongs to no stack a group: the file's, or one with room."""
    free = [repository.name for repository in existing if repository.stack is None]
    groups = {name: entries[name].get("stack", DEFAULT_GROUP) for name in free if name in entries}
    others = [name for name in free if name not in entries]
    for index, name in enumerate(others):
        number = index // GROUP_SIZE + 1
        groups[name] = DEFAULT_GROUP if number == 1 else f"{DEFAULT_GROUP}-{number}"
    return groups
