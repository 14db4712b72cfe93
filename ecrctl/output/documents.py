"""The JSON of the commands that print no document of their own room, as models.

Names are in snake case. A value that a command does not have is ``null``.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel


class Document(BaseModel):
    """A mapping in a command's JSON."""

    # Built when it is printed: a push that has nothing to send is short.
    model_config = ConfigDict(extra="forbid", from_attributes=True, defer_build=True)


class FaultDocument(Document):
    """A fault of a file."""

    file: str | None = Field(
        description="The folder and the name of the file; null for a file that does not exist."
    )
    line: int | None = Field(description="Its line, from 1; null for one without a place.")
    column: int | None = Field(description="Its column, from 1; null for one without a place.")
    path: str | None = Field(
        description="The path in the file, such as `repositories[3].name`; null for none."
    )
    message: str


class CheckedEnvironment(Document):
    """An environment without faults."""

    environment: str
    notices: list[str] = Field(description="What is valid, and may be a mistake.")


class CheckDocument(Document):
    """The environments without faults, or every fault of the files."""

    environments: list[CheckedEnvironment] = Field(description="Empty if there are faults.")
    faults: list[FaultDocument]


class ListedEnvironment(Document):
    """What an environment's file declares."""

    environment: str
    account: str
    region: str
    protected: bool = Field(description="Whether the stacks have termination protection.")
    stacks: list[str] = Field(description="The names that CloudFormation has for its stacks.")
    repositories: list[str]
    public_repositories: list[str]
    workloads: list[str] = Field(description="The kind and the name of each workload.")


class ListDocument(RootModel[list[ListedEnvironment]]):
    """All environments, by name."""


class NoteDocument(Document):
    """What an import would delete, change or leave out."""

    repository: str
    what: str = Field(description="The state today.")
    then: str = Field(description="The consequence of the import.")


class ImportDocument(Document):
    """An import that was written."""

    environment: str
    account: str
    region: str
    to_import: list[str] = Field(description="The repositories that the stacks will contain.")
    deployed: list[str] = Field(description="Those that this environment's stacks have already.")
    missing: list[str] = Field(description="Those that the file declares and no account has.")
    file: str = Field(description="The environment file that was written.")
    mappings: dict[str, str] = Field(
        description="The resource mapping of each stack, by the stack's path in the app."
    )
    notes: list[NoteDocument]
    next_commands: list[str]


class CountDocument(Document):
    """A number of blobs, and their bytes."""

    blobs: int
    bytes: int


class PlannedBlob(Document):
    """A blob of a plan."""

    digest: str
    size: int
    action: Literal["send", "mount", "present"]
    mounted_from: str | None = Field(description="The repository that has it; null for no mount.")


class PlannedManifest(Document):
    """A manifest that a plan writes."""

    digest: str
    media_type: str
    tag: str | None


class PlannedCopy(Document):
    """The steps of a copy."""

    manifests: list[PlannedManifest]
    blobs: list[PlannedBlob]


class CopyDocument(Document):
    """What a copy moved, or would move."""

    sent: CountDocument
    mounted: CountDocument
    present: CountDocument
    manifests: int = Field(description="The number of manifests that were, or would be, written.")
    planned: PlannedCopy | None = Field(description="The steps, with --plan; null otherwise.")


class PulledDocument(Document):
    """An image that was pulled, or would be."""

    repository: str
    tag: str | None = Field(description="The tag in the target; null for none.")
    digest: str
    uri: str = Field(description="The image in its registry, by its digest.")
    plan: bool = Field(description="Whether nothing was moved.")
    copied: CopyDocument


class PushedImage(Document):
    """An image that was pushed, or would be."""

    image: str | None = Field(description="The name under `images`; null with --from.")
    repository: str
    tag: str | None
    digest: str | None = Field(description="null for an image that --plan would build.")
    uri: str | None = Field(description="The image in its registry, by its digest.")
    plan: bool = Field(description="Whether nothing was moved.")
    built: bool = Field(description="Whether it was, or would be, built by this command.")
    pinned: bool = Field(description="Whether it was, or would be, pinned by this command.")
    copied: CopyDocument | None = Field(
        description="null for an image that the registry has already, or that --plan would build."
    )


class PushDocument(RootModel[list[PushedImage]]):
    """The images of a push."""


class PromotedImage(Document):
    """An image that was promoted, or would be."""

    repository: str = Field(description="The repository of the target.")
    tag: str | None
    live_tag: str | None = Field(description="The tag that protects it; null for none.")
    digest: str
    uri: str = Field(description="The image in the target's registry, by its digest.")
    source: str = Field(description="The image in the registry that it is copied from.")
    recorded: bool = Field(description="Whether a promotion record is attached.")
    pins: list[str] = Field(description="The pins of the target that name it.")
    plan: bool = Field(description="Whether nothing was moved.")
    copied: CopyDocument


class PromoteDocument(RootModel[list[PromotedImage]]):
    """The images of a promotion; with --all, those that the target lacks."""


class PinDocument(Document):
    """A pin that was written."""

    environment: str
    image: str = Field(description="The name that workloads use.")
    registry: str = Field(description="The environment that declares the repository.")
    repository: str
    tag: str | None
    digest: str
    live_tag: str = Field(description="The tag that protects the image.")
    file: str = Field(description="The name of the file of pins.")
    commit: str | None = Field(
        description="With --previous, the commit that has the pin; null otherwise."
    )


class UnpinDocument(Document):
    """A pin that was removed."""

    environment: str
    image: str
    file: str = Field(description="The name of the file of pins.")


class BaseImageDocument(Document):
    """An image for the `FROM` of a Dockerfile."""

    repository: str
    tag: str
    digest: str
    uri: str = Field(description="The image by its tag and digest.")


class RemarkDocument(Document):
    """A remark about one image of a Dockerfile."""

    file: str
    line: int
    kind: Literal["malformed", "not pinned", "unknown digest", "archived", "undecided", "pinned"]
    subject: str
    text: str = Field(description="A verb phrase that continues the subject.")
    is_finding: bool = Field(description="Whether the file must be changed.")


class DockerfileCheckDocument(Document):
    """Every image on ECR in some Dockerfiles."""

    files: int = Field(description="The number of files.")
    remarks: list[RemarkDocument]


class ManifestsDocument(Document):
    """The manifests of an environment's Jobs."""

    written: list[str]
    unused: list[str] = Field(description="Manifests in the folder that belong to no Job.")


class GrantDocument(Document):
    """A verb that policies allow or deny a principal on a repository."""

    environment: str
    repository: str
    repository_arn: str
    verb: str
    actions: list[str] = Field(description="The actions of the verb that are allowed or denied.")
    effect: Literal["Allow", "Deny"]
    principal: str
    condition: str = Field(description="The conditions of the statements; empty for none.")
    policy: str = Field(description="The kind of policy that allows or denies the verb.")
    also_requires: str = Field(description="What other policies must allow; empty for nothing.")
    is_open_to_everyone: bool = Field(
        description="Whether everyone is allowed, without a condition that limits the callers."
    )


class PushRoleDocument(Document):
    """A role that GitHub Actions assumes to push."""

    environment: str
    subject: str = Field(description="The workflow runs that can assume it.")
    name: str
    arn: str


class AccessDocument(Document):
    """The access to the repositories of environments."""

    grants: list[GrantDocument] = Field(description="Every grant on every repository.")
    undecided: list[str] = Field(description="Sentences about policies that could not be read.")
    github_roles: list[PushRoleDocument] = Field(
        description="The roles with which GitHub Actions pushes."
    )


class PreviewedImage(Document):
    """The outcome of a lifecycle policy for an image."""

    digest: str
    tags: list[str]
    pushed_at: str = Field(description="The time of the push, with its zone.")
    status: str
    storage_class: str
    outcome: Literal["kept", "archived", "expired"]
    rule: int | None = Field(description="The priority of the rule; null for none.")
    reason: str
    needed_by: list[str] | None = Field(
        description="The pins and workloads that need it, with --in-use; null otherwise."
    )


class LifecycleDocument(RootModel[list[PreviewedImage]]):
    """The images of a repository, in the order of their evaluation."""
