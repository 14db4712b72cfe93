"""The stack of an environment's ECS task definitions and services."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib import EcsTask, Image, NetworkSpec, ServiceSpec
from environments.settings import EcsTaskSettings


class EcsWorkloadsStack(cdk.Stack):
    """Define the stack of the task definitions that run an environment's images."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tasks: Sequence[EcsTaskSettings],
        services: Sequence[ServiceSpec] = (),
        network: NetworkSpec | None = None,
        registry_accounts: Sequence[str] = (),
    ) -> None:
        self._zones = list(network.availability_zones) if network else []
        super().__init__(
            scope, construct_id, description="ECS task definitions that run images by their URI"
        )
        defined = {task.name: self._task(task) for task in tasks}
        if services and network:
            # Imported here, as EC2's constructs take time to import and few ask for them.
            from constructs_lib import PrivateServices  # noqa: PLC0415

            PrivateServices(
                self,
                "Private",
                tasks=defined,
                services=services,
                network=network,
                registry_accounts=registry_accounts,
            )

    @property
    def availability_zones(self) -> list[str]:
        """The zones that the file names. The CDK would look them up in the account."""
        return self._zones

    def _task(self, task: EcsTaskSettings) -> EcsTask:
        return EcsTask(
            self,
            task.name,
            task.spec,
            images=[Image.of(self, image) for image in task.images],
            task_role=self._task_role(task),
            log_retention=logs.RetentionDays.ONE_YEAR if task.logs else None,
        )

    def _task_role(self, task: EcsTaskSettings) -> iam.IRole | None:
        if task.task_role_arn is None:
            return None
        return iam.Role.from_role_arn(
            self, f"{task.name}TaskRole", task.task_role_arn, mutable=False
        )
