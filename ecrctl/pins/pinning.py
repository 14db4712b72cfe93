"""A pin: what is checked before one is written, the tag of its image, and the file."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from checked_files.fault_text import name_hint
from constructs_lib.rules.ecr.images import reference_faults
from constructs_lib.rules.faults import Fault, RuleError
from ecrctl.aws.clients import Aws, as_user_errors, is_denied
from ecrctl.aws.image_records import (
    ImageInEcr,
    image_in_ecr,
    image_name,
    no_image,
    pullable_image,
)
from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing.yaml_documents import change_document, check_document
from ecrctl.files import file_errors
from ecrctl.images.oci import ACCEPTED_MANIFESTS
from environments.loading import load_environment, pins_path
from environments.settings import EnvironmentSettings

HEADER = """\
# yaml-language-server: $schema=schema/images.schema.json
# Written by `ecrctl pin`: the digest is what a reviewer approves.
"""


_DIGITS_IN_TAG = 12
_EXISTS = ("ImageAlreadyExistsException", "ImageTagAlreadyExistsException")


def live_tag(environment: str, digest: str) -> str:
    """Return the tag that protects an image that is or was live from every lifecycle rule.

    The tag follows from the digest, so that the same image has the same tag and two images never
    share one.
    """
    return f"live-{environment}-{digest.partition(':')[2][:_DIGITS_IN_TAG]}"


def pinnable_digest(aws: Aws, account: str, repository: str, reference: str) -> str:
    """Return the digest of an image with a tag or digest, which workloads can pull.

    :raises UserError: where no workload could pull the image.
    """
    name = image_name(repository, reference)
    with as_user_errors(f"Looking up '{name}'"):
        image = _image(aws, account, repository, reference)
    if image is None:
        raise no_image(aws, account, repository, reference)
    if image.obstacle:
        raise UserError(
            f"The image '{name}' is {image.obstacle}. {image.how_to_restore(repository, 'pin it')}"
        )
    return image.digest


def mark_live(aws: Aws, account: str, repository: str, digest: str, tag: str) -> None:
    """Add a tag to an image, unless the image has the tag already.

    :raises UserError: where the image does not exist, or the tag belongs to another image.
    """
    with as_user_errors(f"Tagging '{repository}' as {tag}"):
        found = _digest(aws, account, repository, tag)
        if found is None:
            _put_tag(aws, account, repository, digest, tag)
            # A success of PutImage alone does not prove that the tag protects this image.
            found = _digest(aws, account, repository, tag)
    if found is None:
        raise UserError(
            f"The repository '{repository}' has no tag {tag} after PutImage succeeded, so nothing "
            "protects the image. Pin it again."
        )
    if found != digest:
        raise UserError(
            f"The tag {tag} of the repository '{repository}' belongs to another image, {found}, "
            f"and must belong to {digest}. Delete the tag, and pin the image again."
        )


def _digest(aws: Aws, account: str, repository: str, tag: str) -> str | None:
    image = _image(aws, account, repository, tag)
    return image.digest if image else None


def _image(aws: Aws, account: str, repository: str, reference: str) -> ImageInEcr | None:
    try:
        return image_in_ecr(aws, account, repository, reference)
    except ClientError as error:
        # A role that only pushes lacks DescribeImages, as the one that `push.github` creates does.
        if not is_denied(error):
            raise
        return pullable_image(aws, account, repository, reference)


def _put_tag(aws: Aws, account: str, repository: str, digest: str, tag: str) -> None:
    """Put the manifest again byte for byte and under its own media type.

    Another manifest or media type would be another image.
    """
    found = aws.ecr.batch_get_image(
        registryId=account,
        repositoryName=repository,
        imageIds=[{"imageDigest": digest}],
        acceptedMediaTypes=list(ACCEPTED_MANIFESTS),
    )["images"]
    if not found:
        raise UserError(f"The repository '{repository}' has no image {digest}. Push it first.")
    try:
        aws.ecr.put_image(
            registryId=account,
            repositoryName=repository,
            imageManifest=found[0]["imageManifest"],
            imageManifestMediaType=found[0]["imageManifestMediaType"],
            imageTag=tag,
            imageDigest=digest,
        )
    except ClientError as error:
        # Another `ecrctl pin` has just added the tag; the caller compares its digest.
        if error.response.get("Error", {}).get("Code") not in _EXISTS:
            raise


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


def check_target(
    target: Target, *, repository: str, tag: str | None = None, digest: str | None = None
) -> EnvironmentSettings:
    """Return the environment that declares the repository.

    :raises UserError: where the pin could not be deployed.
    """
    # The pins are not read, because the one that is missing may be this one.
    settings = owner = load_environment(target.environment, target.directory, with_pins=False)
    if target.registry:
        owner = load_environment(target.registry, target.directory, with_pins=False)
    faults = [f"--{fault}" for fault in reference_faults(tag=tag, digest=digest)]
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
    _check_writable(pins_path(target.environment, target.directory))
    check_document(pins_path(target.environment, target.directory))
    return owner


def _check_writable(path: Path) -> None:
    """Raise an error before the image is tagged for a pin that could not be written."""
    with file_errors(f"{path} cannot be written"):
        if path.exists():
            path.open("r+b").close()
        tempfile.TemporaryFile(dir=path.resolve().parent).close()


def write_pin(target: Target, *, repository: str, tag: str | None, digest: str) -> Path:
    """Add or replace a pin in the environment's file of pins, and return the file."""
    pin = {"repository": repository, **({"tag": tag} if tag else {}), "digest": digest}
    if target.registry and target.registry != target.environment:
        pin = {"registry": target.registry, **pin}

    def pinned(pins: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict(sorted({**pins, target.image: pin}.items()))

    path = pins_path(target.environment, target.directory)
    change_document(path, pinned, header=HEADER)
    return path
