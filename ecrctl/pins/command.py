"""The work of ``ecrctl pin``: find the image, protect it, and write its digest."""

from dataclasses import replace

from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY
from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode, UserError
from environments.loading import pins_path

from .history import previous_pin
from .pinning import Target, check_target, live_tag, mark_live, pinnable_digest, write_pin

_DIGITS_OF_COMMIT = 12


def pin_image(
    target: Target, *, repository: str, tag: str | None = None, digest: str | None = None
) -> str:
    """Pin the image with a tag or a digest, and return what was done.

    :raises UserError: before anything is changed, where the pin could not be deployed.
    """
    owner = check_target(target, repository=repository, tag=tag, digest=digest)
    aws = Aws.from_variables(owner.region)
    # Of a tag, the digest that the registry has now.
    found = pinnable_digest(aws, owner.account, repository, digest or tag or "")
    live = live_tag(target.environment, found)
    mark_live(aws, owner.account, repository, found, live)
    path = write_pin(target, repository=repository, tag=tag, digest=found)
    name = f"{repository}:{tag}, {found}" if tag else f"{repository}@{found}"
    return f"{path.name}: {target.image} is pinned to {name}; the tag {live} protects it"


def pin_previous(target: Target) -> str:
    """Pin the image that git has as the one before, and return what was done."""
    found = previous_pin(pins_path(target.environment, target.directory), target.image)
    pin = found.pin
    if pin.registry == PUBLIC_REGISTRY:
        raise UserError(
            f"the earlier pin of '{target.image}' is an image of ECR Public, which nobody can tag "
            "here. Take the pin back with git.",
            ExitCode.FAULT,
        )
    done = pin_image(
        replace(target, registry=pin.registry),
        repository=pin.repository,
        tag=pin.tag,
        digest=pin.digest,
    )
    return f"{done}. It was pinned in commit {found.commit[:_DIGITS_OF_COMMIT]}"
