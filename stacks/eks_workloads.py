"""The stack of an environment's Kubernetes Jobs."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib import CronSchedule, EksImageCronJob, EksImageJob, EksWorkloadIdentity
from environments.workload_settings import EksJobSettings

from .cluster import cluster_delivery
from .images import image_of


class EksWorkloadsStack(cdk.Stack):
    """Define the stack of the Jobs that run an environment's images on EKS."""

    def __init__(
        self, scope: Construct, construct_id: str, *, jobs: Sequence[EksJobSettings]
    ) -> None:
        super().__init__(
            scope, construct_id, description="Kubernetes Jobs that run images by their URI"
        )
        for job in jobs:
            if job.cron:
                self._cron_job(job, job.cron)
            else:
                self._job(job)

    def _job(self, job: EksJobSettings) -> None:
        EksImageJob(
            self,
            job.spec.name,
            name=job.spec.name,
            image=image_of(self, job.image),
            service_account=self._service_account(job),
            namespace=job.spec.namespace,
            pod=job.spec.pod,
            run=job.spec.run,
            pulled_by=self._node_role(job),
            name_suffix=job.spec.name_suffix,
            delivery=cluster_delivery(self, job.cluster) if job.cluster else None,
        )

    def _cron_job(self, job: EksJobSettings, schedule: CronSchedule) -> None:
        EksImageCronJob(
            self,
            job.spec.name,
            name=job.spec.name,
            schedule=schedule,
            image=image_of(self, job.image),
            service_account=self._service_account(job),
            namespace=job.spec.namespace,
            pod=job.spec.pod,
            run=job.spec.run,
            pulled_by=self._node_role(job),
            delivery=cluster_delivery(self, job.cluster) if job.cluster else None,
        )

    def _service_account(self, job: EksJobSettings) -> EksWorkloadIdentity | str | None:
        spec, identity = job.spec, job.identity
        if identity is None or spec.service_account is None or spec.namespace is None:
            return spec.service_account
        return EksWorkloadIdentity(
            self,
            f"{spec.name}Identity",
            service_account=spec.service_account,
            namespace=spec.namespace,
            cluster_name=identity.cluster_name,
            oidc_provider_arn=identity.oidc_provider_arn,
            role_name=identity.role_name,
            statements=[iam.PolicyStatement.from_json(one) for one in identity.statements],
        )

    def _node_role(self, job: EksJobSettings) -> iam.IRole | None:
        if job.node_role_arn is None:
            return None
        construct_id = f"Nodes {job.node_role_arn}"
        existing = self.node.try_find_child(construct_id)
        return existing or iam.Role.from_role_arn(  # type: ignore[return-value]
            self, construct_id, job.node_role_arn
        )
