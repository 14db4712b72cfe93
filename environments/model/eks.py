"""Kubernetes Jobs in an environment file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from checked_files.forms import word_or_mapping
from checked_files.models import FileModel
from constructs_lib.rules.faults import Fault, raise_if_any
from constructs_lib.rules.kubernetes.cron_job import CronSchedule, cron_name_faults
from constructs_lib.rules.kubernetes.delivery import cron_delivery_faults, delivery_faults
from constructs_lib.rules.kubernetes.hardening import PodHardening
from constructs_lib.rules.kubernetes.job import JobRun, JobSpec
from constructs_lib.rules.kubernetes.pod import JobPod, Resources
from constructs_lib.rules.kubernetes.workload_identity import identity_faults

from .field_types import FunctionArn, RoleArn

_IN_SECONDS = {name: f"{name}_seconds" for name in ("rollback_window", "wait_for_completion")}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodInFile(JobPod):
    """The pod of a Job.

    :param resources: ``none`` for the cluster's defaults, or requests and limits.
    :param hardening: ``restricted``, ``none``, or a mapping of single restrictions.
    """

    resources: Annotated[Resources | None, word_or_mapping(Resources, none=lambda: None)] = field(
        default_factory=Resources
    )
    hardening: Annotated[
        PodHardening,
        word_or_mapping(PodHardening, restricted=PodHardening, none=PodHardening.none),
    ] = field(default_factory=PodHardening)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInFile(JobSpec):
    """A Job, its pod's and its run's settings among its own."""

    pod: Annotated[PodInFile, Field(alias="<pod>")] = field(default_factory=PodInFile)
    run: Annotated[JobRun, Field(alias="<run>")] = field(default_factory=JobRun)


class Identity(FileModel):
    """The permissions of a pod in AWS: EKS Pod Identity by a cluster, or IRSA by a provider."""

    cluster: str | None = Field(default=None, description="EKS Pod Identity: the cluster's name")
    oidc_provider_arn: str | None = Field(
        default=None, description="IRSA: the ARN of the cluster's OIDC provider"
    )
    role_name: str | None = Field(default=None, description="the role's name; required with IRSA")
    statements: tuple[Mapping[str, Any], ...] = Field(
        default=(), description="the role's permissions, as IAM writes them"
    )


class EksCluster(FileModel):
    """The cluster that CloudFormation applies Jobs to, by the CDK's kubectl provider."""

    name: str
    kubectl_provider: FunctionArn = Field(description="ARN of the provider's Lambda function")


class EksJobModel(FileModel):
    """A Kubernetes Job, or with a schedule a CronJob."""

    spec: Annotated[JobInFile, Field(alias="<spec>")]
    cron: Annotated[CronSchedule | None, Field(alias="<cron>")] = None
    image: str = Field(description="the name under which the image is pinned")
    awaiting_image: bool = Field(
        default=False, description="leave the Job out, with a notice, until its image has a pin"
    )
    identity: Identity | None = Field(
        default=None, description="creates the service account, with a role of its own"
    )
    node_role_arn: RoleArn | None = Field(
        default=None,
        description="role that pulls the image (node role, or Fargate pod execution role); it is "
        "granted pull access",
    )
    delivery: Literal["manifest", "cluster"] = Field(
        default="manifest",
        description="a manifest file, or CloudFormation applies the Job to eks_cluster",
    )
    rollback_window_seconds: int | None = Field(
        default=None, description="with delivery: cluster, how long a rollback may need the Job"
    )
    wait_for_completion_seconds: int | None = Field(
        default=None, description="with delivery: cluster, how long the deployment waits"
    )

    @property
    def name(self) -> str:
        """The name of the Job."""
        return self.spec.name

    @property
    def images(self) -> dict[str, str]:
        """The name of the image it runs, by the path of the setting."""
        return {"image": self.image}

    @model_validator(mode="after")
    def _check(self) -> EksJobModel:
        names = cron_name_faults(self.name) if self.cron else []
        raise_if_any("", [*names, *self._delivery_faults(), *self._identity_faults()])
        return self

    def _delivery_faults(self) -> list[Fault]:
        window, wait = self.rollback_window_seconds, self.wait_for_completion_seconds
        if self.delivery == "manifest":
            return [
                Fault(path, f"{path} requires `delivery: cluster`. Remove {path}, or set that.")
                for path, value in (
                    ("rollback_window_seconds", window),
                    ("wait_for_completion_seconds", wait),
                )
                if value is not None
            ]
        found = (
            cron_delivery_faults(rollback_window=window is not None, waits=wait is not None)
            if self.cron
            else delivery_faults(self.spec.run, rollback_window_seconds=window, wait_seconds=wait)
        )
        # A construct takes a duration, a file takes seconds.
        return [Fault(_IN_SECONDS.get(fault.path, fault.path), fault.message) for fault in found]

    def _identity_faults(self) -> Iterator[Fault]:
        if self.identity is None:
            return
        for path, value in (
            ("service_account", self.spec.service_account),
            ("namespace", self.spec.namespace),
        ):
            if value is None:
                yield Fault(path, f"identity requires {path}. Write it.")
        for fault in identity_faults(
            service_account=self.spec.service_account or "default",
            namespace=self.spec.namespace or "default",
            cluster_name=self.identity.cluster,
            oidc_provider_arn=self.identity.oidc_provider_arn,
            role_name=self.identity.role_name,
        ):
            yield fault.under("identity")
