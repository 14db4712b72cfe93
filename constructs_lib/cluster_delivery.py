"""The delivery of a Job to a cluster by CloudFormation, through the CDK's kubectl provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from .eks_workload_identity import EksWorkloadIdentity
from .rules.faults import Fault, raise_if_any
from .rules.kubernetes.delivery import delivery_faults
from .rules.kubernetes.job import JobRun
from .rules.kubernetes.manifest import Document

_SERVICE_ACCOUNT = "ServiceAccount"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterDelivery:
    """The delivery of a Job to a cluster, to which CloudFormation applies it.

    Nothing is pruned: an update starts the new Job beside the old one, which runs to its end. A
    rollback finds the old Job unchanged and does not run it again. A finished Job stays until its
    TTL, or until it is deleted.

    CloudFormation first applies the service account, once for all Jobs of one identity, and the
    permissions of its role, and grants the pull.

    :param cluster: the cluster, of this app or imported, with a kubectl provider.
    :param rollback_window: required with a TTL: how long after a Job's end a rollback to it is
        possible. A shorter TTL is refused, because a rollback would run the deleted Job again.
    :param wait_for_completion: how long the deployment waits for the Job to succeed, up to 14
        minutes (a Lambda function waits). If the Job does not succeed, the deployment fails and
        rolls back. By default it succeeds when the cluster has accepted the Job.
    :raises ValueError: when the cluster has no kubectl provider.

    Sources: Amazon EKS construct library, "Kubernetes Manifests" and "Querying Kubernetes
    Resources"; Kubernetes documentation, "Automatic Cleanup for Finished Jobs".
    """

    # By the CDK's type annotations, eks.Cluster is no ICluster.
    cluster: eks.ICluster | eks.Cluster
    rollback_window: cdk.Duration | None = None
    wait_for_completion: cdk.Duration | None = None

    def __post_init__(self) -> None:
        if self.cluster.kubectl_provider is None:
            raise_if_any(
                "ClusterDelivery",
                [
                    Fault(
                        "cluster",
                        "delivery to a cluster requires a kubectl provider, and "
                        f"'{self.cluster.node.id}' has none. Set kubectl_provider_options of a "
                        "cluster of this app, or kubectl_provider of an imported one.",
                    )
                ],
            )

    @staticmethod
    def from_attributes(
        stack: cdk.Stack,
        *,
        cluster_name: str,
        kubectl_provider_arn: str,
        rollback_window: cdk.Duration | None = None,
        wait_for_completion: cdk.Duration | None = None,
    ) -> ClusterDelivery:
        """Return the delivery to a cluster that exists, referred to once in a stack.

        :param stack: the stack whose Jobs are applied.
        :param cluster_name: the cluster's name.
        :param kubectl_provider_arn: the ARN of the Lambda function of the cluster's kubectl
            provider.
        :param rollback_window: as for ``ClusterDelivery``, as is ``wait_for_completion``.
        """
        existing = stack.node.try_find_child("Cluster")
        cluster = cast("eks.ICluster | None", existing) or eks.Cluster.from_cluster_attributes(
            stack,
            "Cluster",
            cluster_name=cluster_name,
            kubectl_provider=eks.KubectlProvider.from_kubectl_provider_attributes(
                stack, "KubectlProvider", service_token=kubectl_provider_arn
            ),
        )
        return ClusterDelivery(
            cluster=cluster,
            rollback_window=rollback_window,
            wait_for_completion=wait_for_completion,
        )

    @property
    def _cluster(self) -> eks.ICluster:
        return cast("eks.ICluster", self.cluster)

    def check(self, who: str, run: JobRun) -> None:
        """Raise an error for a run that a rollback would repeat, or that lasts too long."""
        window, wait = self.rollback_window, self.wait_for_completion
        raise_if_any(
            who,
            delivery_faults(
                run,
                rollback_window_seconds=int(window.to_seconds()) if window else None,
                wait_seconds=int(wait.to_seconds()) if wait else None,
            ),
        )

    def deliver(
        self, scope: Construct, documents: list[Document], construct_id: str = "Resource"
    ) -> eks.KubernetesManifest:
        """Apply documents; none is deleted when it is left out later."""
        return eks.KubernetesManifest(
            scope, construct_id, cluster=self._cluster, manifest=documents, prune=False
        )

    def deliver_identity(self, identity: EksWorkloadIdentity) -> None:
        """Apply an identity's service account, with the first workload that has it."""
        # A second manifest with the same account would find it in the cluster and fail.
        if identity.node.try_find_child(_SERVICE_ACCOUNT) is None:
            self.deliver(identity, identity.documents, _SERVICE_ACCOUNT)

    def wait(
        self, scope: Construct, manifest: eks.KubernetesManifest, job: Document
    ) -> eks.KubernetesObjectValue | None:
        """Make the deployment wait for a Job to succeed, if ``wait_for_completion`` is set."""
        if self.wait_for_completion is None:
            return None
        value = eks.KubernetesObjectValue(
            scope,
            "Completion",
            cluster=self._cluster,
            object_type="job",
            object_name=job["metadata"]["name"],
            object_namespace=job["metadata"].get("namespace", "default"),
            # Only a Job that succeeded has this field.
            json_path=".status.completionTime",
            timeout=self.wait_for_completion,
        )
        value.node.add_dependency(manifest)
        return value
