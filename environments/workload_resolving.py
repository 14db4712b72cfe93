"""From the models of workloads to settings: images by their pins, places by the environment."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from constructs_lib.rules.ecr.tag_immutability import TagImmutability

from .model.ecs import ContainerModel, EcsTaskModel, SecretModel
from .model.eks import EksClusterModel, EksJobModel, IdentityModel
from .model.environment import EnvironmentModel, PinModel, tag_immutability
from .workload_settings import (
    ClusterSettings,
    ContainerSettings,
    EcsServiceSettings,
    EcsTaskSettings,
    EksJobSettings,
    IdentitySettings,
    ImageSettings,
    NetworkSettings,
    SecretSettings,
)

Images = Mapping[str, ImageSettings]


def image_names(environment: EnvironmentModel) -> tuple[str, ...]:
    """Give the names of all images that the environment's workloads run."""
    names = {image for task in environment.ecs_tasks for image in task.images}
    return tuple(sorted(names | {job.image for job in environment.eks_jobs}))


def awaited_workloads(
    environment: EnvironmentModel, pinned: Container[str]
) -> list[tuple[str, str]]:
    """Give the workloads that are left out, each with the first image that has no pin."""
    images = [
        *((task.name, task.images) for task in environment.ecs_tasks),
        *((job.name, [job.image]) for job in environment.eks_jobs),
    ]
    missing = ((name, [image for image in of if image not in pinned]) for name, of in images)
    return [(name, found[0]) for name, found in missing if found]


def image_of(pin: PinModel, registry: EnvironmentModel | None) -> ImageSettings:
    """Give a pinned image; ``None`` stands for ECR Public."""
    return ImageSettings(
        account=registry.account if registry else None,
        region=registry.region if registry else None,
        repository=pin.repository,
        tag=pin.tag,
        digest=pin.digest,
        tag_may_move=pin.tag_may_move,
        tag_immutability=(
            next(
                tag_immutability(
                    one.tag_immutability or registry.repository_defaults.tag_immutability
                )
                for one in registry.repositories
                if one.name == pin.repository
            )
            if registry
            else TagImmutability(mode="MUTABLE")
        ),
    )


def ecs_task(model: EcsTaskModel, images: Images) -> EcsTaskSettings:
    """Give a task whose images are all pinned."""
    spec = model.spec()
    models: list[ContainerModel] = [model, *model.sidecars]
    return EcsTaskSettings(
        name=model.name,
        family=spec.family,
        containers=tuple(
            ContainerSettings(
                name=spec.name_of(path),
                spec=spec.containers[path],
                image=images[image],
                secrets={name: _secret(secret) for name, secret in one.secrets.items()},
            )
            for path, one, image in zip(spec.containers, models, model.images, strict=True)
        ),
        task_role_arn=model.task_role_arn,
        logs=model.logs,
        pulled_by=model.pulled_by,
        fargate=spec.fargate,
        network_mode=model.network_mode,
        architecture=model.architecture,
    )


def _secret(model: SecretModel) -> SecretSettings:
    return SecretSettings(
        service="secretsmanager" if model.secret else "ssm",
        arn=str(model.secret or model.parameter),
        field=model.field,
        key_arn=None if model.key == "aws-managed" else model.key,
    )


def ecs_services(
    environment: EnvironmentModel, tasks: Sequence[EcsTaskSettings]
) -> tuple[EcsServiceSettings, ...]:
    """Give the services whose tasks are there."""
    there = {task.name for task in tasks}
    return tuple(
        EcsServiceSettings(name=one.name, task=one.task, desired_count=one.desired_count)
        for one in environment.ecs_services
        if one.task in there
    )


def network_of(
    environment: EnvironmentModel, tasks: Sequence[EcsTaskSettings]
) -> NetworkSettings | None:
    """Give the private network, and whose registries its endpoints reach."""
    if environment.network is None:
        return None
    run = {service.task for service in environment.ecs_services}
    accounts = {
        container.image.account
        for task in tasks
        if task.name in run
        for container in task.containers
    }
    return NetworkSettings(
        cidr=environment.network.cidr,
        availability_zones=tuple(environment.network.availability_zones),
        registry_accounts=tuple(
            sorted(account for account in accounts if account not in (None, environment.account))
        ),
    )


def eks_job(
    model: EksJobModel, image: ImageSettings, cluster: EksClusterModel | None
) -> EksJobSettings:
    """Give a Job whose image is pinned."""
    return EksJobSettings(
        image=image,
        spec=model.spec(image.uri, image.version),
        cron=model.cron(),
        identity=_identity(model.identity),
        node_role_arn=model.node_role_arn,
        cluster=(
            ClusterSettings(
                name=cluster.name,
                kubectl_provider_arn=cluster.kubectl_provider,
                rollback_window_seconds=model.rollback_window_seconds,
                wait_for_completion_seconds=model.wait_for_completion_seconds,
            )
            if cluster and model.delivery == "cluster"
            else None
        ),
    )


def _identity(model: IdentityModel | None) -> IdentitySettings | None:
    if model is None:
        return None
    return IdentitySettings(
        cluster_name=model.cluster,
        oidc_provider_arn=model.oidc_provider_arn,
        role_name=model.role_name,
        statements=tuple(model.statements),
    )
