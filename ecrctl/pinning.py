"""Pins: which image a name stands for, written by a tool and approved by a reviewer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import yaml

from constructs_lib.rules.images import tag_faults
from environments.loading import pins_path
from environments.yaml_files import read_yaml

from .aws import Aws, explained, or_none
from .errors import FAILED, UserError
from .registry import ACCEPTED_MANIFESTS

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


def write_pin(
    directory: Path, environment: str, image: str, *, repository: str, tag: str, digest: str
) -> Path:
    """Write a pin into the environment's file of pins, beside those that are there."""
    faults = tag_faults(tag)
    if faults:
        raise UserError(str(faults[0]), exit_code=FAILED)
    path = pins_path(environment, directory)
    pins, unreadable = read_yaml(path) if path.exists() else ({}, [])
    if unreadable:
        raise UserError(f"{path.name}: {unreadable[0]}", exit_code=FAILED)
    pins = {**(pins or {}), image: {"repository": repository, "tag": tag, "digest": digest}}
    body = yaml.safe_dump(dict(sorted(pins.items())), sort_keys=False)
    path.write_text(HEADER + body, encoding="utf-8")
    return path
