"""A Kubernetes cluster that the real kubectl reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecrctl.images.usage.kubernetes import KubernetesCluster
from tests.kubectl.api_server import Cluster, kubeconfig, serving


@pytest.fixture
def served() -> Cluster:
    """Return the objects of the cluster that is served."""
    return Cluster()


@pytest.fixture
def cluster(
    served: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KubernetesCluster]:
    """Return a cluster that kubectl reaches."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "kubectl").symlink_to(Path(sys.executable).parent / "kubectl")
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "kubeconfig"
    with serving(served) as url:
        file.write_text(json.dumps(kubeconfig(url)))
        yield KubernetesCluster(file, "served")


def add(served: Cluster, plural: str, name: str, **document: Any) -> None:
    """Add an object to the cluster."""
    metadata = {"name": name, "namespace": "web"}
    served.objects[plural, "web", name] = {"metadata": metadata, **document}


def spec(*images: str, **others: Any) -> dict[str, Any]:
    """Return the specification of a pod."""
    containers = [{"name": f"c{number}", "image": one} for number, one in enumerate(images)]
    return {"containers": containers, **others}
