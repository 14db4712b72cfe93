"""How a Job reaches its cluster by CloudFormation, through the CDK's kubectl provider."""

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
    """Define that CloudFormation applies a Job to a cluster when its stack is deployed.

    What is applied is never pruned: an update starts the new Job beside the old one, which runs
    to its end, and a rollback finds the old one as it was and does not run it again. Finished
    Jobs stay until their TTL, or until somebody deletes them.

    What a Job's pods need is there before it: the service account and what its role may do, once
    for all Jobs that have one identity, and the permission to pull.

    :param cluster: the cluster, of this app or imported, with a kubectl provider.
    :param rollback_window: with a TTL: for how long after its end a Job may still be rolled back
        to. A TTL shorter than that is refused: the Job would be gone, and a rollback would run it
        again.
    :param wait_for_completion: the deployment waits so long for the Job to succeed, and fails,
        and rolls back, when it does not; up to 14 minutes, as a Lambda function waits. By default
        it succeeds as soon as the cluster has accepted the Job.
    :raises ValueError: when the cluster has no kubectl provider.

    Sources: Amazon EKS construct library, "Kubernetes Manifests" and "Querying Kubernetes
    Resources"; Kubernetes documentation, "Automatic Cleanup for Finished Jobs".
    """

    # The CDK's own types do not say that its cluster is one.
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
                        f"'{self.cluster.node.id}' has no kubectl provider, so nothing could apply "
                        "a Job to it. Give a cluster of this app kubectl_provider_options, and one "
                        "that is imported its kubectl_provider.",
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
        """Refuse what would run a Job twice, or wait longer than can be waited."""
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
        """Have the documents applied; nothing that is left out later is deleted."""
        return eks.KubernetesManifest(
            scope, construct_id, cluster=self._cluster, manifest=documents, prune=False
        )

    def deliver_identity(self, identity: EksWorkloadIdentity) -> None:
        """Have an identity's service account applied, by the first workload that has it."""
        # A second manifest that held it too would find it there, and fail its first deployment.
        if identity.node.try_find_child(_SERVICE_ACCOUNT) is None:
            self.deliver(identity, identity.documents, _SERVICE_ACCOUNT)

    def wait(
        self, scope: Construct, manifest: eks.KubernetesManifest, job: Document
    ) -> eks.KubernetesObjectValue | None:
        """Have the deployment wait for a Job to succeed, where that is asked for."""
        if self.wait_for_completion is None:
            return None
        value = eks.KubernetesObjectValue(
            scope,
            "Completion",
            cluster=self._cluster,
            object_type="job",
            object_name=job["metadata"]["name"],
            object_namespace=job["metadata"].get("namespace", "default"),
            # Only a Job that succeeded has it; of one that failed nothing is ever answered.
            json_path=".status.completionTime",
            timeout=self.wait_for_completion,
        )
        value.node.add_dependency(manifest)
        return value
