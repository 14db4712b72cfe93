"""Environment files as far as they are valid: each part is read although another has faults."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from checked_files.fault_text import faults_of
from checked_files.flat_fields import class_within
from checked_files.known_names import KnownNames
from checked_files.models import validated
from checked_files.yaml_files import YamlFile, read_yaml
from constructs_lib.rules.ecs.service import ServiceSpec
from constructs_lib.rules.faults import under

from .model.ecs import EcsTaskModel
from .model.eks import EksJobModel
from .model.environment import EnvironmentModel
from .model.public_repository import PublicRepositoryModel
from .model.repository import PinModel, Pins, RepositoryModel
from .partial import valid_settings

# Values of the required settings, where these have faults; no check reads them.
_ENVIRONMENT = {"account": "000000000000", "region": "us-east-1"}
_REPOSITORY, _PIN = {"name": "name"}, {"repository": "name"}
PARTS = ("repositories", "public_repositories", "ecs_tasks", "ecs_services", "eks_jobs")


@dataclass
class EnvironmentFile:
    """An environment's file.

    :param head: the settings besides the lists below; ``None`` when they have faults.
    :param valid_head: the same with faults, of which only the valid settings can be read; ``None``
        if there are none.
    :param repositories: the valid repositories by their path in the file, such as
        ``repositories[3]``; so are the workloads.
    :param faulty: those repositories with faults whose other settings can be read.
    """

    name: str
    file: YamlFile
    head: EnvironmentModel | None = None
    valid_head: EnvironmentModel | None = None
    repositories: dict[str, RepositoryModel] = field(default_factory=dict)
    public_repositories: dict[str, PublicRepositoryModel] = field(default_factory=dict)
    ecs_tasks: dict[str, EcsTaskModel] = field(default_factory=dict)
    ecs_services: dict[str, ServiceSpec] = field(default_factory=dict)
    eks_jobs: dict[str, EksJobModel] = field(default_factory=dict)
    faulty: dict[str, RepositoryModel] = field(default_factory=dict)

    def workloads(self) -> Iterator[EcsTaskModel | EksJobModel]:
        """Yield every valid task and Job."""
        yield from self.ecs_tasks.values()
        yield from self.eks_jobs.values()

    def repository(self, name: str) -> RepositoryModel | None:
        """Return the repository of a name, of which some settings may have faults."""
        return self._repositories_by_name.get(name)

    @cached_property
    def declared(self) -> KnownNames:
        """The names of its repositories, those of repositories with faults included."""
        return KnownNames(self.names("repositories").values())

    @cached_property
    def _repositories_by_name(self) -> Mapping[str, RepositoryModel]:
        names = self.names("repositories")
        found = {**self.repositories, **self.faulty}
        return {names[path]: found[path] for path in reversed(names) if path in found}

    def given(self, part: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the mappings of a list with their paths, those with faults included."""
        items = _mapping_in(self.file).get(part)
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, Mapping):
                yield f"{part}[{index}]", item

    def names(self, part: str) -> dict[str, str]:
        """Return the names in a list by their paths, those of items with faults included."""
        named = ((path, item.get("name")) for path, item in self.given(part))
        return {path: name for path, name in named if isinstance(name, str)}


@dataclass(slots=True)
class PinsFile:
    """An environment's pins.

    :param pins: the valid pins, by image.
    :param faulty: those with faults whose other settings can be read.
    """

    file: YamlFile
    pins: Mapping[str, PinModel] = field(default_factory=dict)
    faulty: Mapping[str, PinModel] = field(default_factory=dict)

    @property
    def names(self) -> Collection[str]:
        """The names of all pins, those with faults included."""
        return _mapping_in(self.file).keys()


def read_environment(name: str, path: Path) -> EnvironmentFile:
    """Read an environment's file; its faults are those of single settings."""
    file = read_yaml(path)
    found = EnvironmentFile(name, file)
    if file.faults:
        return found
    data = {} if file.data is None else file.data
    if not isinstance(data, Mapping):
        found.head = _validated(EnvironmentModel, data, "", file)
        return found
    rest = {key: value for key, value in data.items() if key not in PARTS}
    try:
        found.head = found.valid_head = validated(EnvironmentModel, rest)
    except ValidationError as error:
        file.faults += faults_of(error, EnvironmentModel)
        found.valid_head = valid_settings(EnvironmentModel, rest, error, _ENVIRONMENT)
    for part in PARTS:
        if part in data:
            getattr(found, part).update(_part(part, data[part], found))
    return found


def read_pins(path: Path) -> PinsFile:
    """Read an environment's pins; without a file there are none."""
    file = read_yaml(path) if path.exists() else YamlFile(path)
    if not isinstance(file.data, Mapping | None):
        _validated(Pins, file.data, "", file)
    pins: dict[str, PinModel] = {}
    faulty: dict[str, PinModel] = {}
    for name, given in _mapping_in(file).items():
        try:
            pins[name] = validated(PinModel, given)
        except ValidationError as error:
            file.faults += under(name, faults_of(error, PinModel))
            if found := valid_settings(PinModel, given, error, _PIN):
                faulty[name] = found
    return PinsFile(file, pins, faulty)


def _mapping_in(file: YamlFile) -> Mapping[str, Any]:
    return file.data if isinstance(file.data, Mapping) else {}


def _part(part: str, given: Any, environment: EnvironmentFile) -> dict[str, Any]:
    hint = EnvironmentModel.model_fields[part].annotation
    if not isinstance(given, list):
        _validated(hint, given, part, environment.file)
        return {}
    item, _ = get_args(hint)
    found = {}
    for index, one in enumerate(given):
        path = f"{part}[{index}]"
        try:
            found[path] = validated(item, one)
        except ValidationError as error:
            environment.file.faults += under(path, faults_of(error, class_within(item)))
            if part == "repositories":
                readable = valid_settings(RepositoryModel, one, error, _REPOSITORY)
                environment.faulty |= {path: readable} if readable else {}
    return found


def _validated(kind: Any, given: Any, path: str, file: YamlFile) -> Any:
    """Return the validated value; its faults are added to the file, and ``None`` is returned."""
    try:
        return validated(kind, given)
    except ValidationError as error:
        file.faults += under(path, faults_of(error, class_within(kind)))
        return None
