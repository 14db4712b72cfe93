"""What runs images, as the stacks and ``ecrctl`` see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY, reference_suffix, repository_uri
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.ecs.container import ContainerSpec
from constructs_lib.rules.ecs.fargate_sizes import FargateSize
from constructs_lib.rules.ecs.task_definition import Architecture, NetworkMode, PulledBy
from constructs_lib.rules.kubernetes.cron_job import CronSchedule
from constructs_lib.rules.kubernetes.job import JobSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """Define a pinned image and the account and region whose registry holds it.

    :param account: ``None``, as is the region, for an image of ECR Public.
    """

    account: str | None
    region: str | None
    repository: str
    tag: str | None
    digest: str | None
    tag_may_move: bool = False
    tag_immutability: TagImmutability | None = None

    @property
    def uri(self) -> str:
        """Give the image's URI; by digest when there is one."""
        return f"{self.repository_uri}{reference_suffix(tag=self.tag, digest=self.digest)}"

    @property
    def repository_uri(self) -> str:
        """Give the URI of its repository."""
        if self.account is None or self.region is None:
            return f"{PUBLIC_REGISTRY}/{self.repository}"
        return repository_uri(self.account, self.region, self.repository)

    @property
    def version(self) -> str | None:
        """Give what the image is called, where it is deployed by its digest."""
        return self.tag if self.digest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSettings:
    """Define a variable that ECS fetches when a task starts.

    :param key_arn: ``None`` where it is encrypted with the service's own key.
    """

    service: Literal["secretsmanager", "ssm"]
    arn: str
    field: str | None
    key_arn: str | None

    @property
    def value(self) -> str:
        """Give the ARN as ECS takes it: a field of a secret, its current version."""
        return f"{self.arn}:{self.field}::" if self.field else self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSettings:
    """Define a container of a task, its image pinned."""

    name: str
    spec: ContainerSpec
    image: ImageSettings
    secrets: Mapping[str, SecretSettings] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsTaskSettings:
    """Define one ECS task definition."""

    name: str
    family: str
    containers: tuple[ContainerSettings, ...]
    task_role_arn: str | None
    logs: bool
    pulled_by: PulledBy
    fargate: FargateSize | None = None
    network_mode: NetworkMode | None = None
    architecture: Architecture | None = None

    @property
    def image(self) -> ImageSettings:
        """Give the image of the container that the task is about."""
        return self.containers[0].image


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsServiceSettings:
    """Define a task that is kept running."""

    name: str
    task: str
    desired_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Define a private network without a way out.

    :param registry_accounts: other accounts whose images what runs there pulls.
    """

    cidr: str
    availability_zones: tuple[str, ...]
    registry_accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """Define what a Job's pod may do in AWS."""

    cluster_name: str | None
    oidc_provider_arn: str | None
    role_name: str | None
    statements: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """Define the cluster that CloudFormation applies a Job to, and how."""

    name: str
    kubectl_provider_arn: str
    rollback_window_seconds: int | None
    wait_for_completion_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EksJobSettings:
    """Define one Kubernetes Job: its image, and its spec in the words of the rules.

    :param cron: when it runs, if it is a CronJob.
    :param cluster: where CloudFormation applies it; ``None`` where a manifest is delivered.
    """

    image: ImageSettings
    spec: JobSpec
    cron: CronSchedule | None = None
    identity: IdentitySettings | None = None
    node_role_arn: str | None = None
    cluster: ClusterSettings | None = None
