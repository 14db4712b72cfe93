"""The stack of an environment's Kubernetes Jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib import EksWorkload, EksWorkloadIdentity, Image
from environments.settings import EksJobSettings

if TYPE_CHECKING:
    from constructs_lib import ClusterDelivery


class EksWorkloadsStack(cdk.Stack):
    """Define the stack of the Jobs that run an environment's images on EKS."""

    def __init__(
        self, scope: Construct, construct_id: str, *, jobs: Sequence[EksJobSettings]
    ) -> None:
        super().__init__(
            scope, construct_id, description="Kubernetes Jobs that run images by their URI"
        )
        for job in jobs:
            EksWorkload(
                self,
                job.spec.name,
                job.spec,
                image=Image.of(self, job.image),
                schedule=job.cron,
                identity=self._identity(job),
                pulled_by=self._node_role(job),
                delivery=self._delivery(job),
            )

    def _identity(self, job: EksJobSettings) -> EksWorkloadIdentity | None:
        spec, identity = job.spec, job.identity
        if identity is None or spec.service_account is None or spec.namespace is None:
            return None
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

    def _delivery(self, job: EksJobSettings) -> ClusterDelivery | None:
        if job.cluster is None:
            return None
        # Imported here, as EKS takes long to import and few have CloudFormation apply their Jobs.
        from constructs_lib import ClusterDelivery  # noqa: PLC0415

        return ClusterDelivery.from_attributes(
            self,
            cluster_name=job.cluster.name,
            kubectl_provider_arn=job.cluster.kubectl_provider,
            rollback_window=_duration(job.rollback_window_seconds),
            wait_for_completion=_duration(job.wait_for_completion_seconds),
        )

    def _node_role(self, job: EksJobSettings) -> iam.IRole | None:
        if job.node_role_arn is None:
            return None
        construct_id = f"Nodes {job.node_role_arn}"
        existing = self.node.try_find_child(construct_id)
        return existing or iam.Role.from_role_arn(  # type: ignore[return-value]
            self, construct_id, job.node_role_arn
        )


def _duration(seconds: int | None) -> cdk.Duration | None:
    return None if seconds is None else cdk.Duration.seconds(seconds)
