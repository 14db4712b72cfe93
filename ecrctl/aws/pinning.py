"""Pins: which image a name stands for, written by a tool and approved by a reviewer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from checked_files.fault_text import one_of
from checked_files.yaml_files import read_yaml
from constructs_lib.rules.ecr.images import reference_faults
from ecrctl.errors import FAILED, UserError
from ecrctl.images.registry import ACCEPTED_MANIFESTS
from environments.loading import load_environment, pins_path
from environments.settings import EnvironmentSettings

from .clients import Aws, explained, or_none

HEADER = """\
# yaml-language-server: $schema=schema/images.schema.json
# Written by `ecrctl pin`: the digest is what a reviewer approves.
"""


def live_tag(environment: str, now: datetime) -> str:
    """Give the tag that keeps an image from every lifecycle rule: it is, or was, live."""
    return f"live-{environment}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def digest_of_tag(aws: Aws, account: str, repository: str, tag: str) -> str:
    """Give the digest that a tag points to, as the registry says."""
    with explained(f"Looking up '{repository}:{tag}'"):
        answer = or_none(
            lambda: aws.ecr.describe_images(
                registryId=account, repositoryName=repository, imageIds=[{"imageTag": tag}]
            )
        )
    if not answer or not answer["imageDetails"]:
        raise UserError(
            f"The repository '{repository}' holds no image tagged '{tag}' in account {account}, "
            f"{aws.region}. Push it first."
        )
    digest: str = answer["imageDetails"][0]["imageDigest"]
    return digest


def mark_live(aws: Aws, account: str, repository: str, digest: str, tag: str) -> None:
    """Give an image one more tag. Its manifest is put again, byte for byte."""
    with explained(f"Tagging '{repository}' as {tag}"):
        found = aws.ecr.batch_get_image(
            registryId=account,
            repositoryName=repository,
            imageIds=[{"imageDigest": digest}],
            acceptedMediaTypes=list(ACCEPTED_MANIFESTS),
        )["images"]
        if not found:
            raise UserError(f"The repository '{repository}' holds no image {digest}.")
        aws.ecr.put_image(
            registryId=account,
            repositoryName=repository,
            imageManifest=found[0]["imageManifest"],
            imageManifestMediaType=found[0].get("imageManifestMediaType", ACCEPTED_MANIFESTS[0]),
            imageTag=tag,
        )


@dataclass(frozen=True, slots=True)
class Target:
    """Define what is pinned where.

    :param directory: the folder of environment files.
    :param image: the name that workloads use.
    :param registry: the environment that holds the image, where that is another one.
    """

    directory: Path
    environment: str
    image: str
    registry: str | None = None


def check_target(target: Target, *, repository: str, tag: str) -> EnvironmentSettings:
    """Refuse what could not be deployed afterwards, and give the environment that holds it."""
    # Pins may be what is missing, so they are not read.
    settings = load_environment(target.environment, target.directory, with_pins=False)
    holder = (
        load_environment(target.registry, target.directory, with_pins=False)
        if target.registry
        else settings
    )
    faults = [f"--{fault}" for fault in reference_faults(tag=tag, digest=None)]
    if target.image not in settings.images:
        faults.append(
            f"no workload of '{target.environment}' runs an image named '{target.image}'; "
            f"{one_of(target.image, settings.images)}"
        )
    declared = [item.name for item in holder.repositories]
    if repository not in declared:
        hint = "" if target.registry else " If another environment holds it, say --registry ENV."
        faults.append(
            f"the environment '{holder.name}' declares no repository '{repository}'; "
            f"{one_of(repository, declared)}{hint}"
        )
    if faults:
        raise UserError("; ".join(faults), exit_code=FAILED)
    _pins(target)
    return holder


def write_pin(target: Target, *, repository: str, tag: str, digest: str) -> Path:
    """Write a pin into the environment's file of pins, beside those that are there."""
    pin = {"repository": repository, "tag": tag, "digest": digest}
    if target.registry and target.registry != target.environment:
        pin = {"registry": target.registry, **pin}
    pins = {**_pins(target), target.image: pin}
    path = pins_path(target.environment, target.directory)
    body = yaml.safe_dump(dict(sorted(pins.items())), sort_keys=False)
    path.write_text(HEADER + body, encoding="utf-8")
    return path


def _pins(target: Target) -> Mapping[str, Any]:
    """Give the pins that are there."""
    path = pins_path(target.environment, target.directory)
    if not path.exists():
        return {}
    pins, faults = read_yaml(path)
    if faults or not isinstance(pins or {}, Mapping):
        what = faults[0] if faults else "a mapping of image names is expected here."
        raise UserError(f"{path.name}: {what}", exit_code=FAILED)
    return pins or {}
