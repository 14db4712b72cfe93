"""The images of a Kubernetes cluster, read by the real kubectl from a recording API server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.unread import Unread
from ecrctl.images.usage import kubernetes
from ecrctl.images.usage.kubernetes import KubernetesCluster, kubernetes_uses
from tests.kubectl.api_server import Cluster, kubeconfig

from .clusters import add, cluster, served, spec

__all__ = ["cluster", "served"]  # the fixtures are found by their names

REGISTRY = "111111111111.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def found(cluster: KubernetesCluster) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Return the uses in a cluster, and what could not be read."""
    unread = Unread()
    uses = kubernetes_uses(cluster, unread)
    return [(one.kind, one.name, one.image.reference) for one in uses], unread.sentences


def test_a_running_pod_uses_the_digests_that_its_status_has(
    served: Cluster, cluster: KubernetesCluster
) -> None:
    initial = [{"name": "init", "image": f"{REGISTRY}/init:v2"}]
    add(
        served,
        "pods",
        "api",
        spec=spec(f"{REGISTRY}/team/api:v1", "docker.io/library/nginx", initContainers=initial),
        status={
            "phase": "Running",
            "containerStatuses": [
                {"name": "c0", "imageID": f"docker-pullable://{REGISTRY}/team/api@{DIGEST}"}
            ],
            # The ID of a configuration, which is no digest of the registry.
            "initContainerStatuses": [{"name": "init", "imageID": OTHER}],
        },
    )
    uses, unread = found(cluster)
    assert unread == []
    assert sorted(uses) == [
        ("Kubernetes Pod", "web/api", DIGEST),
        ("Kubernetes Pod", "web/api", "v2"),
    ]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_uses_nothing(
    served: Cluster, cluster: KubernetesCluster, phase: str
) -> None:
    add(served, "pods", "api", spec=spec(f"{REGISTRY}/team/api:v1"), status={"phase": phase})
    assert found(cluster) == ([], [])


def test_a_job_uses_its_image_until_it_has_ended(
    served: Cluster, cluster: KubernetesCluster
) -> None:
    template = {"template": {"spec": spec(f"{REGISTRY}/team/api:v1")}}
    for name, condition, status in (
        ("runs", "Suspended", "True"),
        ("ends", "Complete", "False"),
        ("done", "Complete", "True"),
        ("failed", "Failed", "True"),
    ):
        conditions = [{"type": condition, "status": status}]
        add(served, "jobs", name, spec=template, status={"conditions": conditions})
    uses, unread = found(cluster)
    assert (sorted(name for _, name, _ in uses), unread) == (["web/ends", "web/runs"], [])


@pytest.mark.parametrize(
    ("plural", "kind"),
    [
        ("deployments", "Deployment"),
        ("statefulsets", "StatefulSet"),
        ("daemonsets", "DaemonSet"),
        ("cronjobs", "CronJob"),
    ],
)
def test_what_starts_pods_uses_their_images(
    served: Cluster, cluster: KubernetesCluster, plural: str, kind: str
) -> None:
    template: dict[str, Any] = {"template": {"spec": spec(f"{REGISTRY}/team/api@{DIGEST}")}}
    if kind == "CronJob":
        template = {"jobTemplate": {"spec": template}}
    add(served, plural, "api", spec={"replicas": 0, **template})
    assert found(cluster) == ([(f"Kubernetes {kind}", "web/api", DIGEST)], [])


def test_nothing_is_changed(served: Cluster, cluster: KubernetesCluster) -> None:
    add(served, "pods", "api", spec=spec(f"{REGISTRY}/team/api:v1"))
    found(cluster)
    assert served.mutations == []


def test_a_cluster_that_is_not_there_is_listed(cluster: KubernetesCluster) -> None:
    assert cluster.kubeconfig
    cluster.kubeconfig.write_text(json.dumps(kubeconfig("http://127.0.0.1:9")))
    uses, (sentence,) = found(cluster)
    assert uses == []
    assert sentence.startswith(
        f"Kubernetes (context served, kubeconfig {cluster.kubeconfig}): pods, jobs, cronjobs, "
        "deployments, statefulsets, daemonsets cannot be read: "
    )
    assert "127.0.0.1:9" in sentence


def test_a_context_that_is_not_there_is_listed(cluster: KubernetesCluster) -> None:
    _, (sentence,) = found(KubernetesCluster(cluster.kubeconfig, "other"))
    assert "other" in sentence.partition("cannot be read: ")[2]


def test_one_kind_that_cannot_be_read_leaves_the_others(
    served: Cluster, cluster: KubernetesCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(served, "pods", "api", spec=spec(f"{REGISTRY}/team/api:v1"))
    every = kubernetes._KINDS
    monkeypatch.setattr(kubernetes, "_KINDS", {"pods": every["pods"], "nones": every["pods"]})
    uses, (sentence,) = found(cluster)
    assert [name for _, name, _ in uses] == ["web/api"]
    assert "nones cannot be read: " in sentence
    assert "pods" not in sentence


def test_without_kubectl_nothing_is_taken_for_nothing(
    cluster: KubernetesCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "tools")
    monkeypatch.setenv("PATH", str(tmp_path))
    _, (sentence,) = found(cluster)
    assert sentence.endswith("cannot be read: kubectl is not installed. Install it.")


@pytest.mark.parametrize(
    "script", ["echo no list", "echo '{\"items\": [1]}'", "echo '{\"items\": null}'", "echo '[]'"]
)
def test_an_answer_that_is_no_list_is_listed(
    cluster: KubernetesCluster, tmp_path: Path, script: str
) -> None:
    kubectl = tmp_path / "tools" / "kubectl"
    kubectl.unlink()
    kubectl.write_text(f"#!/bin/sh\n{script}\n")
    kubectl.chmod(0o755)
    _, (sentence,) = found(cluster)
    assert sentence.endswith("cannot be read: kubectl returned no list of objects.")
