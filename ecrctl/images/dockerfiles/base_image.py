"""The digest-pinned ``FROM`` of an image."""

from pathlib import Path

from checked_files.fault_text import name_hint
from constructs_lib.rules.ecr.images import repository_uri, tag_faults
from ecrctl.aws.clients import Aws
from ecrctl.aws.newest_images import newest_image
from ecrctl.errors import ExitCode, UserError
from ecrctl.output.documents import BaseImageDocument
from ecrctl.pins.pinning import pinnable_digest
from environments.loading import load_environment


def base_image(
    environment: str, repository: str, tag: str | None, directory: Path
) -> BaseImageDocument:
    """Return an image with which a Dockerfile can begin.

    The digest is that of the image or, where a tag names an image index, of the index, so that one
    line is valid for every platform.

    :param tag: the image's tag; ``None`` for the newest image.
    :param directory: the folder of environment files.
    :raises UserError: where the image does not exist or cannot be pulled.
    """
    # A missing pin is no fault here.
    settings = load_environment(environment, directory, with_pins=False)
    declared = [one.name for one in settings.repositories]
    if repository not in declared:
        raise UserError(
            f"the environment '{environment}' declares no repository '{repository}'"
            f"{name_hint(repository, declared)}",
            ExitCode.FAULT,
        )
    if tag is not None and (faults := tag_faults(tag)):
        raise UserError(f"--tag: {faults[0]}", ExitCode.FAULT)
    aws = Aws.from_variables(settings.region)
    if tag is None:
        newest = newest_image(aws, settings.account, repository)
        tag, digest = newest.tag, newest.digest
    else:
        digest = pinnable_digest(aws, settings.account, repository, tag)
    uri = repository_uri(settings.account, settings.region, repository)
    return BaseImageDocument(
        repository=repository, tag=tag, digest=digest, uri=f"{uri}:{tag}@{digest}"
    )
