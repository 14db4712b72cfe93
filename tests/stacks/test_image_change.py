"""A new image changes its own places in the templates, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.rules.ecs.hardening import hardened_faults
from constructs_lib.rules.kubernetes.hardening import restricted_faults
from environments.faults import EnvironmentFault
from environments.loading import pins_path
from tests.assemblies import readable, stacks_of
from tests.support import copy_environments, synthesise

NEW = "sha256:" + "c" * 64
VERSION = "org.opencontainers.image.version"


def changed_paths(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield where two documents differ: values that differ and keys that only one has."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from changed_paths(before.get(key), after.get(key), f"{path}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changed_paths(old, new, f"{path}/{index}")
    elif before != after:
        yield path


def templates(assembly: Path) -> dict[str, Any]:
    """Return every template of an assembly, documents in strings expanded."""
    return {
        f"{item.environment}/{item.name}": readable(item.template) for item in stacks_of(assembly)
    }


def repinned(folder: Path, environment: str, **changes: str) -> Path:
    """Copy the environments, the pin of one of them changed."""
    copied = copy_environments(folder / "environments")
    file = pins_path(environment, copied)
    pins = yaml.safe_load(file.read_text())
    pins["aws-nodejs-sample"] |= changes
    file.write_text(yaml.safe_dump(pins))
    return copied


def moved(assembly: Path, folder: Path, environment: str, **changes: str) -> dict[str, list[str]]:
    """Return the paths that change in each template of an environment with its pin."""
    after = templates(
        synthesise(repinned(folder, environment, **changes), folder / "out", environment)
    )
    before = {name: item for name, item in templates(assembly).items() if name in after}
    assert set(before) == set(after)
    found = {name: list(changed_paths(before[name], after[name])) for name in after}
    return {name: paths for name, paths in found.items() if paths}


def test_a_new_digest_moves_the_image_and_the_jobs_name_and_nothing_else(
    assembly: Path, tmp_path: Path
) -> None:
    found = moved(assembly, tmp_path, "prod", digest=NEW)
    task = "/Resources/sampleapp99FEBF81/Properties"
    assert found.pop("prod/EcsWorkloads") == [f"{task}/ContainerDefinitions/0/Image"]
    (name, image) = found.pop("prod/EksWorkloads")
    before = templates(assembly)["prod/EksWorkloads"]
    logical_id, line = name.split("/")[2], int(name.split("/")[-1])
    manifest = before["Resources"][logical_id]["Properties"]["Value"]
    assert manifest[line].startswith("  name: eks-iam-test-s3-")
    assert manifest[int(image.split("/")[-1])].strip().startswith("image: ")
    assert found == {}


def test_a_new_tag_of_it_moves_its_label_as_well(assembly: Path, tmp_path: Path) -> None:
    found = moved(assembly, tmp_path, "prod", digest=NEW, tag="v2")
    task = "/Resources/sampleapp99FEBF81/Properties/ContainerDefinitions/0"
    assert found["prod/EcsWorkloads"] == [f"{task}/DockerLabels/{VERSION}", f"{task}/Image"]
    assert len(found["prod/EksWorkloads"]) == 3


def test_another_name_of_the_same_image_makes_no_other_job(assembly: Path, tmp_path: Path) -> None:
    (label,) = moved(assembly, tmp_path, "prod", tag="v2")["prod/EksWorkloads"]
    before = templates(assembly)["prod/EksWorkloads"]
    lines = before["Resources"][label.split("/")[2]]["Properties"]["Value"]
    assert lines[int(label.split("/")[-1])] == "    app.kubernetes.io/version: v1"


def test_on_a_cluster_the_logical_id_stays_and_the_jobs_name_moves(
    assembly: Path, tmp_path: Path
) -> None:
    moving = moved(assembly, tmp_path, "staging", digest=NEW)["staging/EksWorkloads"]
    assert not [path for path in moving if path.count("/") <= 2], "a logical ID moved"
    assert any(path.endswith("/metadata/name") for path in moving)
    assert any(path.endswith("/ObjectName") for path in moving)
    assert {path.rpartition("/")[2] for path in moving if "Manifest" in path} == {"name", "image"}


def test_without_its_pin_the_synth_refuses(tmp_path: Path) -> None:
    copied = copy_environments(tmp_path / "environments")
    pins_path("prod", copied).write_text("{}\n")
    with pytest.raises(EnvironmentFault, match="the image 'aws-nodejs-sample' has no pin"):
        synthesise(copied, tmp_path / "out", "prod")
    assert not list(tmp_path.rglob("*.template.json"))


def test_every_workload_that_does_not_say_otherwise_is_hardened(assembly: Path) -> None:
    seen = 0
    for name, template in templates(assembly).items():
        if name.startswith("article/"):
            continue
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::ECS::TaskDefinition":
                for container in resource["Properties"]["ContainerDefinitions"]:
                    assert list(hardened_faults(container)) == []
                    seen += 1
            for pod in pods_of(resource):
                assert list(restricted_faults(pod)) == []
                seen += 1
    assert seen == 10


def pods_of(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the pods of a resource's manifests."""
    if resource["Type"] == "AWS::SSM::Parameter":
        documents = list(yaml.safe_load_all("\n".join(resource["Properties"]["Value"])))
    elif resource["Type"] == "Custom::AWSCDK-EKS-KubernetesResource":
        documents = resource["Properties"]["Manifest"]
    else:
        documents = []
    for document in documents:
        text = json.dumps(document)
        if '"containers"' in text:
            spec = document["spec"].get("jobTemplate", {"spec": document["spec"]})["spec"]
            yield spec["template"]["spec"]
