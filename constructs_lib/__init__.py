"""CDK constructs for container images on AWS: repositories, who may use them, what runs them.

The names below are loaded when first used, so that ``constructs_lib.rules`` can be imported
without starting the CDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ecs_image_task import ContainerHardening, EcsImageTask
    from .eks_image_job import EksImageJob
    from .encryption import Encryption
    from .github_image_pusher import GitHubImagePusher
    from .image import Image
    from .image_notifications import ImageNotifications
    from .private_repository import PrivateRepository
    from .repository_key import RepositoryKey
    from .rules.access import Access, Administrators
    from .rules.fargate_sizes import FargateSize
    from .rules.github_oidc import GitHubSubject
    from .rules.image_events import ImageEvents
    from .rules.lifecycle import LifecyclePolicy
    from .rules.lifecycle_rule import LifecycleRule
    from .rules.tag_immutability import TagImmutability

__all__ = [
    "Access",
    "Administrators",
    "ContainerHardening",
    "EcsImageTask",
    "EksImageJob",
    "Encryption",
    "FargateSize",
    "GitHubImagePusher",
    "GitHubSubject",
    "Image",
    "ImageEvents",
    "ImageNotifications",
    "LifecyclePolicy",
    "LifecycleRule",
    "PrivateRepository",
    "RepositoryKey",
    "TagImmutability",
]

_HOME = {
    "Access": "rules.access",
    "Administrators": "rules.access",
    "ContainerHardening": "ecs_image_task",
    "EcsImageTask": "ecs_image_task",
    "EksImageJob": "eks_image_job",
    "Encryption": "encryption",
    "FargateSize": "rules.fargate_sizes",
    "GitHubImagePusher": "github_image_pusher",
    "GitHubSubject": "rules.github_oidc",
    "Image": "image",
    "ImageEvents": "rules.image_events",
    "ImageNotifications": "image_notifications",
    "LifecyclePolicy": "rules.lifecycle",
    "LifecycleRule": "rules.lifecycle_rule",
    "PrivateRepository": "private_repository",
    "RepositoryKey": "repository_key",
    "TagImmutability": "rules.tag_immutability",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
