"""CDK constructs for container images on AWS: repositories, who may use them, what runs them.

The names below are loaded when first used, so that ``constructs_lib.rules`` can be imported
without starting the CDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cluster_delivery import ClusterDelivery
    from .container_secret import ContainerSecret
    from .ecs_container import EcsContainer
    from .ecs_image_service import EcsImageService
    from .ecs_image_task import EcsImageTask
    from .eks_image_cron_job import EksImageCronJob
    from .eks_image_job import EksImageJob
    from .eks_workload_identity import EksWorkloadIdentity
    from .encryption import Encryption
    from .github_image_pusher import GitHubImagePusher
    from .image import Image
    from .image_notifications import ImageNotifications
    from .private_repository import PrivateRepository
    from .registry_endpoints import RegistryEndpoints
    from .repository_key import RepositoryKey
    from .rules.access import Access, Administrators
    from .rules.container_hardening import ContainerHardening
    from .rules.cron_job import CronSchedule
    from .rules.endpoint_policies import PulledFrom
    from .rules.fargate_sizes import FargateSize
    from .rules.github_oidc import GitHubSubject
    from .rules.image_events import ImageEvents
    from .rules.kubernetes_job import JobRun
    from .rules.kubernetes_pod import JobPod, Resources, SecretKey, Toleration, Volume
    from .rules.lifecycle import LifecyclePolicy
    from .rules.lifecycle_rule import LifecycleRule
    from .rules.pod_hardening import PodHardening
    from .rules.tag_immutability import TagImmutability
    from .rules.task_container import HealthCheck

__all__ = [
    "Access",
    "Administrators",
    "ClusterDelivery",
    "ContainerHardening",
    "ContainerSecret",
    "CronSchedule",
    "EcsContainer",
    "EcsImageService",
    "EcsImageTask",
    "EksImageCronJob",
    "EksImageJob",
    "EksWorkloadIdentity",
    "Encryption",
    "FargateSize",
    "GitHubImagePusher",
    "GitHubSubject",
    "HealthCheck",
    "Image",
    "ImageEvents",
    "ImageNotifications",
    "JobPod",
    "JobRun",
    "LifecyclePolicy",
    "LifecycleRule",
    "PodHardening",
    "PrivateRepository",
    "PulledFrom",
    "RegistryEndpoints",
    "RepositoryKey",
    "Resources",
    "SecretKey",
    "TagImmutability",
    "Toleration",
    "Volume",
]

_HOME = {
    "Access": "rules.access",
    "Administrators": "rules.access",
    "ClusterDelivery": "cluster_delivery",
    "ContainerHardening": "rules.container_hardening",
    "ContainerSecret": "container_secret",
    "CronSchedule": "rules.cron_job",
    "EcsContainer": "ecs_container",
    "EcsImageService": "ecs_image_service",
    "EcsImageTask": "ecs_image_task",
    "EksImageCronJob": "eks_image_cron_job",
    "EksImageJob": "eks_image_job",
    "EksWorkloadIdentity": "eks_workload_identity",
    "Encryption": "encryption",
    "FargateSize": "rules.fargate_sizes",
    "GitHubImagePusher": "github_image_pusher",
    "GitHubSubject": "rules.github_oidc",
    "HealthCheck": "rules.task_container",
    "Image": "image",
    "ImageEvents": "rules.image_events",
    "ImageNotifications": "image_notifications",
    "JobPod": "rules.kubernetes_pod",
    "JobRun": "rules.kubernetes_job",
    "LifecyclePolicy": "rules.lifecycle",
    "LifecycleRule": "rules.lifecycle_rule",
    "PodHardening": "rules.pod_hardening",
    "PrivateRepository": "private_repository",
    "PulledFrom": "rules.endpoint_policies",
    "RegistryEndpoints": "registry_endpoints",
    "RepositoryKey": "repository_key",
    "Resources": "rules.kubernetes_pod",
    "SecretKey": "rules.kubernetes_pod",
    "TagImmutability": "rules.tag_immutability",
    "Toleration": "rules.kubernetes_pod",
    "Volume": "rules.kubernetes_pod",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
