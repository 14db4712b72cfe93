"""Images that ECS runs: those of the running tasks, and those that services start.

Source: Amazon ECS API reference, "ListTasks", "DescribeTasks" and "DescribeServices".
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecrctl.aws.clients import Aws, as_user_errors, or_none
from ecrctl.aws.unread import Unread

from .uses import Use, identity_of

_TASKS_A_CALL = 100
_SERVICES_A_CALL = 10
_SERVICE = "service:"


def ecs_uses(aws: Aws, unread: Unread) -> list[Use]:
    """Return what the clusters of the account and region run, each use once."""
    clusters: list[str] = []
    with unread.denied(), as_user_errors("Reading the clusters of ECS"):
        clusters += _listed(aws, "list_clusters", "clusterArns")
    found: dict[Use, None] = {}
    for cluster in clusters:
        reader = _Cluster(aws, cluster)
        for read in (reader.tasks, reader.services):
            action = f"Reading the workloads of the ECS cluster '{reader.name}'"
            with unread.denied(), as_user_errors(action):
                found.update(dict.fromkeys(read()))
    return list(found)


class _Cluster:
    """A cluster whose workloads are read."""

    def __init__(self, aws: Aws, arn: str) -> None:
        self.name = _last_part(arn)
        self._aws = aws
        self._arn = arn
        self._images: dict[str, list[str]] = {}

    def tasks(self) -> Iterator[Use]:
        """Yield the images of the tasks that run or are about to."""
        arns = _listed(self._aws, "list_tasks", "taskArns", cluster=self._arn)
        for some in _parts(arns, _TASKS_A_CALL):
            # A task that has ended in between is a failure of this call, and no use.
            tasks = self._aws.ecs.describe_tasks(cluster=self._arn, tasks=some)["tasks"]
            for task in tasks:
                yield from self._of_task(task)

    def _of_task(self, task: Mapping[str, Any]) -> Iterator[Use]:
        group = str(task.get("group") or "")
        kind, name = "ECS task", _last_part(task["taskArn"])
        if group.startswith(_SERVICE):
            kind, name = "ECS service", group.removeprefix(_SERVICE)
        for container in task["containers"]:
            yield from self._use(
                kind, name, container.get("image") or "", container.get("imageDigest")
            )

    def services(self) -> Iterator[Use]:
        """Yield the images that services start: those of all their deployments."""
        arns = _listed(self._aws, "list_services", "serviceArns", cluster=self._arn)
        for some in _parts(arns, _SERVICES_A_CALL):
            services = self._aws.ecs.describe_services(cluster=self._arn, services=some)["services"]
            for service in services:
                deployments = [
                    *(service.get("deployments") or ()),
                    *(service.get("taskSets") or ()),
                    service,
                ]
                definitions = [one.get("taskDefinition") for one in deployments]
                for definition in dict.fromkeys(filter(None, definitions)):
                    for image in self._images_of(definition):
                        yield from self._use("ECS service", service["serviceName"], image)

    def _images_of(self, definition: str) -> list[str]:
        if definition not in self._images:
            answer = or_none(
                lambda: self._aws.ecs.describe_task_definition(taskDefinition=definition)
            )
            # A definition that is deleted can no longer be started.
            containers = answer["taskDefinition"]["containerDefinitions"] if answer else ()
            self._images[definition] = [one["image"] for one in containers]
        return self._images[definition]

    def _use(self, kind: str, name: str, image: str, digest: str | None = None) -> Iterator[Use]:
        found = identity_of(image, digest)
        if found:
            yield Use(kind=kind, name=f"{self.name}/{name}", image=found)


def _listed(aws: Aws, operation: Any, member: str, **request: Any) -> list[str]:
    pages = aws.ecs.get_paginator(operation).paginate(**request)
    return [arn for page in pages for arn in page[member]]


def _parts(arns: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(arns), size):
        yield list(arns[start : start + size])


def _last_part(arn: str) -> str:
    return arn.rpartition("/")[2]
