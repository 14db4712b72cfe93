"""Reading an environment: its file and its pins, checked together, all faults at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from checked_files.fault_text import faults_of, one_of
from checked_files.yaml_files import line_of, read_yaml
from constructs_lib.rules.faults import Fault

from .checks.pins import (
    duplicate_faults,
    github_provider_faults,
    makes_github_provider,
    missing_pin_faults,
    organization_faults,
    pin_faults,
)
from .checks.repositories import fleet_faults
from .checks.workloads import movable_pin_faults, workload_faults
from .model.environment import EnvironmentModel, PinModel, Pins
from .resolving import resolve
from .settings import EnvironmentSettings

DIRECTORY = Path(__file__).parent
PINS_SUFFIX = ".images.yaml"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")

_PINS: TypeAdapter[dict[str, PinModel]] = TypeAdapter(Pins)


class EnvironmentFault(Exception):
    """Say that an environment cannot be read, in words for the person who edits its files."""


@dataclass(slots=True)
class _File:
    """Define a file as far as it could be read: raw data, and what is wrong with it."""

    path: Path
    raw: Any = None
    faults: list[Fault] = field(default_factory=list)


def environment_names(directory: Path = DIRECTORY) -> list[str]:
    """Give the names of the environments that have a file."""
    files = (path.name for path in directory.glob("*.yaml"))
    return sorted(
        name.removesuffix(".yaml")
        for name in files
        if not name.endswith(PINS_SUFFIX) and not name.startswith(".")
    )


def pins_path(name: str, directory: Path = DIRECTORY) -> Path:
    """Give the file that holds an environment's pins, whether it is there or not."""
    return directory / f"{name}{PINS_SUFFIX}"


def refuse_name(name: str, directory: Path = DIRECTORY) -> None:
    """Refuse a name that stacks could not be named after."""
    if not _NAME.fullmatch(name):
        raise EnvironmentFault(
            f"{directory.name}/{name}.yaml: an environment's name has up to 40 letters, digits "
            "and '-' and begins with a letter, because its stacks are named after it. "
            "Rename the file."
        )


def load_environment(
    name: str, directory: Path = DIRECTORY, *, with_pins: bool = True
) -> EnvironmentSettings:
    """Read an environment and its pins.

    :param with_pins: ``False`` leaves pins unread and workloads out, for whoever makes pins.
    :raises EnvironmentFault: when there is no such environment, or with every fault of its
        files, each with its path and line.
    """
    known = environment_names(directory)
    if name not in known:
        raise EnvironmentFault(f"there is no environment '{name}'; {one_of(name, known)}")
    refuse_name(name, directory)
    path = pins_path(name, directory)
    pins = _read(path) if with_pins and path.exists() else _File(path, raw={})
    files = {
        registry: _read(directory / f"{registry}.yaml")
        for registry in (name, *_registries(pins.raw, known, name))
    }
    models = {registry: _validated_environment(file) for registry, file in files.items()}
    checked_pins = _validated_pins(pins)
    raw = {registry: file.raw for registry, file in files.items()}
    files[name].faults += duplicate_faults(raw[name]) + organization_faults(raw[name])
    if makes_github_provider(raw[name]):
        others = {other: _read(directory / f"{other}.yaml").raw for other in known if other != name}
        files[name].faults += github_provider_faults(raw[name], others)
    if with_pins:
        files[name].faults += missing_pin_faults(raw[name], pins.raw, name)
    files[name].faults += fleet_faults(models[name])
    files[name].faults += workload_faults(models[name], name, checked_pins, models)
    pins.faults += pin_faults(pins.raw, name, raw, known)
    pins.faults += movable_pin_faults(checked_pins, name, models)
    _refuse([*files.values(), pins])
    return resolve(name, checked_pins, {key: model for key, model in models.items() if model})


def load_environments(
    names: Iterable[str] | None = None, directory: Path = DIRECTORY
) -> list[EnvironmentSettings]:
    """Read some environments, or all that have a file.

    :raises EnvironmentFault: with every fault of every one of them.
    """
    settings: list[EnvironmentSettings] = []
    faults: list[str] = []
    for name in names or environment_names(directory):
        try:
            settings.append(load_environment(name, directory))
        except EnvironmentFault as fault:
            faults.append(str(fault))
    if faults:
        raise EnvironmentFault("\n".join(faults))
    return settings


def _read(path: Path) -> _File:
    raw, faults = read_yaml(path)
    return _File(path, {} if raw is None else raw, faults)


def _validated_environment(file: _File) -> EnvironmentModel | None:
    if file.faults:
        return None
    try:
        return EnvironmentModel.model_validate(file.raw)
    except ValidationError as error:
        file.faults += faults_of(error, EnvironmentModel)
        return None


def _validated_pins(file: _File) -> Mapping[str, PinModel]:
    if not file.faults:
        try:
            return _PINS.validate_python(file.raw)
        except ValidationError as error:
            file.faults += faults_of(error, PinModel)
    return {}


def _registries(pins: Any, known: Iterable[str], name: str) -> list[str]:
    """Give the other environments that pins name as their registry, those that exist."""
    if not isinstance(pins, Mapping):
        return []
    named = [pin.get("registry") for pin in pins.values() if isinstance(pin, Mapping)]
    return [other for other in known if other in named and other != name]


def _refuse(files: Iterable[_File]) -> None:
    reports = [_report(file) for file in files if file.faults]
    if reports:
        raise EnvironmentFault("\n".join(reports))


def _report(file: _File) -> str:
    count = "1 fault" if len(file.faults) == 1 else f"{len(file.faults)} faults"
    located = sorted((_line(file.path, fault) or 0, str(fault)) for fault in file.faults)
    lines = (f"  - {f'line {line}, ' if line else ''}{text}" for line, text in located)
    return "\n".join([f"{_shown(file.path)}: {count}", *lines])


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _line(path: Path, fault: Fault) -> int | None:
    if not fault.path:
        return None
    # A key may hold what separates steps; then the line of what lies around it will do.
    steps = re.findall(r"\[(\d+)\]|([^.\[\]]+)", fault.path)
    return line_of(path, tuple(int(index) if index else key for index, key in steps))
