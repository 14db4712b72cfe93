"""From the files' models to settings: defaults filled in, pins followed to their registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from constructs_lib.rules.repository_policy import Access

from .model import (
    AccessModel,
    EcsTaskModel,
    EksJobModel,
    EnvironmentModel,
    PinModel,
    RepositoryDefaults,
    RepositoryModel,
    lifecycle_policy,
    tag_immutability,
)
from .settings import (
    EcsTaskSettings,
    EksJobSettings,
    EncryptionKind,
    EncryptionSettings,
    EnvironmentSettings,
    ImageSettings,
    RepositorySettings,
)


def resolve(
    name: str, pins: Mapping[str, PinModel], environments: Mapping[str, EnvironmentModel]
) -> EnvironmentSettings:
    """Give the settings of an environment whose files hold.

    :param environments: by name, this environment and those that pins name as their registry.
    """
    environment = environments[name]
    images = {image: _image(pin, environments[pin.registry or name]) for image, pin in pins.items()}
    awaited = [
        workload
        for workload in (*environment.ecs_tasks, *environment.eks_jobs)
        if workload.image not in images
    ]
    return EnvironmentSettings(
        name=name,
        account=environment.account,
        region=environment.region,
        protected=environment.protected,
        encryption=_encryption(environment.encryption),
        repositories=tuple(
            _repository(repository, environment.repository_defaults)
            for repository in environment.repositories
        ),
        ecs_tasks=tuple(
            _ecs_task(task, images[task.image])
            for task in environment.ecs_tasks
            if task.image in images
        ),
        eks_jobs=tuple(
            _eks_job(job, images[job.image]) for job in environment.eks_jobs if job.image in images
        ),
        notices=tuple(
            f"{name}: '{workload.name}' is left out, because its image '{workload.image}' "
            "has no pin yet (awaiting_image)."
            for workload in awaited
        ),
    )


def _encryption(word: str) -> EncryptionSettings:
    if word.startswith("arn:"):
        return EncryptionSettings(kind="customer-managed", key_arn=word)
    return EncryptionSettings(kind=cast("EncryptionKind", word))


def _repository(model: RepositoryModel, defaults: RepositoryDefaults) -> RepositorySettings:
    return RepositorySettings(
        name=model.name,
        stack=model.stack,
        tag_immutability=tag_immutability(model.tag_immutability or defaults.tag_immutability),
        scan_on_push=(defaults.scan_on_push if model.scan_on_push is None else model.scan_on_push),
        lifecycle=lifecycle_policy(model.lifecycle or defaults.lifecycle),
        pull=_access(model.pull),
        push=_access(model.push),
    )


def _access(model: AccessModel) -> Access:
    return Access(accounts=tuple(model.accounts), role_arns=tuple(model.roles))


def _image(pin: PinModel, registry: EnvironmentModel) -> ImageSettings:
    return ImageSettings(
        account=registry.account,
        region=registry.region,
        repository=pin.repository,
        tag=pin.tag,
        digest=pin.digest,
    )


def _ecs_task(model: EcsTaskModel, image: ImageSettings) -> EcsTaskSettings:
    return EcsTaskSettings(
        name=model.name,
        family=model.family or model.name,
        image=image,
        memory_mib=model.memory_mib,
        cpu=model.cpu,
        task_role_arn=model.task_role_arn,
        environment=dict(model.environment),
        hardening=model.hardening,
        logs=model.logs,
        pulled_by=model.pulled_by,
    )


def _eks_job(model: EksJobModel, image: ImageSettings) -> EksJobSettings:
    return EksJobSettings(image=image, spec=model.spec(image.uri))
