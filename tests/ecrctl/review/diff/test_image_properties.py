"""The table of images, compared with CloudFormation's schema of every type, from cfn-lint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint

from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.type_names import TASK_DEFINITION

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
TYPES: Mapping[str, str] = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text())
# The last steps of paths, over all types: what is a container image, and what is a workload's role.
IMAGE_NAMES = {
    *("BaseImage", "ContainerUri", "DestinationImage", "EcrUri", "Image", "ImageIdentifier"),
    *("ImageUri", "ParentImage", "TrainingImage"),
}
NOT_WORKLOADS = {
    "AWS::ImageBuilder::Image": "its image is what it builds, not what it runs",
    "AWS::ImageBuilder::ImageRecipe": "its parent is a machine image",
    "AWS::SageMaker::ModelCard": "a document about a model",
    TASK_DEFINITION: "compared with the rest of its task",
}
NOT_IMAGES = {
    "AWS::ECS::ExpressGatewayService": {"ActiveConfigurations": "written by ECS"},
    "AWS::ImageBuilder::ContainerRecipe": {"InstanceConfiguration": "a machine image"},
}
# The role with which a result is sent elsewhere, which no container has.
DELIVERIES = {"ContentDeliveryRules"}
# CloudFormation declares a map there, whose items the schema does not name.
NOT_IN_SCHEMA = {"WorkerTypeSpecifications.*.ImageConfiguration.ImageUri"}


@cache
def paths_of(kind: str) -> frozenset[str]:
    """Return the path of every text that a type's properties can contain."""
    schema = json.loads((SCHEMAS / "resources" / f"{TYPES[kind]}.json").read_text())
    return frozenset(".".join(path) for path in _texts(schema, schema, (), frozenset()))


def _texts(
    schema: Mapping[str, Any],
    node: Mapping[str, Any],
    path: tuple[str, ...],
    around: frozenset[str],
) -> Iterator[tuple[str, ...]]:
    while "$ref" in node:
        name = node["$ref"]
        if name in around:
            return
        around |= {name}
        node = schema
        for step in name.removeprefix("#/").split("/"):
            node = node[step]
    for choice in ("allOf", "anyOf", "oneOf"):
        for one in node.get(choice, ()):
            yield from _texts(schema, one, path, around)
    if isinstance(node.get("items"), dict):
        yield from _texts(schema, node["items"], (*path, "*"), around)
    for name, one in node.get("properties", {}).items():
        yield from _texts(schema, one, (*path, name), around)
    if "string" in node.get("type", ()):
        yield path


def images_in(kind: str) -> set[str]:
    """Return the paths of a type's container images, as CloudFormation declares them."""
    ignored = NOT_IMAGES.get(kind, {})
    return {
        path
        for path in paths_of(kind)
        if path.rpartition(".")[2] in IMAGE_NAMES and path.partition(".")[0] not in ignored
    }


def test_the_table_has_every_image_of_every_type_of_cloudformation() -> None:
    found = {
        kind: images for kind in TYPES if kind not in NOT_WORKLOADS and (images := images_in(kind))
    }
    table = {kind: {*row.images} - NOT_IN_SCHEMA for kind, row in IMAGE_PROPERTIES.items()}
    assert table == found


def test_the_table_has_every_role_with_a_name_like_those_in_it() -> None:
    names = {
        path.rpartition(".")[2] for row in IMAGE_PROPERTIES.values() for path in row.identities
    }
    for kind, row in IMAGE_PROPERTIES.items():
        roles = {
            path
            for path in paths_of(kind)
            if path.rpartition(".")[2] in names
            and path.partition(".")[0] not in {*NOT_IMAGES.get(kind, {}), *DELIVERIES}
        }
        assert {*row.identities} == roles, kind
