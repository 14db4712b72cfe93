"""When the report states that an image is not in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.images.usage.kubernetes import KubernetesCluster
from tests.ecrctl.images.scanning.accounts import REPOSITORY, image, put_manifest
from tests.ecrctl.images.usage.clusters import add, cluster, served, spec
from tests.kubectl.api_server import Cluster

from .asking import HOST, report, repository_of, run_service
from .conftest import Run

__all__ = ["cluster", "served"]  # the fixtures are found by their names


def options(cluster: KubernetesCluster) -> tuple[str, ...]:
    """Return the options that name a cluster."""
    return "--in-use", "--kubeconfig", str(cluster.kubeconfig), "--context", str(cluster.context)


def in_use(document: Any) -> dict[str, str]:
    """Return whether each image is in use."""
    return {one["digest"]: one["in_use"] for one in repository_of(document)["details"]}


def test_an_image_is_not_in_use_when_ecs_and_kubernetes_were_looked_at(
    run: Run, moto_aws: Aws, cluster: KubernetesCluster
) -> None:
    used, other = (put_manifest(moto_aws, image(name), name) for name in ("v1", "v2"))
    run_service(moto_aws, ":v1")
    found = report(run, *options(cluster))
    assert in_use(found) == {used: "yes", other: "no"}
    assert (found["complete"], found["unread"]) == (True, [])
    assert found["looked_at"] == ["ECS in account 123456789012, us-east-1", str(cluster)]


def test_a_pod_uses_its_image(
    run: Run, moto_aws: Aws, served: Cluster, cluster: KubernetesCluster
) -> None:
    used = put_manifest(moto_aws, image("a"), "v1")
    add(served, "pods", "api", spec=spec(f"{HOST}/{REPOSITORY}:v1"))
    found = report(run, *options(cluster))
    assert in_use(found) == {used: "yes"}
    assert repository_of(found)["used_by"] == [
        {"kind": "Kubernetes Pod", "name": "web/api", "reference": "v1"}
    ]


def test_an_image_of_the_same_name_in_another_account_is_not_in_use(
    run: Run, moto_aws: Aws, served: Cluster, cluster: KubernetesCluster
) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    elsewhere = HOST.replace("123456789012", "222222222222")
    add(served, "pods", "api", spec=spec(f"{elsewhere}/{REPOSITORY}:v1"))
    assert in_use(report(run, *options(cluster))) == {digest: "no"}


@pytest.mark.parametrize(
    "pull",
    ["{accounts: ['222222222222']}", "{organization: true}", "{lambda_accounts: ['222222222222']}"],
)
def test_a_repository_from_which_others_pull_is_never_without_use(
    run: Run, moto_aws: Aws, cluster: KubernetesCluster, folder: Path, pull: str
) -> None:
    digest = put_manifest(moto_aws, image("a"), "v1")
    (folder / "dev.yaml").write_text(
        f'account: "123456789012"\nregion: us-east-1\norganization_id: o-a1b2c3d4e5\n'
        f"repositories: [{{name: {REPOSITORY}, pull: {pull}}}]\n"
    )
    found = report(run, *options(cluster))
    assert in_use(found) == {digest: "unknown"}
    assert found["unread"] == [
        "Others may pull from 'team/api' by its policy, and their workloads were not looked at. "
        "`ecrctl access dev` lists who may pull."
    ]


def test_a_cluster_that_does_not_respond_makes_every_other_image_unknown(
    run: Run, moto_aws: Aws, cluster: KubernetesCluster
) -> None:
    used, other = (put_manifest(moto_aws, image(name), name) for name in ("v1", "v2"))
    run_service(moto_aws, ":v1")
    assert cluster.kubeconfig
    text = cluster.kubeconfig.read_text()
    cluster.kubeconfig.write_text(text.replace("http://127.0.0.1:", "http://127.0.0.1:1"))
    found = report(run, *options(cluster))
    assert in_use(found) == {used: "yes", other: "unknown"}
    assert not found["complete"]
