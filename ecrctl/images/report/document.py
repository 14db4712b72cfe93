"""The report as data; every form of output is made of it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from constructs_lib.rules.lifecycle.preview import ImageStatus, Outcome
from ecrctl.images.scanning.findings import Severity

# "no" only where everything was looked at; "not asked" without --in-use.
InUse = Literal["yes", "no", "unknown", "not asked"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PinDocument(_Model):
    """A pin of an image."""

    environment: str
    name: str = Field(description="The image's name in the file of pins.")


class UseDocument(_Model):
    """A workload that runs an image, or will start it."""

    kind: str = Field(description="Such as ECS service or Kubernetes Pod.")
    name: str = Field(description="Such as cluster/service or namespace/pod.")
    reference: str = Field(description="The digest that runs, or the tag that the workload names.")


class UnscannedDocument(_Model):
    """An image of one platform without complete results of a scan."""

    digest: str
    platform: str = Field(description="Such as linux/arm64; empty for an image without an index.")
    reason: str


class ScanDocument(_Model):
    """The vulnerabilities of some images, each vulnerability of a package once."""

    images: int = Field(description="The images whose platforms were looked at.")
    scanned: int = Field(description="The platforms that have complete results.")
    unscanned: list[UnscannedDocument] = Field(description="They are neither good nor bad.")
    severities: dict[Severity, int] = Field(
        description="Suppressed findings do not count. Those of incomplete scans do."
    )


class LifecycleDocument(_Model):
    """What the deployed lifecycle policy does with an image when ECR evaluates it next."""

    outcome: Outcome
    rule: int | None = Field(description="The rule's priority; null if no rule matches.")
    reason: str


class PromotionDocument(_Model):
    """A record of a promotion. It is not signed: anyone who may push can write one."""

    source: str = Field(description="The URI of the repository that the image came from.")
    promoted_by: str
    promoted_at: datetime


class ImageDocument(_Model):
    """An image of a repository."""

    digest: str
    tags: list[str]
    pushed_at: datetime
    last_pulled_at: datetime | None
    size_bytes: int = Field(description="The compressed size; of an index, that of its largest.")
    index: bool = Field(description="Whether it lists other images, which have sizes of their own.")
    status: ImageStatus
    pinned_by: list[PinDocument]
    in_use: InUse
    used_by: list[UseDocument]
    lifecycle: LifecycleDocument | None = Field(
        description="null without a policy, or where it cannot be read."
    )
    scan: ScanDocument | None = Field(
        description="Of the newest image, and of those that are pinned or in use; null elsewhere, "
        "or where it cannot be read."
    )
    promotions: list[PromotionDocument] | None = Field(
        description="Of the same images, the oldest first; null elsewhere, or where they cannot be "
        "read."
    )


class NewestDocument(_Model):
    """The image that was pushed last, among those with a tag of a person."""

    digest: str
    tag: str
    pushed_at: datetime


class SizeDocument(_Model):
    """Bytes by storage class. Layers that images share count for each of them."""

    standard: int
    archive: int


class LifecycleSummaryDocument(_Model):
    """What the deployed lifecycle policy does when ECR evaluates it next."""

    expires: list[str] = Field(description="Digests of images that it deletes.")
    archives: list[str] = Field(description="Digests of images that it archives.")
    warnings: list[str] = Field(
        description="Sentences about images among them that are pinned or in use."
    )


class RepositoryDocument(_Model):
    """A repository of the environment."""

    name: str
    deployed: bool | None = Field(description="null where it cannot be read.")
    images: int | None
    archived_images: int | None
    size_bytes: SizeDocument | None
    monthly_usd: float | None = Field(description="For storage; at most, as for the sizes.")
    newest: NewestDocument | None
    last_pulled_at: datetime | None
    scan: ScanDocument | None = Field(
        description="Of the newest image, and of those that are pinned or in use; null where it "
        "cannot be read."
    )
    promotions: list[PromotionDocument] | None = Field(
        description="Of the same images, the oldest first; null where they cannot be read."
    )
    pinned_by: list[PinDocument]
    in_use: InUse
    used_by: list[UseDocument]
    has_lifecycle_policy: bool | None = Field(description="null where it cannot be read.")
    lifecycle: LifecycleSummaryDocument | None = Field(
        description="null without a policy, or where it cannot be read."
    )
    details: list[ImageDocument] = Field(description="The newest first.")
    unread: list[str] = Field(description="What could not be read, or was not looked at.")
    notes: list[str] = Field(description="Pins and workloads whose image is not there.")


class TotalsDocument(_Model):
    """The sums of the repositories that could be read."""

    repositories: int
    images: int
    size_bytes: SizeDocument
    monthly_usd: float
    severities: dict[Severity, int]
    unscanned: int


class PriceDocument(_Model):
    """A price of the table with which costs are calculated."""

    item: str
    price: str


class PricesDocument(_Model):
    """The prices."""

    as_of: str
    region: str
    table: list[PriceDocument]


class ReportDocument(_Model):
    """The images of an environment's repositories."""

    version: Literal[1]
    environment: str
    account: str
    region: str
    generated_at: datetime
    complete: bool = Field(description="Whether everything that was asked for could be read.")
    looked_at: list[str] = Field(description="The places in which workloads were looked for.")
    unread: list[str] = Field(description="What could not be read, or was not looked at.")
    totals: TotalsDocument
    prices: PricesDocument
    repositories: list[RepositoryDocument]
