"""From the files' models to settings: defaults filled in, pins followed to their registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from constructs_lib.rules.policy.access import Access, Administrators
from constructs_lib.rules.policy.github_oidc import GitHubSubject

from .model.environment import (
    AccessModel,
    EnvironmentModel,
    NotificationsModel,
    PinModel,
    PullModel,
    RepositoryModel,
    lifecycle_policy,
    tag_immutability,
)
from .settings import (
    EncryptionKind,
    EncryptionSettings,
    EnvironmentSettings,
    GitHubPushSettings,
    NotificationSettings,
    RepositorySettings,
)
from .workload_resolving import (
    awaited_workloads,
    ecs_services,
    ecs_task,
    eks_job,
    image_names,
    image_of,
    network_of,
)


def resolve(
    name: str, pins: Mapping[str, PinModel], environments: Mapping[str, EnvironmentModel]
) -> EnvironmentSettings:
    """Give the settings of an environment whose files hold.

    :param environments: by name, this environment and those that pins name as their registry.
    """
    environment = environments[name]
    images = {
        image: image_of(pin, environments.get(pin.registry or name)) for image, pin in pins.items()
    }
    tasks = tuple(
        ecs_task(task, images)
        for task in environment.ecs_tasks
        if all(image in images for image in task.images)
    )
    awaited = awaited_workloads(environment, images)
    return EnvironmentSettings(
        name=name,
        account=environment.account,
        region=environment.region,
        protected=environment.protected,
        administrators=administrators_of(environment),
        repositories=tuple(
            _repository(repository, environment) for repository in environment.repositories
        ),
        ecs_tasks=tasks,
        ecs_services=ecs_services(environment, tasks),
        network=network_of(environment, tasks),
        eks_jobs=tuple(
            eks_job(job, images[job.image], environment.eks_cluster)
            for job in environment.eks_jobs
            if job.image in images
        ),
        github_pushes=_github_pushes(environment),
        images=image_names(environment),
        notifications=_notifications(environment.notifications),
        creates_github_provider=environment.github_provider == "create",
        notices=tuple(
            f"{name}: '{workload}' is left out, because its image '{image}' "
            "has no pin yet (awaiting_image)."
            for workload, image in awaited
        ),
    )


def _encryption(word: str) -> EncryptionSettings:
    if word.startswith("arn:"):
        return EncryptionSettings(kind="customer-managed", key_arn=word)
    return EncryptionSettings(kind=cast("EncryptionKind", word))


def _repository(model: RepositoryModel, environment: EnvironmentModel) -> RepositorySettings:
    defaults, organization_id = environment.repository_defaults, environment.organization_id
    return RepositorySettings(
        name=model.name,
        stack=model.stack,
        tag_immutability=tag_immutability(model.tag_immutability or defaults.tag_immutability),
        scan_on_push=(defaults.scan_on_push if model.scan_on_push is None else model.scan_on_push),
        lifecycle=lifecycle_policy(model.lifecycle or defaults.lifecycle),
        pull=access_of(model.pull, organization_id),
        push=access_of(model.push, organization_id),
        encryption=_encryption(model.encryption or environment.encryption),
        statements=tuple(model.statements or ()),
        adopted=model.adopted,
        destroyed=model.removal == "destroy",
        empty_on_delete=model.empty_on_delete,
        tags=dict(model.tags),
    )


def access_of(model: AccessModel, organization_id: str | None) -> Access:
    """Give the access that a file's mapping stands for."""
    services = model if isinstance(model, PullModel) else PullModel()
    return Access(
        accounts=tuple(model.accounts),
        role_arns=tuple(model.roles),
        organization_id=organization_id if model.organization else None,
        organization_paths=tuple(model.organization_paths),
        lambda_accounts=tuple(services.lambda_accounts),
        codebuild_project_arns=tuple(services.codebuild_projects),
    )


def administrators_of(environment: EnvironmentModel) -> Administrators | None:
    """Give those who alone administer the repositories, where they are named."""
    if not environment.administrators or environment.break_glass_role is None:
        return None
    return Administrators(
        role_arns=tuple(environment.administrators),
        break_glass_role_arn=environment.break_glass_role,
    )


def _notifications(model: NotificationsModel | None) -> NotificationSettings | None:
    if model is None:
        return None
    return NotificationSettings(
        topic_arn=model.topic_arn, event_bus_arn=model.event_bus_arn, events=model.events()
    )


def _github_pushes(environment: EnvironmentModel) -> tuple[GitHubPushSettings, ...]:
    """Turn round who pushes where: one role for each kind of run, for all it pushes to."""
    repositories: dict[GitHubSubject, list[str]] = {}
    for repository in environment.repositories:
        for run in repository.push.github:
            repositories.setdefault(run.subject(), []).append(repository.name)
    return tuple(
        GitHubPushSettings(subject=subject, repositories=tuple(sorted(set(names))))
        for subject, names in sorted(repositories.items(), key=lambda item: item[0].subject)
    )
