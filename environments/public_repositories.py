"""From a file's public repositories to their settings: the files that they name are read here."""

from pathlib import Path

from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.public_catalog import (
    LARGEST_LOGO_BYTES,
    LONGEST_TEXT,
    CatalogData,
    logo_faults,
)
from constructs_lib.rules.ecr.public_repository import REGION, PublicRepositorySpec, region_faults
from constructs_lib.rules.faults import Fault, RuleError, under

from .checks.tags import without_inherited
from .files_beside import read_beside
from .model.environment import EnvironmentModel
from .model.public_repository import InlineText, PublicRepositoryModel
from .reading import EnvironmentFile
from .resolving import administrators_of
from .settings import PublicRepositorySettings

_PART = "public_repositories"
# A character of a text has up to four bytes.
_LARGEST_TEXT_BYTES = 4 * LONGEST_TEXT


def public_repositories_of(
    environment: EnvironmentFile,
) -> tuple[tuple[PublicRepositorySettings, ...], list[Fault]]:
    """Return the settings of the valid public repositories, and the faults of the others."""
    head = environment.head
    if head is None or not any(environment.given(_PART)):
        return (), []
    # One fault for all of them, whose region is that of the file.
    faults = [Fault(_PART, fault.message) for fault in region_faults(head.region)]
    settings: list[PublicRepositorySettings] = []
    for path, model in environment.public_repositories.items():
        found, problems = _settings(model, head, environment.file.path)
        faults += under(path, problems)
        settings += [found] if found else []
    return tuple(settings), faults


def _settings(
    model: PublicRepositoryModel, head: EnvironmentModel, file: Path
) -> tuple[PublicRepositorySettings | None, list[Fault]]:
    faults: list[Fault] = []
    texts = {name: _text(name, getattr(model, name), file, faults) for name in ("about", "usage")}
    logo = _logo(model.logo, file, faults)
    catalog_data = CatalogData()
    try:
        catalog_data = CatalogData(
            description=model.description,
            architectures=model.architectures,
            operating_systems=model.operating_systems,
            **texts,
        )
    except RuleError as error:
        faults += error.faults
    try:
        spec = PublicRepositorySpec(
            name=model.name,
            # Another region is reported once for the whole file.
            place=Place.of(head.account, REGION),
            catalog_data=catalog_data,
            push=model.push.access(head.organization_id),
            statements=model.statements,
            administrators=administrators_of(head),
            removal=model.removal,
            tags=head.tags_with(model.tags),
        )
    except RuleError as error:
        return None, [*faults, *without_inherited(error.faults, model.tags, head)]
    return (None if faults else PublicRepositorySettings(spec=spec, logo=logo)), faults


def _text(name: str, given: str | InlineText | None, file: Path, faults: list[Fault]) -> str | None:
    """Return a text, from its file where it has one; the faults are added to a list."""
    if given is None or isinstance(given, InlineText):
        return given.text if given else None
    if "\n" in given:
        message = "a text of several lines is no path. Write it as {text: ...}."
        faults.append(Fault(name, message))
        return None
    content, problems = read_beside(given, file, _LARGEST_TEXT_BYTES)
    if problems:
        cure = "Write a text itself as {text: ...}."
        faults += [Fault(name, f"{problem.message} {cure}") for problem in problems]
        return None
    try:
        # As git checks a file out on another system, so that all synths are the same.
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        message = f"the file '{given[:120]}' must be text in UTF-8. Save it in UTF-8."
        faults.append(Fault(name, message))
        return None


def _logo(given: str | None, file: Path, faults: list[Fault]) -> bytes | None:
    if given is None:
        return None
    content, problems = read_beside(given, file, LARGEST_LOGO_BYTES)
    faults += under("logo", problems or logo_faults(content))
    return content
