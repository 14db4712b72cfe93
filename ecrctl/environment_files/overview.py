"""What the environment files declare, in short."""

from collections.abc import Sequence
from pathlib import Path

from checked_files.reports import Report
from ecrctl.console import new_console, new_table
from ecrctl.output.documents import (
    CheckDocument,
    CheckedEnvironment,
    FaultDocument,
    ListDocument,
    ListedEnvironment,
)
from ecrctl.output.formats import TextOrJson, print_json
from ecrctl.output.messages import notify, say
from environments import names
from environments.faults import EnvironmentFault
from environments.loading import load_environments
from environments.settings import EnvironmentSettings


def print_check(chosen: Sequence[str] | None, folder: Path, output: TextOrJson) -> None:
    """Print what each environment declares, or as JSON the faults as well.

    :raises EnvironmentFault: with every fault of all files.
    """
    try:
        found = load_environments(chosen, folder)
    except EnvironmentFault as error:
        if output == "json":
            faults = [fault for one in error.reports for fault in _faults(one)]
            print_json(CheckDocument(environments=[], faults=faults))
        raise
    if output == "json":
        environments = [
            CheckedEnvironment(environment=one.name, notices=list(one.notices)) for one in found
        ]
        print_json(CheckDocument(environments=environments, faults=[]))
        return
    for settings in found:
        for notice in settings.notices:
            notify(notice)
        say(f"{settings.name}: {_declared(settings)}.")


def _faults(report: Report | str) -> list[FaultDocument]:
    if isinstance(report, str):
        return [FaultDocument(file=None, line=None, column=None, path=None, message=report)]
    return [
        FaultDocument(
            file=report.file,
            line=one.line or None,
            column=one.column or None,
            path=one.path or None,
            message=one.message,
        )
        for one in report.faults
    ]


def print_list(folder: Path, output: TextOrJson) -> None:
    """Print the environments of a folder.

    :raises EnvironmentFault: with every fault of all files.
    """
    documents = [_document(settings) for settings in load_environments(None, folder)]
    if output == "json":
        print_json(ListDocument(documents))
        return
    table = new_table(
        "Environments", "Environment", "Account", "Region", "Stacks", "Repositories", "Workloads"
    )
    for one in documents:
        table.add_row(
            one.environment,
            one.account,
            one.region,
            "\n".join(one.stacks),
            "\n".join([*one.repositories, *map(_public, one.public_repositories)]),
            "\n".join(one.workloads),
        )
    new_console().print(table)


def _document(settings: EnvironmentSettings) -> ListedEnvironment:
    return ListedEnvironment(
        environment=settings.name,
        account=settings.account,
        region=settings.region,
        protected=settings.protected,
        stacks=[names.stack_name(settings.name, one) for one in settings.stack_ids()],
        repositories=sorted(one.name for one in settings.repositories),
        public_repositories=sorted(one.name for one in settings.public_repositories),
        workloads=[
            *(f"ECS task {task.name}" for task in settings.ecs_tasks),
            *(f"ECS service {service.name}" for service in settings.ecs_services),
            *(f"Job {job.spec.name}" for job in settings.eks_jobs),
        ],
    )


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
