"""An environment as the stacks and ``ecrctl`` see it: complete, checked, and plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from constructs_lib.rules.access import Access, Administrators
from constructs_lib.rules.fargate_sizes import FargateSize
from constructs_lib.rules.github_oidc import GitHubSubject
from constructs_lib.rules.image_events import ImageEvents
from constructs_lib.rules.images import reference_suffix, repository_uri
from constructs_lib.rules.kubernetes_job import JobSpec
from constructs_lib.rules.lifecycle import LifecyclePolicy
from constructs_lib.rules.statements import Statement
from constructs_lib.rules.tag_immutability import TagImmutability

EncryptionKind = Literal["customer-managed", "aws-managed", "aes256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionSettings:
    """Define how an environment's repositories are encrypted.

    :param key_arn: with ``customer-managed``, a key that exists; the environment's own if absent.
    """

    kind: EncryptionKind
    key_arn: str | None = None

    @property
    def makes_key(self) -> bool:
        """Say whether the environment has a key of its own, and so a stack for it."""
        return self.kind == "customer-managed" and self.key_arn is None


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
    told: ImageEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubPushSettings:
    """Define which repositories one kind of GitHub workflow run pushes to."""

    subject: GitHubSubject
    repositories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """Define a pinned image and the account and region whose registry holds it."""

    account: str
    region: str
    repository: str
    tag: str | None
    digest: str | None

    @property
    def uri(self) -> str:
        """Give the image's URI; by digest when there is one."""
        suffix = reference_suffix(tag=self.tag, digest=self.digest)
        return f"{repository_uri(self.account, self.region, self.repository)}{suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsTaskSettings:
    """Define one ECS task definition."""

    name: str
    family: str
    image: ImageSettings
    memory_mib: int
    cpu: int | None
    task_role_arn: str | None
    environment: Mapping[str, str]
    hardening: Literal["standard", "none"]
    logs: bool
    pulled_by: Literal["execution-role", "container-instance"]
    fargate: FargateSize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EksJobSettings:
    """Define one Kubernetes Job: its image, and its spec in the words of the rules."""

    image: ImageSettings
    spec: JobSpec


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
