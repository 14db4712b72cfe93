"""An environment file as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from checked_files.forms import ReadAs
from checked_files.models import FileModel
from constructs_lib.rules.aws.networks import NetworkSpec
from constructs_lib.rules.ecr.image_events import ImageEvents, Severity
from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.faults import Fault, raise_if_any

from .ecs import EcsTaskModel
from .eks import EksCluster, EksJobModel
from .field_types import Account, EventBusArn, OrganizationId, Region, RoleArn, TopicArn
from .images import Images
from .public_repository import PublicRepositoryModel
from .registry import RegistryBaselineModel, RegistryModel
from .repository import Encryption, RepositoryDefaults, RepositoryModel


def _severity(word: str) -> str | None:
    return None if word == "none" else word


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsInFile(ImageEvents):
    """The events that are sent.

    :param scan_severity: the lowest severity of findings to notify about, or ``none``; ``HIGH`` by
        default.
    """

    scan_severity: Annotated[
        Severity | None,
        ReadAs(Annotated[Literal[(*get_args(Severity), "none")], AfterValidator(_severity)]),
    ] = "HIGH"


class NotificationsModel(FileModel):
    """The target of events about images; by default a new topic.

    :param topic_arn: an existing topic whose policy lets EventBridge publish.
    :param event_bus_arn: an event bus, instead of a topic.
    """

    topic_arn: TopicArn | None = None
    event_bus_arn: EventBusArn | None = None
    events: Annotated[EventsInFile, Field(alias="<events>")]

    @model_validator(mode="after")
    def _check(self) -> NotificationsModel:
        if self.topic_arn and self.event_bus_arn:
            message = "notifications take either topic_arn or event_bus_arn, got both. Remove one."
            raise_if_any("", [Fault("", message)])
        return self


class ScanGateModel(FileModel):
    """The findings that keep an image from being promoted to the environment.

    :param fail_on: the least severity that refuses an image.
    :param unscannable: an image without complete results is refused (fail) or promoted (allow); by
        default, the promotion ends with an error.
    """

    fail_on: Literal["critical", "high", "medium", "low"] = "high"
    unscannable: Literal["allow", "fail"] | None = None


class EnvironmentModel(FileModel):
    """An environment: an account and a region, its repositories and its workloads.

    :param account: the account number, in quotes.
    :param region: the region, such as eu-west-1.
    :param protected: refuses removal: destroy, and protects the stacks from deletion.
    :param organization_id: the AWS organization, such as o-a1b2c3d4e5.
    :param github_provider: create: this environment creates GitHub's OIDC provider, of which an
        account can have only one; existing (the default): the account has it.
    :param encryption: customer-managed (one rotating key, the default), dsse (that key in two
        layers, GovCloud only), aws-managed, aes256 or a key's ARN.
    :param administrators: the only roles that may delete, archive or restore images and change
        policies; requires break_glass_role.
    :param break_glass_role: the emergency role, exempt from the Deny; requires administrators.
    :param tags: AWS tags of all resources of the environment's stacks that can have tags, at most
        50; a repository's own tags override them.
    :param required_tags: for each tag key that a repository must have, the allowed values; [] for
        any value.
    :param notifications: events about images; by default none are sent.
    :param scan_gate: the findings with which `ecrctl promote` refuses an image; by default none.
    :param registry: the settings of the account's private registry in the region; by default they
        stay as they are. One environment of an account and region can have them.
    :param registry_baseline: registry settings of all accounts in organizational units; requires an
        environment of its own.
    :param repository_defaults: settings of repositories that do not override them.
    :param repositories: the repositories.
    :param public_repositories: repositories from which everyone may pull; in us-east-1 alone.
    :param images: by the name that workloads use, the images that are built from a Dockerfile.
    :param ecs_tasks: the ECS task definitions.
    :param ecs_services: the Fargate services, each of one task; requires network.
    :param network: the private network in which ecs_services run.
    :param eks_cluster: the cluster to which Jobs with delivery: cluster are applied.
    :param eks_jobs: the Kubernetes Jobs and CronJobs.
    """

    account: Account
    region: Region
    protected: bool = False
    organization_id: OrganizationId | None = None
    github_provider: Literal["existing", "create"] = "existing"
    encryption: Encryption = Field(default_factory=lambda: EncryptionSpec(kind="customer-managed"))
    administrators: tuple[RoleArn, ...] = ()
    break_glass_role: RoleArn | None = None
    tags: dict[str, str] = {}
    required_tags: dict[str, list[str]] = {}
    notifications: NotificationsModel | None = None
    scan_gate: ScanGateModel | None = None
    registry: RegistryModel | None = None
    registry_baseline: RegistryBaselineModel | None = None
    repository_defaults: RepositoryDefaults = Field(default_factory=RepositoryDefaults)
    repositories: tuple[RepositoryModel, ...] = ()
    public_repositories: tuple[PublicRepositoryModel, ...] = ()
    images: Images = {}
    ecs_tasks: tuple[EcsTaskModel, ...] = ()
    ecs_services: tuple[ServiceSpec, ...] = ()
    network: NetworkSpec | None = None
    eks_cluster: EksCluster | None = None
    eks_jobs: tuple[EksJobModel, ...] = ()

    def tags_with(self, own: Mapping[str, str]) -> dict[str, str]:
        """Return the tags of a resource that has its own tags."""
        return {**self.tags, **own}
