"""Delivery of Jobs to a cluster by CloudFormation, through the CDK's kubectl provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_eks as eks_v1
from aws_cdk import aws_eks_v2 as eks_v2
from constructs import Construct

from .eks_workload_identity import EksWorkloadIdentity
from .rules.faults import Fault, raise_if_any, under
from .rules.kubernetes.delivery import delivery_faults
from .rules.kubernetes.job import JobRun
from .rules.kubernetes.manifest import Document
from .rules.types import checked_types
from .stack_facts import child_of

_SERVICE_ACCOUNT = "ServiceAccount"

# In the CDK's types, its own clusters do not implement their interfaces.
Cluster = eks_v2.ICluster | eks_v2.Cluster | eks_v1.ICluster | eks_v1.Cluster


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterDelivery:
    """The delivery of Jobs to a cluster by CloudFormation, when their stack is deployed.

    No applied Job is pruned. An update starts the new Job beside the old one, which runs to its
    end, and a rollback finds the old Job unchanged and does not run it again. A finished Job stays
    until its TTL ends or it is deleted.

    The permission to pull, the service account and its role's permissions exist before the Job's
    pods start. Jobs with the same identity share the service account.

    :param cluster: the cluster, of this app or imported, with a kubectl provider: of
        ``aws_eks_v2`` or of ``aws_eks``. An imported cluster of ``aws_eks`` has either a
        ``kubectl_provider``, or a ``kubectl_role_arn`` and a ``kubectl_layer``.
    :param rollback_window: with a TTL, the time after a Job's end in which a rollback to that Job
        is possible. A shorter TTL is refused, because a rollback would run the deleted Job again.
    :param wait_for_completion: the time, up to 14 minutes, that the deployment waits for the Job
        to succeed; otherwise the deployment fails and rolls back. A Lambda function waits. By
        default the deployment succeeds when the cluster has accepted the Job.
    :raises ValueError: when kubectl cannot reach the cluster.

    Sources: Amazon EKS construct library, "Kubernetes Manifests" and "Querying Kubernetes
    Resources"; Kubernetes documentation, "Automatic Cleanup for Finished Jobs".
    """

    cluster: Cluster
    rollback_window: cdk.Duration | None = None
    wait_for_completion: cdk.Duration | None = None

    def __post_init__(self) -> None:
        raise_if_any("ClusterDelivery", under("cluster", _kubectl_faults(self.cluster)))

    @staticmethod
    def from_attributes(
        stack: cdk.Stack,
        *,
        cluster_name: str,
        kubectl_provider_arn: str,
        rollback_window: cdk.Duration | None = None,
        wait_for_completion: cdk.Duration | None = None,
    ) -> ClusterDelivery:
        """Return the delivery to an existing cluster, which a stack refers to once.

        :param stack: the stack whose Jobs are applied.
        :param cluster_name: the cluster's name.
        :param kubectl_provider_arn: the ARN of the Lambda function of the cluster's kubectl
            provider.
        :param rollback_window: as for ``ClusterDelivery``, as is ``wait_for_completion``.
        """

        def imported(scope: Construct, construct_id: str) -> eks_v2.ICluster:
            return eks_v2.Cluster.from_cluster_attributes(
                scope,
                construct_id,
                cluster_name=cluster_name,
                kubectl_provider=eks_v2.KubectlProvider.from_kubectl_provider_attributes(
                    scope, "KubectlProvider", service_token=kubectl_provider_arn
                ),
            )

        return ClusterDelivery(
            cluster=child_of(stack, "Cluster", imported),
            rollback_window=rollback_window,
            wait_for_completion=wait_for_completion,
        )

    @property
    def _eks(self) -> Any:
        """The module of the CDK whose constructs accept the cluster."""
        return eks_v1 if _is_of_first_module(self.cluster) else eks_v2

    def faults(self, run: JobRun) -> Iterator[Fault]:
        """Yield the faults of a Job's times with those of this delivery."""
        window, wait = self.rollback_window, self.wait_for_completion
        return delivery_faults(
            run,
            rollback_window_seconds=int(window.to_seconds()) if window else None,
            wait_seconds=int(wait.to_seconds()) if wait else None,
        )

    def deliver(
        self, scope: Construct, documents: list[Document], construct_id: str = "Resource"
    ) -> Construct:
        """Apply documents; a document that is removed later stays in the cluster."""
        applied: Construct = self._eks.KubernetesManifest(
            scope, construct_id, cluster=self.cluster, manifest=documents, prune=False
        )
        return applied

    def deliver_identity(self, identity: EksWorkloadIdentity) -> None:
        """Apply an identity's service account, for the first workload that has the identity."""
        # A second manifest with the same service account would fail its first deployment.
        if identity.node.try_find_child(_SERVICE_ACCOUNT) is None:
            self.deliver(identity, identity.documents, _SERVICE_ACCOUNT)

    def wait(self, scope: Construct, applied: Construct, job: Document) -> None:
        """Wait in the deployment for a Job to succeed, if ``wait_for_completion`` is set."""
        if self.wait_for_completion is None:
            return
        value = self._eks.KubernetesObjectValue(
            scope,
            "Completion",
            cluster=self.cluster,
            object_type="job",
            object_name=job["metadata"]["name"],
            object_namespace=job["metadata"].get("namespace", "default"),
            # Only a Job that succeeded has this field. A failed Job never gets it.
            json_path=".status.completionTime",
            timeout=self.wait_for_completion,
        )
        value.node.add_dependency(applied)


def _is_of_first_module(cluster: object) -> bool:
    """Return whether a cluster is of ``aws_eks``, whose kubectl assumes a role of the cluster."""
    return hasattr(cluster, "kubectl_role")


def _kubectl_faults(cluster: Any) -> Iterator[Fault]:
    if isinstance(cluster, eks_v1.Cluster):
        return
    if not hasattr(cluster, "kubectl_provider"):
        yield Fault(
            "",
            "a Job can be applied only to a cluster of aws_eks_v2 or aws_eks, got a "
            f"{type(cluster).__name__}. Write an aws_eks_v2.Cluster, or "
            "ClusterDelivery.from_attributes(...) for a cluster that exists.",
        )
    elif cluster.kubectl_provider is None and not _is_of_first_module(cluster):
        yield Fault(
            "",
            "a Job can be applied only to a cluster with a kubectl provider, got "
            f"'{cluster.node.id}' without one. Set kubectl_provider_options for a cluster of this "
            "app, or kubectl_provider for an imported cluster.",
        )
    elif cluster.kubectl_provider is None and not (cluster.kubectl_role and cluster.kubectl_layer):
        yield Fault(
            "",
            "a Job can be applied only to a cluster that kubectl can reach, got "
            f"'{cluster.node.id}', imported by aws_eks without a provider. Set kubectl_provider, "
            "or kubectl_role_arn and kubectl_layer; or import it with aws_eks_v2.Cluster.",
        )
