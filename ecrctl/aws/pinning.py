"""Pins: the image of each name that workloads use, written here and approved by a reviewer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checked_files.fault_text import name_hint
from constructs_lib.rules.ecr.images import reference_faults
from constructs_lib.rules.faults import Fault, RuleError
from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing.yaml_documents import change_document, check_document
from ecrctl.images.registry import ACCEPTED_MANIFESTS
from environments.loading import load_environment, pins_path
from environments.settings import EnvironmentSettings

from .clients import Aws, as_user_errors
from .image_records import digest_in_ecr

HEADER = """\
# yaml-language-server: $schema=schema/images.schema.json
# Written by `ecrctl pin`: the digest is what a reviewer approves.
"""


def live_tag(environment: str) -> str:
    """Return the tag that protects an image that is or was live from every lifecycle rule."""
    return f"live-{environment}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def digest_of_tag(aws: Aws, account: str, repository: str, tag: str) -> str:
    """Return the digest that a tag has in the registry."""
    with as_user_errors(f"Looking up '{repository}:{tag}'"):
        digest = digest_in_ecr(aws, account, repository, tag)
    if digest is None:
        raise UserError(
            f"The repository '{repository}' has no image with the tag '{tag}' in account "
            f"{account}, {aws.region}. Push the image first."
        )
    return digest


def mark_live(aws: Aws, account: str, repository: str, digest: str, tag: str) -> None:
    """Add a tag to an image.

    The manifest is put again byte for byte and under its own media type, because another one
    would be another image.
    """
    with as_user_errors(f"Tagging '{repository}' as {tag}"):
        found = aws.ecr.batch_get_image(
            registryId=account,
            repositoryName=repository,
            imageIds=[{"imageDigest": digest}],
            acceptedMediaTypes=list(ACCEPTED_MANIFESTS),
        )["images"]
        if not found:
            raise UserError(f"The repository '{repository}' has no image {digest}. Push it first.")
        aws.ecr.put_image(
            registryId=account,
            repositoryName=repository,
            imageManifest=found[0]["imageManifest"],
            imageManifestMediaType=found[0]["imageManifestMediaType"],
            imageTag=tag,
        )


@dataclass(frozen=True, slots=True)
class Target:
    """The image name that a pin is for, and its environment.

    :param directory: the folder of environment files.
    :param image: the name that workloads use.
    :param registry: the environment of the image's repository, where it is another one.
    """

    directory: Path
    environment: str
    image: str
    registry: str | None = None


def check_target(target: Target, *, repository: str, tag: str) -> EnvironmentSettings:
    """Return the environment that declares the repository.

    :raises UserError: where the pin could not be deployed.
    """
    # The pins are not read, because the one that is missing may be this one.
    settings = owner = load_environment(target.environment, target.directory, with_pins=False)
    if target.registry:
        owner = load_environment(target.registry, target.directory, with_pins=False)
    faults = [f"--{fault}" for fault in reference_faults(tag=tag, digest=None)]
    if target.image not in settings.images:
        faults.append(
            f"no workload of '{target.environment}' runs an image named '{target.image}'"
            f"{name_hint(target.image, settings.images)}"
        )
    declared = [item.name for item in owner.repositories]
    if repository not in declared:
        hint = "" if target.registry else " If another environment declares it, add --registry ENV."
        faults.append(
            f"the environment '{owner.name}' declares no repository '{repository}'"
            f"{name_hint(repository, declared)}{hint}"
        )
    if faults:
        error = RuleError("the image cannot be pinned", (Fault("", text) for text in faults))
        raise UserError(str(error), ExitCode.FAULT)
    check_document(pins_path(target.environment, target.directory))
    return owner


def write_pin(target: Target, *, repository: str, tag: str, digest: str) -> Path:
    """Add or replace a pin in the environment's file of pins, and return the file."""
    pin = {"repository": repository, "tag": tag, "digest": digest}
    if target.registry and target.registry != target.environment:
        pin = {"registry": target.registry, **pin}

    def pinned(pins: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict(sorted({**pins, target.image: pin}.items()))

    path = pins_path(target.environment, target.directory)
    change_document(path, pinned, header=HEADER)
    return path
