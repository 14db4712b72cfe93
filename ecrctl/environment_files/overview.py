"""What the environment files declare, in short."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ecrctl.console import new_console, new_table
from environments import names
from environments.loading import load_environments
from environments.settings import EnvironmentSettings


def checked(
    chosen: Sequence[str] | None, folder: Path
) -> Iterator[tuple[EnvironmentSettings, str]]:
    """Yield each environment, and a line with what it declares.

    :raises EnvironmentFault: with every fault of all files.
    """
    found = load_environments(chosen, folder)
    return ((settings, f"{settings.name}: {_declared(settings)}.") for settings in found)


def print_list(folder: Path, *, as_json: bool) -> None:
    """Print the environments of a folder.

    :raises EnvironmentFault: with every fault of all files.
    """
    documents = [_document(settings) for settings in load_environments(None, folder)]
    if as_json:
        print(json.dumps(documents, indent=2))
        return
    table = new_table(
        "Environments", "Environment", "Account", "Region", "Stacks", "Repositories", "Workloads"
    )
    for one in documents:
        table.add_row(
            one["environment"],
            one["account"],
            one["region"],
            "\n".join(one["stacks"]),
            "\n".join([*one["repositories"], *map(_public, one["public_repositories"])]),
            "\n".join(one["workloads"]),
        )
    new_console().print(table)


def _document(settings: EnvironmentSettings) -> dict[str, Any]:
    return {
        "environment": settings.name,
        "account": settings.account,
        "region": settings.region,
        "protected": settings.protected,
        "stacks": [names.stack_name(settings.name, one) for one in settings.stack_ids()],
        "repositories": sorted(one.name for one in settings.repositories),
        "public_repositories": sorted(one.name for one in settings.public_repositories),
        "workloads": [
            *(f"ECS task {task.name}" for task in settings.ecs_tasks),
            *(f"ECS service {service.name}" for service in settings.ecs_services),
            *(f"Job {job.spec.name}" for job in settings.eks_jobs),
        ],
    }


def _public(name: str) -> str:
    return f"{name} (public)"


def _declared(settings: EnvironmentSettings) -> str:
    counts = (
        (len(settings.repositories), "repository", "repositories"),
        (len(settings.public_repositories), "public repository", "public repositories"),
        (len(settings.ecs_tasks), "ECS task", "ECS tasks"),
        (len(settings.ecs_services), "ECS service", "ECS services"),
        (len(settings.eks_jobs), "Job", "Jobs"),
    )
    listed = [f"{count} {one if count == 1 else more}" for count, one, more in counts if count]
    return ", ".join(listed) or "nothing is declared"
