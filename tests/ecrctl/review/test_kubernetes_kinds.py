"""The kinds of Kubernetes objects that rules judge: each is known, and an unknown one is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecrctl.cdk.assemblies import stacks_of
from ecrctl.review.diff.template_diff import compare
from ecrctl.review.rules.table import findings_of
from tests.ecrctl.review.pairs import write_assembly

# By what its removal is.
KINDS = {
    "object-with-data-removed": (
        "CustomResourceDefinition Namespace PersistentVolume PersistentVolumeClaim"
    ),
    "object-removed": (
        "APIService ConfigMap Endpoints EndpointSlice Gateway HTTPRoute Ingress IngressClass "
        "PriorityClass RuntimeClass Secret Service ServiceAccount StorageClass"
    ),
    "disruption-budget-weakened": "PodDisruptionBudget",
    # Rules about access, workloads and admission judge these.
    "": (
        "AuthorizationPolicy ClusterPolicy ClusterRole ClusterRoleBinding CronJob DaemonSet "
        "Deployment Event Job Lease LimitRange List MutatingWebhookConfiguration "
        "PeerAuthentication Pod ReplicaSet ReplicationController RequestAuthentication "
        "ResourceQuota Role RoleBinding StatefulSet ValidatingAdmissionPolicy "
        "ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration"
    ),
    "object-not-judged": "Wall",
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the rules that find something where an object is removed, by its kind."""
    folder = tmp_path_factory.mktemp("kinds")
    kinds = " ".join(KINDS.values()).split()
    sides = [
        write_assembly(folder / name, {"Shop": {kind: applied(kind, there) for kind in kinds}})
        for name, there in (("base", True), ("head", False))
    ]
    found: dict[str, set[str]] = {kind: set() for kind in kinds}
    for one in findings_of(compare(*map(stacks_of, sides))):
        for _, kind in one.places:
            found[kind].add(one.rule)
    return found


def applied(kind: str, there: bool) -> dict[str, Any]:
    """Return a resource that applies an object beside another one, or that one alone."""
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "web"}}
    manifest = json.dumps([*([document] if there else []), {"kind": "List", "items": []}])
    properties = {"ClusterName": "shop", "Manifest": manifest}
    return {"Type": "Custom::AWSCDK-EKS-KubernetesResource", "Properties": properties}


@pytest.mark.parametrize(
    ("kind", "rule"), [(kind, rule) for rule, kinds in KINDS.items() for kind in kinds.split()]
)
def test_the_removal_of_an_object_is_judged_by_one_rule(
    rules: dict[str, set[str]], kind: str, rule: str
) -> None:
    assert rules[kind] & KINDS.keys() == ({rule} if rule else set())
