"""The registry of an environment's account and region in an environment file."""

from typing import Annotated, Any, Literal

from pydantic import Field

from checked_files.forms import word_or_mapping
from checked_files.models import FileModel, checked_by
from constructs_lib.rules.registry.baseline import (
    FAILURE_TOLERANCE_PERCENTAGE,
    MAX_CONCURRENT_PERCENTAGE,
    failure_tolerance_faults,
    max_concurrent_faults,
)
from constructs_lib.rules.registry.creation_templates import AppliedFor
from constructs_lib.rules.registry.pull_through import upstream_faults
from constructs_lib.rules.registry.registry import ON_PUSH
from constructs_lib.rules.registry.scanning import RegistryScanning
from constructs_lib.rules.registry.signing import SigningRule
from constructs_lib.rules.registry.upstreams import UPSTREAM_NAMES

from .field_types import OrganizationalUnit, Region
from .repository import AccessModel, Encryption, Immutability, Lifecycle, PullModel

Scanning = Annotated[
    RegistryScanning | None, word_or_mapping(RegistryScanning, unmanaged=lambda: None)
]
# A word outside the list is refused with the way to copy images of other registries.
Upstream = Annotated[
    str,
    checked_by(upstream_faults),
    Field(json_schema_extra={"enum": list(UPSTREAM_NAMES)}),
]


class CreatedRepositoriesModel(FileModel):
    """Settings of repositories that ECR creates.

    :param tag_immutability: overrides the environment's repository_defaults.
    :param encryption: overrides the environment's encryption.
    :param lifecycle: overrides the environment's repository_defaults; none expires no image.
    :param tags: the repositories' AWS tags, at most 50.
    """

    tag_immutability: Immutability | None = None
    encryption: Encryption | None = None
    lifecycle: Lifecycle = None
    tags: dict[str, str] = {}


class CacheModel(CreatedRepositoriesModel):
    """A pull-through cache.

    :param prefix: the beginning of its repositories' names, of 2 to 30 characters and without the
        slash; ROOT for all other names.
    :param upstream: the registry that it copies from.
    :param secret_arn: the secret with which ECR signs in, by its complete ARN; for docker-hub,
        github-container-registry, gitlab-container-registry, azure-container-registry and
        chainguard.
    :param host: for azure-container-registry such as acme.azurecr.io; for ecr such as
        111111111111.dkr.ecr.eu-west-1.amazonaws.com.
    :param upstream_prefix: for ecr, the beginning of the upstream's names; by default all names.
    :param role_arn: for ecr, an existing role that pulls from another account; by default a new
        one.
    :param pull: the principals besides the account's own that may pull and so fill the cache.
    """

    prefix: str
    upstream: Upstream
    secret_arn: str | None = None
    host: str | None = None
    upstream_prefix: str | None = None
    role_arn: str | None = None
    pull: AccessModel = AccessModel()


class TemplateModel(CreatedRepositoriesModel):
    """A creation template.

    :param prefix: the beginning of the names that it applies to, without the slash; ROOT for all
        other names.
    :param applied_for: the causes for which ECR creates a repository: PULL_THROUGH_CACHE,
        REPLICATION, CREATE_ON_PUSH.
    :param pull: the principals that may pull besides the account itself; by default none.
    :param push: the principals that may push besides the account itself; by default none.
    :param statements: more statements of the repositories' policy, in IAM's syntax.
    :param description: up to 256 characters.
    """

    prefix: str
    applied_for: tuple[AppliedFor, ...]
    pull: PullModel = PullModel()
    push: AccessModel = AccessModel()
    statements: tuple[dict[str, Any], ...] = ()
    description: str | None = None


class ReplicationModel(FileModel):
    """A replication rule.

    :param destinations: the environments whose account and region the images are copied to; each
        gets the permission and the creation template that the copies require.
    :param filters: beginnings of repository names, such as team/; ["*"] for every repository.
    """

    destinations: tuple[str, ...]
    filters: tuple[str, ...]


class RegistryPolicyModel(FileModel):
    """The registry policy; it requires the account's registry policy scope V2.

    :param organization_pull: where pull.organization of a repository is granted: in the policies
        of the repositories (the default), in both, or in the registry's alone. Change it to both
        first, and to registry in a second deployment.
    :param statements: more statements, in IAM's syntax, each with Resource.
    """

    organization_pull: Literal["repositories", "both", "registry"] = "repositories"
    statements: tuple[dict[str, Any], ...] = ()


class RegistryModel(FileModel):
    """The settings of the account's private registry in the region.

    :param scanning: a scan type and rules; by default every pushed image has a basic scan.
        unmanaged leaves the registry's scanning as it is.
    :param replication: rules that copy pushed images to other environments.
    :param caches: pull-through caches of other registries, at most 50.
    :param templates: settings of repositories that ECR creates.
    :param signing: rules that sign pushed images, at most 10.
    :param exclusions: ARNs of roles and users whose pulls do not count as a use of an image.
    :param policy: the registry policy, besides the statements for caches and replication.
    :param blob_mounting: whether a push reuses layers of other repositories that have the same
        encryption and key; by default the account's setting stays as it is.
    """

    scanning: Scanning = ON_PUSH
    replication: tuple[ReplicationModel, ...] = ()
    caches: tuple[CacheModel, ...] = ()
    templates: tuple[TemplateModel, ...] = ()
    signing: tuple[SigningRule, ...] = ()
    exclusions: tuple[str, ...] = ()
    policy: RegistryPolicyModel = RegistryPolicyModel()
    blob_mounting: bool | None = None

    def cache(self, prefix: str) -> CacheModel | None:
        """Return the cache of a prefix."""
        return next((one for one in self.caches if one.prefix == prefix), None)


class RegistryBaselineModel(FileModel):
    """The registry settings of many accounts, which CloudFormation deploys as a stack set.

    :param organizational_units: IDs of organizational units, or the root's; all accounts in and
        under them are targets.
    :param regions: the regions in which each account gets the settings.
    :param registry: the settings, without replication, secrets, roles, keys, signing profiles,
        exclusions, statements and blob_mounting, which are of one account.
    :param max_concurrent_percentage: of the accounts of a region; the failure tolerance limits it
        too.
    :param failure_tolerance_percentage: the accounts of a region, in percent, in which a deployment
        may fail before it stops.
    :param auto_deployment: whether accounts that join or leave get or lose the stacks.
    :param retain_on_account_removal: whether the resources stay in an account that leaves; by
        default they do.
    :param delegated_administrator: whether the account is a delegated administrator for
        CloudFormation, and not the organization's management account.
    """

    organizational_units: tuple[OrganizationalUnit, ...]
    regions: tuple[Region, ...]
    registry: RegistryModel = RegistryModel()
    max_concurrent_percentage: Annotated[int, checked_by(max_concurrent_faults)] = (
        MAX_CONCURRENT_PERCENTAGE
    )
    failure_tolerance_percentage: Annotated[int, checked_by(failure_tolerance_faults)] = (
        FAILURE_TOLERANCE_PERCENTAGE
    )
    auto_deployment: bool = True
    retain_on_account_removal: bool | None = None
    delegated_administrator: bool = False
