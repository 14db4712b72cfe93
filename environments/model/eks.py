"""Kubernetes Jobs in an environment file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from checked_files.forms import word_or_mapping
from checked_files.models import CheckedText, FileModel
from constructs_lib.rules.faults import Fault, raise_if_any, under
from constructs_lib.rules.kubernetes.cron_job import CronSchedule, cron_name_faults
from constructs_lib.rules.kubernetes.delivery import cron_delivery_faults, delivery_faults
from constructs_lib.rules.kubernetes.hardening import PodHardening
from constructs_lib.rules.kubernetes.job import JobRun, JobSpec
from constructs_lib.rules.kubernetes.pod import JobPod, Resources
from constructs_lib.rules.kubernetes.workload_identity import (
    CLUSTER,
    cluster_name_faults,
    identity_faults,
)
from constructs_lib.rules.policy.identity_statements import identity_statement_faults

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
        PodHardening, word_or_mapping(PodHardening, restricted=PodHardening, none=PodHardening.none)
    ] = field(default_factory=PodHardening)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInFile(JobSpec):
    """A Job, including the settings of its pod and its run."""

    pod: Annotated[PodInFile, Field(alias="<pod>")] = field(default_factory=PodInFile)
    run: Annotated[JobRun, Field(alias="<run>")] = field(default_factory=JobRun)


class Identity(FileModel):
    """The permissions of a pod in AWS: EKS Pod Identity by a cluster, or IRSA by a provider.

    :param cluster_name: for EKS Pod Identity: the cluster's name.
    :param oidc_provider_arn: for IRSA: the ARN of the cluster's OIDC provider.
    :param role_name: the role's name; required for IRSA.
    :param statements: the role's permissions, in IAM's syntax.
    """

    cluster_name: str | None = None
    oidc_provider_arn: str | None = None
    role_name: str | None = None
    statements: tuple[Mapping[str, Any], ...] = ()


class EksCluster(FileModel):
    """The cluster to which CloudFormation applies Jobs, with the CDK's kubectl provider.

    :param name: the cluster's name.
    :param kubectl_provider: the ARN of the provider's Lambda function.
    """

    name: Annotated[str, CheckedText(cluster_name_faults, CLUSTER, "main")]
    kubectl_provider: FunctionArn


class EksJobModel(FileModel):
    """A Kubernetes Job, or with a schedule a CronJob.

    :param image: the name under which the image is pinned.
    :param awaiting_image: leaves the Job out, with a notice, until its image has a pin.
    :param identity: creates the service account and its role; requires service_account and
        namespace.
    :param node_role_arn: the role to which the pull is granted: the node role, or the Fargate pod
        execution role.
    :param delivery: manifest (the default): a file and an SSM parameter; cluster: CloudFormation
        applies the Job to eks_cluster.
    :param rollback_window_seconds: the seconds after its end during which a rollback may need the
        Job; requires delivery: cluster.
    :param wait_for_completion_seconds: the seconds that the deployment waits for the Job to
        succeed, 1 to 840; requires delivery: cluster and active_deadline_seconds.
    """

    spec: Annotated[JobInFile, Field(alias="<spec>")]
    cron: Annotated[CronSchedule | None, Field(alias="<cron>")] = None
    image: str
    awaiting_image: bool = False
    identity: Identity | None = None
    node_role_arn: RoleArn | None = None
    delivery: Literal["manifest", "cluster"] = "manifest"
    rollback_window_seconds: int | None = None
    wait_for_completion_seconds: int | None = None

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
                for path in _IN_SECONDS.values()
                if getattr(self, path) is not None
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
        for path in ("service_account", "namespace"):
            if getattr(self.spec, path) is None:
                yield Fault(path, f"identity requires {path}, got none. Add '{path}: NAME'.")
        found = identity_faults(
            service_account=self.spec.service_account or "default",
            namespace=self.spec.namespace or "default",
            cluster_name=self.identity.cluster_name,
            oidc_provider_arn=self.identity.oidc_provider_arn,
            role_name=self.identity.role_name,
        )
        yield from under("identity", found)
        statements = identity_statement_faults(self.identity.statements)
        yield from under("identity", under("statements", statements))
