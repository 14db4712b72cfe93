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
from .entries import Entry, EntryWriter, Keys, Note
from .groups import DEFAULT_GROUP, Groups
from .registry import NOWHERE, ExistingRegistry, Places, registry_of

_WORKLOADS = ("ecs_tasks", "ecs_services", "network", "eks_cluster", "eks_jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """The import of an account's repositories into an environment.

    :param document: the environment file, as data.
    :param mappings: the resource mapping of each stack, as ``cdk import`` takes it.
    :param deployed: the repositories that the environment's own stacks deploy already.
    :param base: the text of the existing file, whose comments are kept; empty where there is none.
    :param resumed: how many repositories an earlier, interrupted import had read.
    """

    document: Mapping[str, Any]
    mappings: Mapping[str, Mapping[str, Mapping[str, str]]]
    notes: Sequence[Note]
    deployed: Sequence[str]
    base: str = ""
    resumed: int = 0

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
    registry: ExistingRegistry | None = None,
    destinations: Places = NOWHERE,
) -> Import:
    """Return the import of an account's repositories, and of its registry.

    :param name: the environment's name.
    :param existing: the repositories of the account.
    :param head: the existing file without its repositories; at least account and region.
    :param entries: the repositories of the existing file, by name.
    :param registry: the settings of the registry; ``None`` where they are not known.
    :param destinations: by account and region, the environments that images are replicated to.
    """
    organization = head.get("organization_id") or _organization_of(existing)
    head = {**head, **({"organization_id": organization} if organization else {})}
    model = validated(EnvironmentModel, head)
    notes: list[Note] = []
    written: dict[str, Entry] = {}
    groups = Groups(model)
    places: dict[str, str] = {}
    free: list[str] = []
    for repository in existing:
        entry_in_file = entries.get(repository.name, {})
        writer = EntryWriter(
            repository=repository, known=entry_in_file, head=model, keys=keys, notes=notes
        )
        group = _place(name, repository, entry_in_file)
        if group is None and repository.stack:
            writer.note_foreign(repository.stack)
            continue
        entry = writer.entry()
        if entry is None:
            continue
        written[repository.name] = entry
        if group is None:
            free.append(repository.name)
        else:
            places[repository.name] = group
            groups.join(group, entry)
    absent = {key: entry for key, entry in entries.items() if key not in _names(existing)}
    for entry in absent.values():
        groups.join(entry.get("stack", DEFAULT_GROUP), entry)
    places |= {free_name: groups.join_any(written[free_name]) for free_name in free}
    listed = [_in_group(entry, places[key]) for key, entry in written.items()]
    in_file = {entry_name: index for index, entry_name in enumerate(entries)}
    return Import(
        document=_document(
            {**head, **registry_of(registry, head, keys, destinations, notes)},
            # In the order of the existing file, so that a diff shows the additions alone.
            sorted(
                [*listed, *absent.values()],
                key=lambda entry: (in_file.get(entry["name"], len(in_file)), entry["name"]),
            ),
        ),
        mappings=_mappings(name, existing, places),
        notes=notes,
        deployed=[one.name for one in existing if one.stack and one.name in written],
    )


def _place(environment: str, repository: ExistingRepository, entry_in_file: Entry) -> str | None:
    """Return the group that a repository is in, by its stack or by the file."""
    if repository.stack:
        return repositories_group(environment, repository.stack)
    return entry_in_file.get("stack", DEFAULT_GROUP) if entry_in_file else None


def _in_group(entry: Entry, group: str) -> Entry:
    stack = {"stack": group} if group != DEFAULT_GROUP else {}
    return {"name": entry["name"], **stack, **entry}


def _names(existing: Iterable[ExistingRepository]) -> set[str]:
    return {repository.name for repository in existing}


def _mappings(
    environment: str, existing: Iterable[ExistingRepository], places: Mapping[str, str]
) -> dict[str, dict[str, dict[str, str]]]:
    """Return the mapping of each stack, of the repositories that no stack contains."""
    mappings: dict[str, dict[str, dict[str, str]]] = {}
    for repository in existing:
        if repository.stack is None and repository.name in places:
            stack = repositories_stack(environment, places[repository.name])
            mapping = mappings.setdefault(stack, {})
            mapping[repository_logical_id(repository.name)] = {"RepositoryName": repository.name}
    return mappings


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
