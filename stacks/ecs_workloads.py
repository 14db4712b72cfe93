"""The stack of an environment's ECS task definitions."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib import ContainerHardening, EcsImageTask
from environments.settings import EcsTaskSettings

from .images import image_of


class EcsWorkloadsStack(cdk.Stack):
    """Define the stack of the task definitions that run an environment's images."""

    def __init__(
        self, scope: Construct, construct_id: str, *, tasks: Sequence[EcsTaskSettings]
    ) -> None:
        super().__init__(
            scope, construct_id, description="ECS task definitions that run images by their URI"
        )
        for task in tasks:
            EcsImageTask(
                self,
                task.name,
                family=task.family,
                container_name=task.name,
                image=image_of(self, task.image),
                memory_mib=task.memory_mib,
                cpu=task.cpu,
                task_role=self._task_role(task),
                environment=task.environment,
                hardening=(
                    ContainerHardening()
                    if task.hardening == "standard"
                    else ContainerHardening.none()
                ),
                log_retention=logs.RetentionDays.ONE_YEAR if task.logs else None,
                pulled_by=task.pulled_by,
                fargate=task.fargate,
            )

    def _task_role(self, task: EcsTaskSettings) -> iam.IRole | None:
        if task.task_role_arn is None:
            return None
        return iam.Role.from_role_arn(
            self, f"{task.name}TaskRole", task.task_role_arn, mutable=False
        )
