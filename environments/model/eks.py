"""The shape of Kubernetes Jobs in an environment file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from checked_files.models import FileModel
from constructs_lib.rules.faults import Fault, RuleError, raise_if_any
from constructs_lib.rules.kubernetes.cron_job import (
    ConcurrencyPolicy,
    CronSchedule,
    cron_name_faults,
)
from constructs_lib.rules.kubernetes.delivery import cron_delivery_faults, delivery_faults
from constructs_lib.rules.kubernetes.hardening import NON_ROOT_USER, PodHardening
from constructs_lib.rules.kubernetes.job import JobRun, JobSpec, NameSuffix
from constructs_lib.rules.kubernetes.pod import (
    JobPod,
    Resources,
    RestartPolicy,
    SecretKey,
    Toleration,
    Volume,
    VolumeSource,
)
from constructs_lib.rules.kubernetes.workload_identity import identity_faults

from .field_types import FunctionArn, RoleArn, WorkloadName

# Stands for an image that is not pinned yet, while the rest of a Job is checked.
_SOME_IMAGE = "image@sha256:"


class PodHardeningModel(FileModel):
    """Define what a pod is kept from doing; what is left out is the hardened default."""

    user: int | None = NON_ROOT_USER
    read_only_root_filesystem: bool = True
    drop_capabilities: bool = True
    forbid_privilege_escalation: bool = True
    seccomp: bool = True
    withhold_token: bool = True


class ResourcesModel(FileModel):
    """Define what a container is promised and held to, as Kubernetes quantities."""

    requests: dict[str, str] = {"cpu": "100m", "memory": "256Mi"}
    limits: dict[str, str] = {"memory": "256Mi"}


def _word_or_mapping(value: Any) -> str:
    return "<word>" if isinstance(value, str) else "<mapping>"


HardeningOfPod = Annotated[
    Annotated[Literal["restricted", "none"], Tag("<word>")]
    | Annotated[PodHardeningModel, Tag("<mapping>")],
    Discriminator(_word_or_mapping),
]
ResourcesOrNone = Annotated[
    Annotated[Literal["none"], Tag("<word>")] | Annotated[ResourcesModel, Tag("<mapping>")],
    Discriminator(_word_or_mapping),
]


class SecretKeyModel(FileModel):
    """Define one value of a Kubernetes Secret, referred to and never written down."""

    secret: str
    key: str


class VolumeModel(FileModel):
    """Define a directory of the container besides the image's own files."""

    name: str
    path: str
    source: VolumeSource = "empty"
    source_name: str | None = None
    size_limit: str | None = None


class TolerationModel(FileModel):
    """Define a taint of nodes that the pod puts up with."""

    key: str | None = None
    operator: str = "Exists"
    value: str | None = None
    effect: str | None = None


class IdentityModel(FileModel):
    """Define what the pod may do in AWS: EKS Pod Identity by a cluster, or IRSA by a provider."""

    cluster: str | None = Field(default=None, description="EKS Pod Identity: the cluster's name")
    oidc_provider_arn: str | None = Field(default=None, description="IRSA: the cluster's provider")
    role_name: str | None = Field(default=None, description="needed with IRSA")
    statements: list[dict[str, Any]] = Field(default=[], description="in IAM's own words")


class EksClusterModel(FileModel):
    """Define the cluster that CloudFormation applies Jobs to, by the CDK's kubectl provider."""

    name: str
    kubectl_provider: FunctionArn = Field(description="ARN of the provider's Lambda function")


class EksJobModel(FileModel):
    """Define one Kubernetes Job, or with a schedule one CronJob."""

    name: WorkloadName
    image: str = Field(description="the name under which the image is pinned")
    awaiting_image: bool = Field(
        default=False, description="leave the workload out, with a notice, until it has a pin"
    )
    service_account: str | None = Field(
        default=None, description="one that exists; with identity, the one that is made"
    )
    identity: IdentityModel | None = None
    node_role_arn: RoleArn | None = Field(
        default=None, description="who pulls, to be allowed to: the nodes' or pod execution role"
    )
    namespace: WorkloadName | None = None
    args: list[str] = []
    command: list[str] = []
    container_name: WorkloadName | None = None
    labels: dict[str, str] = {}
    environment: dict[str, str] = {}
    secrets: dict[str, SecretKeyModel] = {}
    volumes: list[VolumeModel] = []
    resources: ResourcesOrNone = ResourcesModel()
    node_selector: dict[str, str] = {}
    tolerations: list[TolerationModel] = []
    restart_policy: RestartPolicy = "Never"
    hardening: HardeningOfPod = "restricted"
    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    parallelism: int | None = None
    completions: int | None = None
    name_suffix: NameSuffix = "hash"
    schedule: str | None = Field(default=None, description="makes it a CronJob: '15 3 * * *'")
    time_zone: str | None = None
    concurrency_policy: ConcurrencyPolicy = "Forbid"
    delivery: Literal["manifest", "cluster"] = "manifest"
    rollback_window_seconds: int | None = None
    wait_for_completion_seconds: int | None = None

    def check(self) -> None:
        """Raise everything that is broken."""
        faults: list[Fault] = []
        try:
            self.spec(_SOME_IMAGE)
        except RuleError as error:
            faults += error.faults
        try:
            self.cron()
        except RuleError as error:
            faults += error.faults
        raise_if_any("eks_jobs", [*faults, *self._delivery_faults(), *self._identity_faults()])

    def spec(self, image_uri: str, version: str | None = None) -> JobSpec:
        """Give the Job in the words of the rules; it raises what is broken."""
        return JobSpec(
            name=self.name,
            image_uri=image_uri,
            version=version,
            service_account=self.service_account,
            namespace=self.namespace,
            pod=self._pod(),
            run=self._run(),
            name_suffix="none" if self.schedule else self.name_suffix,
        )

    def cron(self) -> CronSchedule | None:
        """Give when it runs, if it is a CronJob; it raises what is broken."""
        if self.schedule is None:
            return None
        raise_if_any("eks_jobs", cron_name_faults(self.name))
        return CronSchedule(
            schedule=self.schedule,
            time_zone=self.time_zone,
            concurrency_policy=self.concurrency_policy,
        )

    def _pod(self) -> JobPod:
        resources = self.resources
        return JobPod(
            args=tuple(self.args),
            command=tuple(self.command),
            container_name=self.container_name,
            labels=dict(self.labels),
            environment=dict(self.environment),
            secrets={name: SecretKey(**key.model_dump()) for name, key in self.secrets.items()},
            volumes=tuple(Volume(**volume.model_dump()) for volume in self.volumes),
            resources=None if isinstance(resources, str) else Resources(**resources.model_dump()),
            node_selector=dict(self.node_selector),
            tolerations=tuple(Toleration(**item.model_dump()) for item in self.tolerations),
            restart_policy=self.restart_policy,
            hardening=self._hardening(),
        )

    def _hardening(self) -> PodHardening:
        if self.hardening == "none":
            return PodHardening.none()
        if isinstance(self.hardening, str):
            return PodHardening()
        return PodHardening(**self.hardening.model_dump())

    def _run(self) -> JobRun:
        return JobRun(
            backoff_limit=self.backoff_limit,
            active_deadline_seconds=self.active_deadline_seconds,
            ttl_seconds_after_finished=self.ttl_seconds_after_finished,
            parallelism=self.parallelism,
            completions=self.completions,
        )

    def _delivery_faults(self) -> list[Fault]:
        window, wait = self.rollback_window_seconds, self.wait_for_completion_seconds
        if self.delivery == "cluster" and self.schedule is not None:
            found = cron_delivery_faults(rollback_window=window is not None, waits=wait is not None)
            return [Fault(f"{fault.path}_seconds", fault.message) for fault in found]
        if self.delivery == "cluster":
            return delivery_faults(self._run(), rollback_window_seconds=window, wait_seconds=wait)
        return [
            Fault(path, f"{path} goes with delivery: cluster. Leave it out, or say so.")
            for path, value in (
                ("rollback_window_seconds", window),
                ("wait_for_completion_seconds", wait),
            )
            if value is not None
        ]

    def _identity_faults(self) -> list[Fault]:
        if self.identity is None:
            return []
        missing = [
            Fault(path, f"an identity is for one {path}. Name it.")
            for path, value in (
                ("service_account", self.service_account),
                ("namespace", self.namespace),
            )
            if value is None
        ]
        return missing + [
            fault.under("identity")
            for fault in identity_faults(
                service_account=self.service_account or "default",
                namespace=self.namespace or "default",
                cluster_name=self.identity.cluster,
                oidc_provider_arn=self.identity.oidc_provider_arn,
                role_name=self.identity.role_name,
            )
        ]
