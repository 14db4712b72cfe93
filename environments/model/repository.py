"""Repositories in an environment file, and the pins of their images."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from checked_files.forms import MAPPING, WORD, ReadAs, word_or_mapping
from checked_files.models import CheckedText, FileModel
from constructs_lib.rules.ecr.repository import STANDARD_LIFECYCLE, EncryptionKind, EncryptionSpec
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from constructs_lib.rules.ecs.secret import KEY_ARN
from constructs_lib.rules.faults import Fault, faults_unless
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.lifecycle.presets import PRESETS
from constructs_lib.rules.lifecycle.rule import LifecycleRule
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.github_oidc import GitHubSubject
from constructs_lib.rules.registry.prefixes import ROOT

from .field_types import (
    Account,
    GroupName,
    LambdaFunctionArn,
    OrganizationId,
    OrganizationPath,
    ProjectArn,
    RepositoryName,
    RoleArn,
    SessionArn,
    UserArn,
)

_RULES = "<rules>"
_KINDS: tuple[EncryptionKind, ...] = ("customer-managed", "dsse", "aws-managed", "aes256")


def _form(value: Any) -> str:
    if isinstance(value, list):
        return _RULES
    return MAPPING if isinstance(value, Mapping) else WORD


def _preset(word: str) -> LifecyclePolicy | None:
    return PRESETS[word]() if word in PRESETS else None


Lifecycle = Annotated[
    LifecyclePolicy | None,
    ReadAs(
        Annotated[
            Annotated[Literal[(*PRESETS, "none")], AfterValidator(_preset), Tag(WORD)]
            | Annotated[tuple[LifecycleRule, ...], AfterValidator(LifecyclePolicy), Tag(_RULES)]
            | Annotated[LifecyclePolicy, Tag(MAPPING)],
            Discriminator(_form),
        ]
    ),
]


Immutability = Annotated[
    TagImmutability,
    word_or_mapping(
        TagImmutability,
        IMMUTABLE=TagImmutability,
        MUTABLE=lambda: TagImmutability(mode="MUTABLE"),
        IMMUTABLE_EXCEPT_SIGNATURES=TagImmutability.immutable_except_signatures,
    ),
]


_ENCRYPTION = re.compile(rf"{'|'.join(_KINDS)}|{KEY_ARN.pattern}")


def _encryption_faults(encryption: str) -> list[Fault]:
    return faults_unless(
        _ENCRYPTION.fullmatch(encryption),
        f"encryption must be {', '.join(_KINDS)} or the ARN of a KMS key, got "
        f"'{encryption[:120]}'.",
    )


def _encryption(given: str) -> EncryptionSpec:
    for kind in _KINDS:
        if given == kind:
            return EncryptionSpec(kind=kind)
    return EncryptionSpec(kind="customer-managed", key_arn=given)


Encryption = Annotated[
    EncryptionSpec,
    ReadAs(
        Annotated[
            str,
            CheckedText(_encryption_faults, _ENCRYPTION, "aws-managed"),
            AfterValidator(_encryption),
        ]
    ),
]


def encryption_text(encryption: EncryptionSpec) -> str:
    """Return an encryption as a file writes it."""
    return encryption.key_arn or encryption.kind


class AccessModel(FileModel):
    """Principals that may use a repository, besides its own account.

    :param accounts: account numbers, in quotes.
    :param roles: ARNs of existing roles.
    :param users: ARNs of existing IAM users.
    :param sessions: ARNs of single sessions of existing roles, arn:aws:sts::...:assumed-role/...
    :param organization: every account of organization_id.
    :param organizations: IDs of more organizations, each with every account of it.
    :param organization_paths: parts of an organization, such as o-a1/r-ab12/ou-ab12-1111/*.
    """

    accounts: tuple[Account, ...] = ()
    roles: tuple[RoleArn, ...] = ()
    users: tuple[UserArn, ...] = ()
    sessions: tuple[SessionArn, ...] = ()
    organization: bool = False
    organizations: tuple[OrganizationId, ...] = ()
    organization_paths: tuple[OrganizationPath, ...] = ()

    def access(self, organization_id: str | None) -> Access:
        """Return the access that the mapping describes."""
        return Access(
            accounts=self.accounts,
            role_arns=self.roles,
            user_arns=self.users,
            session_arns=self.sessions,
            organization_id=organization_id if self.organization else None,
            organization_ids=self.organizations,
            organization_paths=self.organization_paths,
        )


class PullModel(AccessModel):
    """Principals and AWS services that may pull.

    :param lambda_accounts: accounts whose Lambda functions run the image.
    :param lambda_functions: ARNs of single functions that run the image, in the same region.
    :param codebuild_projects: ARNs of projects that pull with CodeBuild's own credentials.
    """

    lambda_accounts: tuple[Account, ...] = ()
    lambda_functions: tuple[LambdaFunctionArn, ...] = ()
    codebuild_projects: tuple[ProjectArn, ...] = ()

    def access(self, organization_id: str | None) -> Access:
        """Return the access that the mapping describes."""
        return replace(
            super().access(organization_id),
            lambda_accounts=self.lambda_accounts,
            lambda_function_arns=self.lambda_functions,
            codebuild_project_arns=self.codebuild_projects,
        )


class PushModel(AccessModel):
    """Principals and GitHub workflow runs that may push.

    :param github: the workflow runs, for which a role is created.
    """

    github: tuple[GitHubSubject, ...] = ()


class RepositoryDefaults(FileModel):
    """Settings of every repository of the environment that does not override them.

    :param tag_immutability: IMMUTABLE (the default), MUTABLE, IMMUTABLE_EXCEPT_SIGNATURES, or a
        mapping of a mode and exclusion filters.
    :param scan_on_push: whether images are scanned when they are pushed; true by default.
    :param lifecycle: a preset (standard by default), none, a list of rules, or a mapping.
    """

    tag_immutability: Immutability = Field(default_factory=TagImmutability)
    scan_on_push: bool = True
    lifecycle: Lifecycle = Field(default_factory=lambda: STANDARD_LIFECYCLE)


class RepositoryModel(FileModel):
    """A repository.

    :param name: 2 to 256 lower-case letters and digits, joined by / - _ and the period.
    :param stack: the repository's group; the repositories of a group share a stack.
    :param tag_immutability: overrides the environment's default.
    :param scan_on_push: overrides the environment's default.
    :param lifecycle: overrides the environment's default; none expires no image.
    :param pull: the principals that may pull besides the account itself; by default none.
    :param push: the principals that may push besides the account itself; by default none.
    :param statements: more statements of the repository policy, in IAM's syntax.
    :param adopted: the repository already exists: every property must state its current value.
    :param encryption: overrides the environment's encryption.
    :param removal: the result when the repository leaves the file: retain (the default) or destroy.
    :param empty_on_delete: deletes its images with it; requires removal: destroy.
    :param tags: the repository's AWS tags, at most 50.
    """

    name: RepositoryName
    stack: GroupName = "main"
    tag_immutability: Immutability | None = None
    scan_on_push: bool | None = None
    lifecycle: Lifecycle = None
    pull: PullModel = PullModel()
    push: PushModel = PushModel()
    statements: tuple[dict[str, Any], ...] | None = None
    adopted: bool = False
    encryption: Encryption | None = None
    removal: Literal["retain", "destroy"] = "retain"
    empty_on_delete: bool = False
    tags: dict[str, str] = {}

    def immutability(self, defaults: RepositoryDefaults) -> TagImmutability:
        """Return the repository's tag immutability, or the environment's default."""
        return self.tag_immutability or defaults.tag_immutability


class PinModel(FileModel):
    """The image that a name refers to.

    :param registry: the environment whose registry contains the image, or public.ecr.aws.
    :param cache: the prefix of a pull-through cache of that registry, such as docker-hub.
    :param repository: the repository's name; in a cache the upstream's name, such as
        library/nginx.
    :param tag: the image's tag; with a digest, a label of the workload.
    :param digest: the image's digest, which `ecrctl pin` writes.
    :param tag_may_move: accepts a tag that can be moved: each task or pod runs the image that the
        tag has when it starts.
    """

    registry: str | None = None
    cache: str | None = None
    repository: RepositoryName
    tag: str | None = None
    digest: str | None = None
    tag_may_move: bool = False

    @property
    def repository_name(self) -> str:
        """The repository's name in its registry, which in a cache begins with the prefix."""
        if self.cache is None or self.cache == ROOT:
            return self.repository
        return f"{self.cache}/{self.repository}"


Pins = dict[str, PinModel]
