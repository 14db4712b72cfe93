"""CDK constructs for container images on AWS: repositories, access and workloads.

A name is imported when it is first used, so that importing ``constructs_lib.rules`` does not start
the CDK.
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
    from .rules.ecr.endpoint_policies import PulledFrom
    from .rules.ecr.image_events import ImageEvents
    from .rules.ecr.tag_immutability import TagImmutability
    from .rules.ecs.container import HealthCheck
    from .rules.ecs.fargate_sizes import FargateSize
    from .rules.ecs.hardening import ContainerHardening
    from .rules.kubernetes.cron_job import CronSchedule
    from .rules.kubernetes.hardening import PodHardening
    from .rules.kubernetes.job import JobRun
    from .rules.kubernetes.pod import JobPod, Resources, SecretKey, Toleration, Volume
    from .rules.lifecycle.policy import LifecyclePolicy
    from .rules.lifecycle.rule import LifecycleRule
    from .rules.policy.access import Access, Administrators
    from .rules.policy.github_oidc import GitHubSubject

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
    "Access": "rules.policy.access",
    "Administrators": "rules.policy.access",
    "ClusterDelivery": "cluster_delivery",
    "ContainerHardening": "rules.ecs.hardening",
    "ContainerSecret": "container_secret",
    "CronSchedule": "rules.kubernetes.cron_job",
    "EcsContainer": "ecs_container",
    "EcsImageService": "ecs_image_service",
    "EcsImageTask": "ecs_image_task",
    "EksImageCronJob": "eks_image_cron_job",
    "EksImageJob": "eks_image_job",
    "EksWorkloadIdentity": "eks_workload_identity",
    "Encryption": "encryption",
    "FargateSize": "rules.ecs.fargate_sizes",
    "GitHubImagePusher": "github_image_pusher",
    "GitHubSubject": "rules.policy.github_oidc",
    "HealthCheck": "rules.ecs.container",
    "Image": "image",
    "ImageEvents": "rules.ecr.image_events",
    "ImageNotifications": "image_notifications",
    "JobPod": "rules.kubernetes.pod",
    "JobRun": "rules.kubernetes.job",
    "LifecyclePolicy": "rules.lifecycle.policy",
    "LifecycleRule": "rules.lifecycle.rule",
    "PodHardening": "rules.kubernetes.hardening",
    "PrivateRepository": "private_repository",
    "PulledFrom": "rules.ecr.endpoint_policies",
    "RegistryEndpoints": "registry_endpoints",
    "RepositoryKey": "repository_key",
    "Resources": "rules.kubernetes.pod",
    "SecretKey": "rules.kubernetes.pod",
    "TagImmutability": "rules.ecr.tag_immutability",
    "Toleration": "rules.kubernetes.pod",
    "Volume": "rules.kubernetes.pod",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
