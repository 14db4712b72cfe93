"""Loading an environment: its file and its pins, checked together, all faults at once."""

import re
from collections.abc import Iterable
from pathlib import Path

from checked_files.known_names import KnownNames
from checked_files.reports import Report
from checked_files.yaml_files import YamlFile
from constructs_lib.rules.faults import under

from . import DIRECTORY
from .checks.images import image_faults
from .checks.pins import missing_pin_faults, pin_faults
from .checks.places import place_faults, token_faults
from .checks.public_repositories import public_repository_faults
from .checks.registries import registry_faults
from .checks.repositories import github_provider_faults, repository_faults
from .checks.workloads import workload_faults
from .faults import EnvironmentFault
from .model.environment import EnvironmentModel
from .public_repositories import public_repositories_of
from .reading import EnvironmentFile, PinsFile, read_environment, read_pins
from .registries import Others, registry_of
from .registry_baselines import registry_baseline_of
from .resolving import image_of, repositories_of, resolve
from .settings import EnvironmentSettings

PINS_SUFFIX = ".images.yaml"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")


def environment_names(directory: Path = DIRECTORY) -> list[str]:
    """Return the names of the environments that have a file."""
    files = (path.name for path in directory.glob("*.yaml"))
    return sorted(
        name.removesuffix(".yaml")
        for name in files
        if not name.endswith(PINS_SUFFIX) and not name.startswith(".")
    )


def pins_path(name: str, directory: Path = DIRECTORY) -> Path:
    """Return the path of an environment's pins, whether the file exists or not."""
    return directory / f"{name}{PINS_SUFFIX}"


def refuse_name(name: str, directory: Path = DIRECTORY) -> None:
    """Raise when stacks could not be named after an environment."""
    if not _NAME.fullmatch(name):
        raise EnvironmentFault(
            f"{directory.name}/{name}.yaml: an environment's name must have up to 40 letters, "
            "digits and '-' and begin with a letter, because its stacks are named after it. "
            "Rename the file."
        )


def load_environment(
    name: str, directory: Path = DIRECTORY, *, with_pins: bool = True
) -> EnvironmentSettings:
    """Read and check an environment and its pins.

    :param with_pins: ``False`` ignores the pins and leaves out all workloads.
    :raises EnvironmentFault: when there is no such environment, or with every fault of its
        files, each with its path and line.
    """
    return _Folder(directory).load(name, with_pins=with_pins)


def load_environments(
    names: Iterable[str] | None = None, directory: Path = DIRECTORY
) -> list[EnvironmentSettings]:
    """Read and check some environments, or all that have a file.

    :raises EnvironmentFault: with every fault of every one of them.
    """
    folder = _Folder(directory)
    settings: list[EnvironmentSettings] = []
    reports: list[Report | str] = []
    for name in names or folder.names:
        try:
            settings.append(folder.load(name))
        except EnvironmentFault as fault:
            reports += fault.reports
    if reports:
        raise EnvironmentFault(*reports)
    return settings


# A key of this name at any depth, in each of YAML's forms, outside a comment.
_HAS_REGISTRY = re.compile(rb"^[^#\n]*\bregistry[\"']?\s*:", re.MULTILINE)


def _may_concern(text: bytes, head: EnvironmentModel | None) -> bool:
    if not _HAS_REGISTRY.search(text):
        return False
    place = (head.account.encode(), head.region.encode()) if head else ()
    return b"replication" in text or all(part in text for part in place)


class _Folder:
    """A folder of environment files, each of which is read once."""

    def __init__(self, directory: Path) -> None:
        self.names = environment_names(directory)
        self._known = KnownNames(self.names)
        self._directory = directory
        self._files: dict[str, EnvironmentFile] = {}

    def load(self, name: str, *, with_pins: bool = True) -> EnvironmentSettings:
        """Return the settings of an environment."""
        if name not in self.names:
            raise EnvironmentFault(f"there is no environment '{name}'{self._known.hint(name)}")
        refuse_name(name, self._directory)
        environment = self._read(name)
        path = pins_path(name, self._directory)
        pins = read_pins(path) if with_pins else PinsFile(YamlFile(path))
        named = {pin.registry for pin in pins.pins.values()}
        named |= {getattr(pin, "__dict__", {}).get("registry") for pin in pins.faulty.values()}
        others = [other for other in self.names if other != name]
        registries = {name: environment} | {
            other: self._read(other) for other in others if other in named
        }
        neighbours = Others(
            self._known, self._read, lambda: self._with_registry(others, environment.head)
        )
        repositories, faults = repositories_of(environment)
        registry, found = registry_of(environment, neighbours)
        faults += found
        faults += registry_faults(environment, neighbours)
        registry_baseline, found = registry_baseline_of(environment)
        faults += found
        faults += repository_faults(environment, repositories)
        public_repositories, public_faults = public_repositories_of(environment)
        faults += public_faults
        faults += public_repository_faults(environment, public_repositories)
        # Read one by one, because only an environment with a provider concerns the others.
        faults += github_provider_faults(environment, map(self._read, others))
        faults += image_faults(environment)
        faults += place_faults(environment)
        faults += token_faults(environment.file.data)
        pins.file.faults += token_faults(pins.file.data)
        faults += workload_faults(environment, pins.pins, registries)
        if with_pins:
            faults += missing_pin_faults(environment, pins)
        for image, pin in {**pins.pins, **pins.faulty}.items():
            pins.file.faults += under(
                image, pin_faults(image, pin, environment, registries, neighbours)
            )
        reports: list[Report | str] = [
            one.file.report(found)
            for one in registries.values()
            if (found := [*one.file.faults, *(faults if one is environment else ())])
        ]
        if pins.file.faults:
            reports.append(pins.file.report(pins.file.faults))
        if reports:
            raise EnvironmentFault(*reports)
        head = environment.head
        assert head is not None  # noqa: S101 - it has no faults
        images = {
            image: image_of(pin, registries.get(pin.registry or name))
            for image, pin in pins.pins.items()
        }
        return resolve(
            environment,
            head,
            images,
            repositories=repositories,
            public_repositories=public_repositories,
            registry=registry,
            registry_baseline=registry_baseline,
        )

    def _with_registry(
        self, names: Iterable[str], head: EnvironmentModel | None
    ) -> list[EnvironmentFile]:
        """Return the environments whose registry may concern an environment.

        A registry concerns others if it replicates, or if it is in the same account and region.
        Most files do neither, and reading one takes as long as reading the environment itself.
        """
        return [
            self._read(name)
            for name in names
            if name in self._files or _may_concern(self._path(name).read_bytes(), head)
        ]

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.yaml"

    def _read(self, name: str) -> EnvironmentFile:
        if name not in self._files:
            self._files[name] = read_environment(name, self._path(name))
        return self._files[name]
