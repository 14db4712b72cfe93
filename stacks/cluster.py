"""The cluster that a stack has Jobs applied to: one that exists, with the CDK's provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from environments.workload_settings import ClusterSettings

if TYPE_CHECKING:
    from constructs_lib import ClusterDelivery


def cluster_delivery(stack: cdk.Stack, cluster: ClusterSettings) -> ClusterDelivery:
    """Give how Jobs are applied to the environment's cluster."""
    # Imported here, as EKS takes long to import and few have CloudFormation apply their Jobs.
    from aws_cdk import aws_eks_v2 as eks  # noqa: PLC0415

    from constructs_lib import ClusterDelivery  # noqa: PLC0415

    existing = stack.node.try_find_child("Cluster")
    imported = existing or eks.Cluster.from_cluster_attributes(
        stack,
        "Cluster",
        cluster_name=cluster.name,
        kubectl_provider=eks.KubectlProvider.from_kubectl_provider_attributes(
            stack, "KubectlProvider", service_token=cluster.kubectl_provider_arn
        ),
    )
    return ClusterDelivery(
        cluster=imported,  # type: ignore[arg-type]
        rollback_window=_duration(cluster.rollback_window_seconds),
        wait_for_completion=_duration(cluster.wait_for_completion_seconds),
    )


def _duration(seconds: int | None) -> cdk.Duration | None:
    return None if seconds is None else cdk.Duration.seconds(seconds)
