"""``ecrctl import``: reads an account, and writes the environment file and the mappings."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checked_files.yaml_edits import EditError, edited, yaml_text
from checked_files.yaml_files import read_yaml
from ecrctl.aws.clients import Aws, as_user_errors, configured_region, or_none
from ecrctl.cdk.toolchain import ROOT
from ecrctl.errors import UserError
from ecrctl.file_writing.atomic import replace_text
from ecrctl.file_writing.locks import locked
from ecrctl.files import file_errors
from ecrctl.verify.reading import Reading
from environments.loading import environment_names, load_environment, refuse_name
from environments.names import key_alias_name
from environments.reading import read_environment

from .account import ExistingRepository, existing_repositories
from .entries import Entry, Keys, is_key_arn
from .environment import Import, import_of
from .journal import journal_in
from .notes import markdown_of_notes
from .registry import Places, existing_registry

HEADER = """\
# yaml-language-server: $schema=schema/environment.schema.json
# Written by `ecrctl import` from the account. Review it before it replaces the environment's file.
"""
FOLDER = ROOT / ".ecrctl" / "import"
_AWS_MANAGED = "alias/aws/ecr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files of an import.

    :param mappings: the resource mapping of each stack, by the stack's path in the app.
    :param notes: the file of notes; ``None`` where there are none.
    """

    environment: Path
    mappings: Mapping[str, Path]
    notes: Path | None


def import_environment(name: str, environments: Path, folder: Path) -> Import:
    """Return the import of the account that the credentials belong to.

    :param folder: the folder of the import, in which an interrupted one is continued.
    :raises UserError: where the environment has a file and the file names another account.
    """
    base, head, entries = _existing_file(name, environments)
    region = head.get("region") or _configured_region()
    aws = Aws.from_variables(region)
    with as_user_errors("Looking up the account of the credentials"):
        account = aws.account()
    if head.get("account", account) != account:
        raise UserError(
            f"The environment '{name}' belongs to account {head['account']}, got credentials of "
            f"account {account}. Set AWS_PROFILE to a profile of account {head['account']}."
        )
    with journal_in(folder, name) as journal:
        existing = existing_repositories(aws, journal)
        with as_user_errors("Reading the settings of the registry"):
            registry = existing_registry(Reading(aws))
        result = import_of(
            name,
            existing,
            head={"account": account, "region": region, **head},
            entries=entries,
            keys=_keys(name, aws, existing),
            registry=registry,
            destinations=_places(environments),
        )
    return replace(result, base=base, resumed=journal.resumed)


def _places(environments: Path) -> Places:
    """Return the environments by their account and region, without those that have faults."""
    heads = {
        name: read_environment(name, environments / f"{name}.yaml").head
        for name in environment_names(environments)
    }
    return {(head.account, head.region): name for name, head in heads.items() if head}


def _existing_file(
    name: str, environments: Path
) -> tuple[str, Mapping[str, Any], dict[str, Entry]]:
    if name not in environment_names(environments):
        refuse_name(name, environments)
        return "", {}, {}
    # Raises the faults of the file, each with its path and line.
    load_environment(name, environments, with_pins=False)
    file = environments / f"{name}.yaml"
    with file_errors(f"{file} cannot be read"):
        base = file.read_bytes().decode()
    raw = read_yaml(file).data
    entries = {entry["name"]: entry for entry in raw.get("repositories", [])}
    return base, {key: value for key, value in raw.items() if key != "repositories"}, entries


def _configured_region() -> str:
    region = configured_region()
    if not region:
        raise UserError(
            "An environment without a file requires a region, and none is configured. "
            "Set AWS_REGION."
        )
    return region


def _keys(name: str, aws: Aws, existing: Iterable[ExistingRepository]) -> Keys:
    named = {one.kms_key for one in existing if one.kms_key and not is_key_arn(one.kms_key)}
    with as_user_errors("Looking up the keys"):
        kms = aws.kms

        def arn_of(key: str) -> str | None:
            found = or_none(lambda: kms.describe_key(KeyId=key))
            return found["KeyMetadata"]["Arn"] if found else None

        return Keys(
            environment=arn_of(key_alias_name(name)),
            aws_managed=arn_of(_AWS_MANAGED),
            by_name={key: arn for key in sorted(named) if (arn := arn_of(key))},
        )


def write_import(name: str, result: Import, folder: Path) -> Written:
    """Write the environment file, the mappings and the notes into a folder."""
    environment, notes = folder / f"{name}.yaml", folder / f"{name}.notes.md"
    mappings = {}
    with file_errors(f"The import cannot be written to {folder}", "Choose another --output."):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(environment):
            replace_text(environment, _environment_text(result))
            for stack, mapping in result.mappings.items():
                path = folder / f"{stack}.mapping.json"
                replace_text(path, json.dumps(mapping, indent=2) + "\n")
                mappings[f"{name}/{stack.removeprefix(f'{name}-')}"] = path
            if result.notes:
                replace_text(notes, markdown_of_notes(name, result.notes))
            else:
                notes.unlink(missing_ok=True)
    return Written(
        environment=environment, mappings=mappings, notes=notes if result.notes else None
    )


def _environment_text(result: Import) -> str:
    # An anchor or a merge key prevents an edit: then the file is written again, with its values.
    with suppress(EditError):
        return edited(result.base or HEADER, result.document)
    return HEADER + yaml_text(dict(result.document))
