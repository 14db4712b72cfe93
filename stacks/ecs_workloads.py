"""The stack of an environment's ECS task definitions, and of what keeps them running."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib import ContainerSecret, EcsContainer, EcsImageTask
from environments.workload_settings import (
    ContainerSettings,
    EcsServiceSettings,
    EcsTaskSettings,
    NetworkSettings,
    SecretSettings,
)

from .images import image_of


class EcsWorkloadsStack(cdk.Stack):
    """Define the stack of the task definitions that run an environment's images."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tasks: Sequence[EcsTaskSettings],
        services: Sequence[EcsServiceSettings] = (),
        network: NetworkSettings | None = None,
    ) -> None:
        self._zones = list(network.availability_zones) if network else []
        super().__init__(
            scope, construct_id, description="ECS task definitions that run images by their URI"
        )
        defined = {task.name: self._task(task) for task in tasks}
        if services and network:
            # Imported here, as EC2's constructs take time to import and few ask for them.
            from .private_services import PrivateServices  # noqa: PLC0415

            PrivateServices(self, "Private", tasks=defined, services=services, network=network)

    @property
    def availability_zones(self) -> list[str]:
        """Give the zones that the file says. The CDK would look them up in the account."""
        return self._zones

    def _task(self, task: EcsTaskSettings) -> EcsImageTask:
        container, *sidecars = (self._container(one) for one in task.containers)
        return EcsImageTask(
            self,
            task.name,
            family=task.family,
            container=container,
            sidecars=sidecars,
            fargate=task.fargate,
            architecture=task.architecture,
            network_mode=task.network_mode,
            task_role=self._task_role(task),
            log_retention=logs.RetentionDays.ONE_YEAR if task.logs else None,
            pulled_by=task.pulled_by,
        )

    def _container(self, container: ContainerSettings) -> EcsContainer:
        return EcsContainer.of(
            container.spec,
            image=image_of(self, container.image),
            secrets={name: self._secret(secret) for name, secret in container.secrets.items()},
        )

    def _secret(self, secret: SecretSettings) -> ContainerSecret:
        key = None
        if secret.key_arn:
            construct_id = f"Key {secret.key_arn}"
            existing = self.node.try_find_child(construct_id)
            key = existing or kms.Key.from_key_arn(self, construct_id, secret.key_arn)
        return ContainerSecret(
            value=secret.value,
            arn=secret.arn,
            service=secret.service,
            key=key,  # type: ignore[arg-type]
        )

    def _task_role(self, task: EcsTaskSettings) -> iam.IRole | None:
        if task.task_role_arn is None:
            return None
        return iam.Role.from_role_arn(
            self, f"{task.name}TaskRole", task.task_role_arn, mutable=False
        )
