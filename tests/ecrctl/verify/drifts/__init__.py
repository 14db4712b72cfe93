"""Changes of a deployed environment, made past CloudFormation, and the rows that name them.

The modules beside this one add to the list when they are imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ecrctl.aws.clients import Aws
from ecrctl.verify.files.lookup import logical_id

Row = tuple[str, str]
ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
LOGICAL_REPOSITORIES = {
    "team/api": "RepositoryteamSlashapi",
    "team/web": "RepositoryteamSlashweb",
    "tools/backup": "RepositorytoolsSlashbackup",
    "tools/scanner": "RepositorytoolsSlashscanner",
    "tools/spare": "RepositorytoolsSlashspare",
}


class Deployed:
    """The deployed environment ``everything``, by the paths of its constructs."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self._ids: dict[str, dict[str, str]] = {}

    def __getattr__(self, service: str) -> Any:
        """Return the client of a service."""
        return self.aws.client(service)

    def id(self, stack: str, *path: str) -> str:
        """Return the physical ID of a resource."""
        if stack not in self._ids:
            listed = self.aws.cloudformation.list_stack_resources(StackName=f"everything-{stack}")
            self._ids[stack] = {
                one["LogicalResourceId"]: one["PhysicalResourceId"]
                for one in listed["StackResourceSummaries"]
            }
        return self._ids[stack][logical_id(*path)]

    def ecs(self, *path: str) -> str:
        """Return the physical ID of a resource of the ECS workloads."""
        return self.id("EcsWorkloads", *path)


@dataclass(frozen=True)
class Drift:
    """A change.

    :param rows: the resource and the property of each row that names it.
    """

    name: str
    make: Callable[[Deployed], object]
    rows: tuple[Row, ...]


DRIFTS: list[Drift] = []


def drift(*rows: Row) -> Callable[[Callable[[Deployed], object]], Callable[[Deployed], object]]:
    """Register a change with the rows that name it."""

    def register(make: Callable[[Deployed], object]) -> Callable[[Deployed], object]:
        DRIFTS.append(Drift(make.__name__, make, rows))
        return make

    return register


def resource(stack: str, *path: str) -> str:
    """Return the subject of a resource in its stack."""
    return f"everything-{stack}: {logical_id(*path)}"


def repository(name: str) -> str:
    """Return the subject of a repository in its stack."""
    group = "web" if name.startswith("team/") else "platform"
    return f"everything-Repositories-{group}: {LOGICAL_REPOSITORIES[name]}"


def repository_arn(name: str) -> str:
    """Return the ARN of a repository."""
    return f"arn:aws:ecr:us-east-1:000000000000:repository/{name}"
