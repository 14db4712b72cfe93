"""The image that ``ecrctl scan`` is asked about: a pin's name, or a repository's image."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checked_files.fault_text import name_hint
from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY, digest_faults, tag_faults
from ecrctl.errors import ExitCode, UserError
from environments.loading import load_environment, pins_path
from environments.model.repository import PinModel
from environments.reading import read_pins
from environments.settings import EnvironmentSettings


@dataclass(frozen=True, slots=True)
class ScanTarget:
    """An image, and the environment that declares its repository.

    :param reference: a tag or digest; ``None`` for the newest image.
    """

    owner: EnvironmentSettings
    repository: str
    reference: str | None


def scan_target(environment: str, image: str, directory: Path) -> ScanTarget:
    """Return the image that an argument names.

    :param image: the name of a pin, or ``REPOSITORY[:TAG|@DIGEST]``.
    :raises UserError: where the environment's files have neither.
    """
    settings = load_environment(environment, directory, with_pins=False)
    pins = _pins(environment, directory)
    if image in pins:
        return _of_pin(settings, image, pins[image], directory)
    repository, reference = _parts(image)
    declared = [one.name for one in settings.repositories]
    if repository not in declared:
        raise UserError(
            f"the environment '{environment}' has no pin '{image}' and declares no repository "
            f"'{repository}'{name_hint(repository, [*pins, *declared])}",
            ExitCode.FAULT,
        )
    return ScanTarget(settings, repository, reference)


def _pins(environment: str, directory: Path) -> Mapping[str, PinModel]:
    found = read_pins(pins_path(environment, directory))
    if found.file.faults:
        raise UserError(str(found.file.report(found.file.faults)), ExitCode.FAULT)
    return found.pins


def _of_pin(
    settings: EnvironmentSettings, image: str, pin: PinModel, directory: Path
) -> ScanTarget:
    if pin.registry == PUBLIC_REGISTRY:
        raise UserError(
            f"the pin '{image}' is an image of {PUBLIC_REGISTRY}, which ECR does not scan. Pull "
            "the image through a cache, or push it to a repository of the environment.",
            ExitCode.FAULT,
        )
    owner = settings
    if pin.registry and pin.registry != settings.name:
        owner = load_environment(pin.registry, directory, with_pins=False)
    return ScanTarget(owner, pin.repository_name, pin.digest or pin.tag)


def _parts(image: str) -> tuple[str, str | None]:
    repository, at, digest = image.partition("@")
    if at:
        faults = digest_faults(digest)
        # A digest decides; a tag before it is a label.
        repository, reference = repository.partition(":")[0], digest
    else:
        repository, colon, tag = image.partition(":")
        if not colon:
            return repository, None
        faults, reference = tag_faults(tag), tag
    if faults:
        raise UserError(f"'{image}' names no image: {faults[0]}", ExitCode.FAULT)
    return repository, reference
