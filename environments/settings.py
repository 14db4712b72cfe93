"""An environment as the stacks and ``ecrctl`` use it: complete, checked, its specs unchanged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from constructs_lib.rules.aws.networks import NetworkSpec
from constructs_lib.rules.ecr.images import ImageSpec
from constructs_lib.rules.ecr.public_repository import PublicRepositorySpec
from constructs_lib.rules.ecr.repository import RepositorySpec
from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.ecs.task_definition import TaskSpec
from constructs_lib.rules.kubernetes.cron_job import CronSchedule
from constructs_lib.rules.kubernetes.job import JobSpec
from constructs_lib.rules.policy.github_oidc import GitHubSubject
from constructs_lib.rules.registry.baseline import RegistryBaselineSpec
from constructs_lib.rules.registry.registry import RegistrySpec

from . import names
from .model.eks import EksCluster, Identity
from .model.environment import NotificationsModel, ScanGateModel
from .model.images import ImageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySettings:
    """A repository.

    :param stack: the group whose stack deploys it.
    """

    spec: RepositorySpec
    stack: str

    @property
    def name(self) -> str:
        """The repository's name."""
        return self.spec.name


def by_group(repositories: Iterable[RepositorySettings]) -> dict[str, list[RepositorySettings]]:
    """Return repositories by group, and so by stack."""
    groups: dict[str, list[RepositorySettings]] = {}
    for repository in repositories:
        groups.setdefault(repository.stack, []).append(repository)
    return dict(sorted(groups.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRepositorySettings:
    """A public repository.

    :param logo: a PNG image, which CloudFormation cannot set.
    """

    spec: PublicRepositorySpec
    logo: bytes | None = None

    @property
    def name(self) -> str:
        """The repository's name."""
        return self.spec.name


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubPushSettings:
    """The repositories that one kind of GitHub workflow run pushes to, with a role."""

    subject: GitHubSubject
    role_name: str
    repositories: tuple[str, ...] = ()
    public_repositories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsTaskSettings:
    """An ECS task definition whose images are pinned.

    :param images: the image of each container, in the order of ``spec.containers``.
    """

    name: str
    spec: TaskSpec
    images: tuple[ImageSpec, ...]
    task_role_arn: str | None
    logs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EksJobSettings:
    """A Kubernetes Job whose image is pinned.

    :param cron: its schedule, if it is a CronJob.
    :param cluster: the cluster that CloudFormation applies it to; ``None`` for a manifest.
    """

    spec: JobSpec
    image: ImageSpec
    cron: CronSchedule | None = None
    identity: Identity | None = None
    node_role_arn: str | None = None
    cluster: EksCluster | None = None
    rollback_window_seconds: int | None = None
    wait_for_completion_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSettings:
    """An environment.

    :param tags: the tags of all its resources, which a repository's own tags override.
    :param registry: the settings of the account's registry in the region; ``None`` for none.
    :param registry_baseline: the registry settings of many accounts; ``None`` for none.
    :param registry_accounts: other accounts whose images the services pull.
    :param images: the names of the images that its workloads run, pinned or not.
    :param builds: by name, the images that are built here.
    :param scan_gate: the findings with which no image is promoted to it.
    :param notices: sentences for a person, such as that a workload is left out because its image
        is awaited.
    """

    name: str
    account: str
    region: str
    protected: bool
    repositories: tuple[RepositorySettings, ...]
    ecs_tasks: tuple[EcsTaskSettings, ...]
    eks_jobs: tuple[EksJobSettings, ...]
    public_repositories: tuple[PublicRepositorySettings, ...] = ()
    ecs_services: tuple[ServiceSpec, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    network: NetworkSpec | None = None
    registry: RegistrySpec | None = None
    registry_baseline: RegistryBaselineSpec | None = None
    registry_accounts: tuple[str, ...] = ()
    github_pushes: tuple[GitHubPushSettings, ...] = ()
    notifications: NotificationsModel | None = None
    scan_gate: ScanGateModel | None = None
    creates_github_provider: bool = False
    images: tuple[str, ...] = ()
    builds: Mapping[str, ImageModel] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def makes_key(self) -> bool:
        """Whether any of its repositories, or those that ECR creates, uses its own key."""
        templates = self.registry.all_templates if self.registry else ()
        encryptions = [
            *(one.spec.encryption for one in self.repositories),
            *(one.encryption for one in templates),
        ]
        return any(one.uses_shared_key for one in encryptions)

    @property
    def is_empty(self) -> bool:
        """Whether it declares nothing, so that it has no stack."""
        return not (
            self.repositories
            or self.public_repositories
            or self.registry
            or self.registry_baseline
            or self.notifications
            or self.ecs_tasks
            or self.eks_jobs
        )

    def stack_ids(self) -> list[str]:
        """Return the construct IDs of its stacks, in the order of their first deployment."""
        parts = (
            (names.ENCRYPTION, self.makes_key),
            (names.REGISTRY, self.registry),
            (names.REGISTRY_BASELINE, self.registry_baseline),
            *((names.repositories_id(group), True) for group in self.groups()),
            (names.PUBLIC_REPOSITORIES, self.public_repositories),
            (names.GITHUB_ACCESS, self.github_pushes),
            (names.NOTIFICATIONS, self.notifications),
            (names.ECS_WORKLOADS, self.ecs_tasks),
            (names.EKS_WORKLOADS, self.eks_jobs),
        )
        return [construct_id for construct_id, is_declared in parts if is_declared]

    def groups(self) -> dict[str, list[RepositorySettings]]:
        """Return the repositories by group, and so by stack."""
        return by_group(self.repositories)
