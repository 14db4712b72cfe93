"""The shape of an environment file and of its pins, as pydantic models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from checked_files.models import FileModel, checked_by, convertible_by
from constructs_lib.rules.aws import resource_tags
from constructs_lib.rules.ecr import images
from constructs_lib.rules.ecr.image_events import ImageEvents, Severity
from constructs_lib.rules.ecr.tag_immutability import Mode, TagImmutability
from constructs_lib.rules.faults import Fault, raise_if_any
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.presets import PRESETS
from constructs_lib.rules.lifecycle.rule import (
    Action,
    CountType,
    LifecycleRule,
    StorageClass,
    TagStatus,
)
from constructs_lib.rules.policy.github_oidc import GitHubSubject
from constructs_lib.rules.policy.statements import statement_faults

from .ecs import EcsServiceModel, EcsTaskModel, NetworkModel
from .eks import EksClusterModel, EksJobModel
from .field_types import (
    Account,
    EncryptionWord,
    EventBusArn,
    GroupName,
    OrganizationId,
    OrganizationPath,
    ProjectArn,
    Region,
    RepositoryName,
    RoleArn,
    TopicArn,
)

Preset = Literal["standard", "keep_releases", "archive_cold", "ephemeral", "none"]


class RuleModel(FileModel):
    """Define one lifecycle rule, in ECR's own words."""

    description: str = ""
    priority: int | None = None
    tag_status: TagStatus = "any"
    tag_patterns: list[str] = Field(default=[], description="tag patterns; an image matches all")
    tag_prefixes: list[str] = Field(default=[], description="tag prefixes; an image matches all")
    storage_class: StorageClass | None = None
    count_type: CountType
    count_number: int = Field(description="how many images, or how many days")
    action: Action = "expire"

    def rule(self) -> LifecycleRule:
        """Give the rule as a value; it raises what is broken."""
        return LifecycleRule(
            description=self.description,
            priority=self.priority,
            tag_status=self.tag_status,
            tag_patterns=tuple(self.tag_patterns),
            tag_prefixes=tuple(self.tag_prefixes),
            storage_class=self.storage_class,
            count_type=self.count_type,
            count_number=self.count_number,
            action=self.action,
        )


CheckedRule = Annotated[RuleModel, convertible_by(RuleModel.rule)]


class PolicyModel(FileModel):
    """Define a lifecycle policy that says more than its rules."""

    rules: list[CheckedRule]
    allow_touching_live_images: bool = Field(
        default=False, description="do without the rule that keeps what runs"
    )

    def policy(self) -> LifecyclePolicy:
        """Give the policy as a value; it raises what is broken."""
        return LifecyclePolicy(
            tuple(model.rule() for model in self.rules),
            allow_touching_live_images=self.allow_touching_live_images,
        )


def _policy_of_rules(models: list[RuleModel]) -> LifecyclePolicy:
    return PolicyModel(rules=models).policy()


def _form_of_lifecycle(value: Any) -> str:
    if isinstance(value, list):
        return "<rules>"
    return "<mapping>" if isinstance(value, Mapping | PolicyModel) else "<word>"


Lifecycle = Annotated[
    Annotated[Preset, Tag("<word>")]
    | Annotated[list[CheckedRule], convertible_by(_policy_of_rules), Tag("<rules>")]
    | Annotated[PolicyModel, convertible_by(PolicyModel.policy), Tag("<mapping>")],
    Discriminator(_form_of_lifecycle),
]


def lifecycle_policy(lifecycle: Lifecycle) -> LifecyclePolicy | None:
    """Give the policy that a preset's name or a list of rules stands for."""
    if lifecycle == "none":
        return None
    if isinstance(lifecycle, str):
        return PRESETS[lifecycle]()
    if isinstance(lifecycle, list):
        return _policy_of_rules(lifecycle)
    return lifecycle.policy()


class ImmutabilityModel(FileModel):
    """Define tag immutability with exclusion filters."""

    mode: Mode
    exclusion_filters: list[str] = []

    def value(self) -> TagImmutability:
        """Give the immutability as a value; it raises what is broken."""
        return TagImmutability(mode=self.mode, exclusion_filters=tuple(self.exclusion_filters))


Immutability = Annotated[
    Annotated[Literal["IMMUTABLE", "MUTABLE", "IMMUTABLE_EXCEPT_SIGNATURES"], Tag("<word>")]
    | Annotated[ImmutabilityModel, convertible_by(ImmutabilityModel.value), Tag("<mapping>")],
    Discriminator(lambda value: "<word>" if isinstance(value, str) else "<mapping>"),
]


def tag_immutability(immutability: Immutability) -> TagImmutability:
    """Give the value that a mode, or a mode with its filters, stands for."""
    if immutability == "IMMUTABLE_EXCEPT_SIGNATURES":
        return TagImmutability.immutable_except_signatures()
    if isinstance(immutability, str):
        return TagImmutability(mode=immutability)
    return immutability.value()


class AccessModel(FileModel):
    """Define who may do something with a repository, besides its own account."""

    accounts: list[Account] = Field(default=[], description="account numbers, in quotes")
    roles: list[RoleArn] = Field(default=[], description="ARNs of roles that exist")
    organization: bool = Field(default=False, description="all of organization_id")
    organization_paths: list[OrganizationPath] = Field(
        default=[], description="parts of an organisation, such as o-a1/r-ab12/ou-ab12-1111/*"
    )


class PullModel(AccessModel):
    """Define who may pull: people and machines, and AWS services."""

    lambda_accounts: list[Account] = Field(
        default=[], description="accounts whose Lambda functions run the image"
    )
    codebuild_projects: list[ProjectArn] = Field(
        default=[], description="ARNs of projects that pull with CodeBuild's own credentials"
    )


class GitHubModel(FileModel):
    """Define a GitHub workflow run that may push."""

    repository: str = Field(description="OWNER/NAME on GitHub")
    ref: str | None = Field(default=None, description="such as refs/heads/main")
    environment: str | None = Field(default=None, description="the job's environment")
    pull_request: bool = False
    owner_id: str | None = Field(default=None, description="the owner's immutable ID, in quotes")
    repository_id: str | None = Field(default=None, description="likewise the repository's")

    def subject(self) -> GitHubSubject:
        """Give the run as a value; it raises what is broken."""
        return GitHubSubject(**self.model_dump())


class PushModel(AccessModel):
    """Define who may push: people and machines, and GitHub workflow runs."""

    github: list[Annotated[GitHubModel, convertible_by(GitHubModel.subject)]] = []


class RepositoryDefaults(FileModel):
    """Define what every repository of the environment has unless it says otherwise."""

    tag_immutability: Immutability = "IMMUTABLE"
    scan_on_push: bool = True
    lifecycle: Lifecycle = "standard"


Statements = Annotated[list[dict[str, Any]], checked_by(statement_faults)]
Tags = Annotated[dict[str, str], checked_by(resource_tags.tag_faults)]


class RepositoryModel(FileModel):
    """Define one repository."""

    name: RepositoryName
    stack: GroupName = Field(default="main", description="the group it is deployed with")
    tag_immutability: Immutability | None = None
    scan_on_push: bool | None = None
    lifecycle: Lifecycle | None = None
    pull: PullModel = PullModel()
    push: PushModel = PushModel()
    statements: Statements | None = Field(
        default=None, description="more statements of its policy, in IAM's own words"
    )
    adopted: bool = Field(
        default=False, description="it was there before this file: what it has is stated here"
    )
    encryption: EncryptionWord | None = Field(
        default=None, description="unless it is the environment's"
    )
    removal: Literal["retain", "destroy"] = Field(
        default="retain", description="what becomes of it when it leaves the file"
    )
    empty_on_delete: bool = Field(default=False, description="with destroy: its images go too")
    tags: Tags = {}


class NotificationsModel(FileModel):
    """Define who is told what happens to images; without an ARN, a topic of its own."""

    topic_arn: TopicArn | None = Field(
        default=None, description="a topic that exists and lets EventBridge publish"
    )
    event_bus_arn: EventBusArn | None = None
    scan_severity: Literal[Severity, "none"] = Field(
        default="HIGH", description="tell findings at least this severe"
    )
    pushes: bool = False
    pull_through_failures: bool = True
    failed_pulls: bool = True
    repositories: list[str] = Field(
        default=[], description="names, or beginnings such as team/*; all by default"
    )

    def events(self) -> ImageEvents:
        """Give what is told as a value; it raises what is broken."""
        if self.topic_arn and self.event_bus_arn:
            message = "topic_arn or event_bus_arn is told, got both. Leave one out."
            raise_if_any("notifications", [Fault("", message)])
        return ImageEvents(
            scan_severity=None if self.scan_severity == "none" else self.scan_severity,
            pushes=self.pushes,
            pull_through_failures=self.pull_through_failures,
            failed_pulls=self.failed_pulls,
            repositories=tuple(self.repositories),
        )


class EnvironmentModel(FileModel):
    """Define an environment: an account and a region, its repositories and what runs them."""

    account: Account
    region: Region
    protected: bool = False
    organization_id: OrganizationId | None = None
    github_provider: Literal["existing", "create"] = Field(
        default="existing", description="GitHub's identity provider: an account has it once"
    )
    encryption: EncryptionWord = Field(
        default="customer-managed",
        description="customer-managed (one rotating key), dsse (that key in two layers, in "
        "GovCloud alone), aws-managed, aes256 or a key's ARN",
    )
    administrators: list[RoleArn] = Field(
        default=[], description="roles that alone may delete and change policies"
    )
    break_glass_role: RoleArn | None = Field(
        default=None, description="with administrators: one more role, for the worst day"
    )
    required_tags: dict[str, list[str]] = Field(
        default={}, description="keys that every repository has; allowed values, or [] for any"
    )
    notifications: (
        Annotated[NotificationsModel, convertible_by(NotificationsModel.events)] | None
    ) = None
    repository_defaults: RepositoryDefaults = RepositoryDefaults()
    repositories: list[RepositoryModel] = []
    ecs_tasks: list[Annotated[EcsTaskModel, convertible_by(EcsTaskModel.spec)]] = []
    ecs_services: list[EcsServiceModel] = []
    network: Annotated[NetworkModel, convertible_by(NetworkModel.check)] | None = Field(
        default=None, description="where ecs_services run"
    )
    eks_cluster: EksClusterModel | None = Field(
        default=None, description="where Jobs with delivery: cluster are applied"
    )
    eks_jobs: list[Annotated[EksJobModel, convertible_by(EksJobModel.check)]] = []


class PinModel(FileModel):
    """Define which image a name stands for."""

    registry: str | None = Field(
        default=None, description="the environment that holds it, or public.ecr.aws"
    )
    repository: RepositoryName
    tag: str | None = None
    digest: str | None = None
    tag_may_move: bool = Field(
        default=False, description="run whatever the tag points to when a task or pod starts"
    )


Pins = dict[
    str,
    Annotated[
        PinModel, checked_by(lambda pin: images.reference_faults(tag=pin.tag, digest=pin.digest))
    ],
]
