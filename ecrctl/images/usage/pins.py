"""The pins of all environments that name an image of one environment's repositories."""

from dataclasses import dataclass
from pathlib import Path

from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY
from ecrctl.aws.unread import Unread
from ecrctl.errors import ExitCode, UserError
from environments.loading import environment_names, pins_path
from environments.reading import read_environment, read_pins
from environments.settings import EnvironmentSettings

from .uses import ImageIdentity

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A pin of an image.

    :param environment: the environment whose workloads run the image.
    :param name: the image's name in its file of pins.
    :param place: the account and region of these workloads.
    """

    environment: str
    name: str
    place: Place
    image: ImageIdentity


def pins_of_registry(settings: EnvironmentSettings, directory: Path, unread: Unread) -> list[Pin]:
    """Return the pins of every environment that name an image in an environment's registry.

    An environment whose files have faults is a sentence of ``unread``.

    :param settings: the environment whose registry contains the images.
    :raises UserError: where the environment's own pins have faults.
    """
    folder = _Folder(settings, directory, unread)
    return [pin for name in environment_names(directory) for pin in folder.pins(name)]


class _Folder:
    """The environment files of a folder, as far as pins need them."""

    def __init__(self, settings: EnvironmentSettings, directory: Path, unread: Unread) -> None:
        self._settings = settings
        self._registry: Place = (settings.account, settings.region)
        self._directory = directory
        self._unread = unread
        self._places: dict[str, Place | None] = {settings.name: self._registry}

    def pins(self, name: str) -> list[Pin]:
        """Return the pins of one environment."""
        read = read_pins(pins_path(name, self._directory))
        if read.file.faults:
            if name == self._settings.name:
                raise UserError(str(read.file.report(read.file.faults)), ExitCode.FAULT)
            file = pins_path(name, self._directory).name
            self._unread.add(f"Not all pins of '{name}' can be read. Correct {file}.")
        found = []
        for image, pin in read.pins.items():
            if pin.registry == PUBLIC_REGISTRY:
                continue
            place, registry = self._place(name), self._place(pin.registry or name)
            if place and registry == self._registry:
                identity = ImageIdentity(
                    account=registry[0],
                    region=registry[1],
                    repository=pin.repository_name,
                    tag=pin.tag,
                    digest=pin.digest,
                )
                found.append(Pin(environment=name, name=image, place=place, image=identity))
        return found

    def _place(self, name: str) -> Place | None:
        if name not in self._places:
            path = self._directory / f"{name}.yaml"
            head = read_environment(name, path).head if path.exists() else None
            self._places[name] = (head.account, head.region) if head else None
            if head is None:
                self._unread.add(
                    f"The account and region of '{name}' cannot be read, so neither can pins that "
                    f"depend on them. Correct {path.name}."
                )
        return self._places[name]
