"""The work of ``ecrctl pin``: find the image, protect it, and write its digest."""

from dataclasses import replace

from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY
from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode, UserError
from ecrctl.output.documents import PinDocument
from environments.loading import pins_path

from .history import previous_pin
from .pinning import Target, check_target, live_tag, mark_live, pinnable_digest, write_pin

_DIGITS_OF_COMMIT = 12


def pin_image(
    target: Target, *, repository: str, tag: str | None = None, digest: str | None = None
) -> PinDocument:
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
    return PinDocument(
        environment=target.environment,
        image=target.image,
        registry=owner.name,
        repository=repository,
        tag=tag,
        digest=found,
        live_tag=live,
        file=path.name,
        commit=None,
    )


def pin_text(pin: PinDocument) -> str:
    """Return what was done as a line."""
    name = f"{pin.repository}:{pin.tag}, {pin.digest}"
    if not pin.tag:
        name = f"{pin.repository}@{pin.digest}"
    text = f"{pin.file}: {pin.image} is pinned to {name}; the tag {pin.live_tag} protects it"
    return f"{text}. Commit {pin.commit} pinned the same image" if pin.commit else text


def pin_previous(target: Target) -> PinDocument:
    """Pin the image that git has as the one before, and return what was done."""
    found = previous_pin(pins_path(target.environment, target.directory), target.image)
    pin = found.pin
    if pin.registry == PUBLIC_REGISTRY:
        raise UserError(
            f"the earlier pin of '{target.image}' is an image of ECR Public, which `ecrctl` "
            f"cannot tag. Copy the pin by hand from commit {found.commit[:_DIGITS_OF_COMMIT]}.",
            ExitCode.FAULT,
        )
    done = pin_image(
        replace(target, registry=pin.registry),
        repository=pin.repository,
        tag=pin.tag,
        digest=pin.digest,
    )
    return done.model_copy(update={"commit": found.commit[:_DIGITS_OF_COMMIT]})
