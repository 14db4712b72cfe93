"""An environment as the stacks and ``ecrctl`` see it: complete, checked, and plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from constructs_lib.rules.ecr.image_events import ImageEvents
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.policy.access import Access, Administrators
from constructs_lib.rules.policy.github_oidc import GitHubSubject
from constructs_lib.rules.policy.statements import Statement

from .workload_settings import EcsServiceSettings, EcsTaskSettings, EksJobSettings, NetworkSettings

EncryptionKind = Literal["customer-managed", "dsse", "aws-managed", "aes256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionSettings:
    """Define how an environment's repositories are encrypted.

    :param key_arn: with ``customer-managed``, a key that exists; the environment's own if absent,
        which ``dsse`` always uses.
    """

    kind: EncryptionKind
    key_arn: str | None = None

    @property
    def makes_key(self) -> bool:
        """Say whether the environment has a key of its own, and so a stack for it."""
        return self.kind in ("customer-managed", "dsse") and self.key_arn is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySettings:
    """Define one repository, with the environment's defaults filled in."""

    name: str
    stack: str
    tag_immutability: TagImmutability
    scan_on_push: bool
    lifecycle: LifecyclePolicy | None
    pull: Access
    push: Access
    encryption: EncryptionSettings
    statements: tuple[Statement, ...] = ()
    adopted: bool = False
    destroyed: bool = False
    empty_on_delete: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSettings:
    """Define who is told what happens to images; a topic of its own without an ARN."""

    topic_arn: str | None
    event_bus_arn: str | None
    events: ImageEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubPushSettings:
    """Define which repositories one kind of GitHub workflow run pushes to."""

    subject: GitHubSubject
    repositories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSettings:
    """Define an environment.

    :param images: the names of the images that its workloads run, pinned or not.
    :param notices: what a person should know, such as a workload left out because its image is
        awaited.
    """

    name: str
    account: str
    region: str
    protected: bool
    administrators: Administrators | None
    repositories: tuple[RepositorySettings, ...]
    ecs_tasks: tuple[EcsTaskSettings, ...]
    eks_jobs: tuple[EksJobSettings, ...]
    ecs_services: tuple[EcsServiceSettings, ...] = ()
    network: NetworkSettings | None = None
    github_pushes: tuple[GitHubPushSettings, ...] = ()
    notifications: NotificationSettings | None = None
    creates_github_provider: bool = False
    images: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def makes_key(self) -> bool:
        """Say whether any of its repositories uses the environment's own key."""
        return any(repository.encryption.makes_key for repository in self.repositories)

    def groups(self) -> dict[str, list[RepositorySettings]]:
        """Give the repositories by the group, and so the stack, they were put into."""
        groups: dict[str, list[RepositorySettings]] = {}
        for repository in self.repositories:
            groups.setdefault(repository.stack, []).append(repository)
        return dict(sorted(groups.items()))
