"""An environment file as a whole."""

from __future__ import annotations

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
from .repository import Encryption, RepositoryDefaults, RepositoryModel


def _severity(word: str) -> str | None:
    return None if word == "none" else word


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsInFile(ImageEvents):
    """The events that are sent.

    :param scan_severity: the lowest severity of findings to notify about, or ``none``.
    """

    scan_severity: Annotated[
        Severity | None,
        ReadAs(Annotated[Literal[(*get_args(Severity), "none")], AfterValidator(_severity)]),
    ] = "HIGH"


class NotificationsModel(FileModel):
    """Where events about images are sent; by default to a topic that is created.

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


class EnvironmentModel(FileModel):
    """An environment: an account and a region, its repositories and its workloads.

    :param protected: no repository can be destroyed, and no stack deleted.
    :param organization_id: the AWS organization, such as o-a1b2c3d4e5.
    :param github_provider: GitHub's OIDC provider; an account can have only one.
    :param encryption: customer-managed (one rotating key), dsse (that key in two layers, GovCloud
        only), aws-managed, aes256 or a key's ARN.
    :param administrators: roles that alone may delete images and change policies.
    :param break_glass_role: with administrators: emergency role, exempt from the Deny.
    :param required_tags: tag keys that every repository must have; allowed values, or [] for any.
    :param network: where ecs_services run.
    :param eks_cluster: where Jobs with delivery: cluster are applied.
    """

    account: Account
    region: Region
    protected: bool = False
    organization_id: OrganizationId | None = None
    github_provider: Literal["existing", "create"] = "existing"
    encryption: Encryption = Field(default_factory=lambda: EncryptionSpec(kind="customer-managed"))
    administrators: tuple[RoleArn, ...] = ()
    break_glass_role: RoleArn | None = None
    required_tags: dict[str, list[str]] = {}
    notifications: NotificationsModel | None = None
    repository_defaults: RepositoryDefaults = Field(default_factory=RepositoryDefaults)
    repositories: tuple[RepositoryModel, ...] = ()
    ecs_tasks: tuple[EcsTaskModel, ...] = ()
    ecs_services: tuple[ServiceSpec, ...] = ()
    network: NetworkSpec | None = None
    eks_cluster: EksCluster | None = None
    eks_jobs: tuple[EksJobModel, ...] = ()
