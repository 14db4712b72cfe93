"""``ecrctl import``: reads an account, and writes the environment file and the mappings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from checked_files.yaml_files import read_yaml
from ecrctl.aws.clients import Aws, as_user_errors, configured_region, or_none
from ecrctl.errors import UserError
from ecrctl.files import file_errors
from environments.loading import environment_names, load_environment, refuse_name
from environments.names import key_alias_name

from .account import existing_repositories
from .entries import Entry, Keys
from .environment import Import, import_of

HEADER = """\
# yaml-language-server: $schema=schema/environment.schema.json
# Written by `ecrctl import` from the account. Review it before it replaces the environment's file.
"""
_AWS_MANAGED = "alias/aws/ecr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The files of an import.

    :param mappings: the resource mapping of each stack, by the stack's path in the app.
    """

    environment: Path
    mappings: Mapping[str, Path]


def import_environment(name: str, environments: Path) -> Import:
    """Return the import of the account that the credentials belong to.

    :raises UserError: where the environment has a file and the file names another account.
    """
    head, entries = _existing_file(name, environments)
    region = head.get("region") or _configured_region()
    aws = Aws.from_variables(region)
    with as_user_errors("Looking up the account of the credentials"):
        account = aws.account()
    if head.get("account", account) != account:
        raise UserError(
            f"The environment '{name}' belongs to account {head['account']}, got credentials of "
            f"account {account}. Set AWS_PROFILE to a profile of account {head['account']}."
        )
    return import_of(
        name,
        existing_repositories(aws),
        head={"account": account, "region": region, **head},
        entries=entries,
        keys=_keys(name, aws),
    )


def _existing_file(name: str, environments: Path) -> tuple[Mapping[str, Any], dict[str, Entry]]:
    if name not in environment_names(environments):
        refuse_name(name, environments)
        return {}, {}
    # Raises the faults of the file, each with its path and line.
    load_environment(name, environments, with_pins=False)
    raw = read_yaml(environments / f"{name}.yaml").data
    entries = {entry["name"]: entry for entry in raw.get("repositories", [])}
    return {key: value for key, value in raw.items() if key != "repositories"}, entries


def _configured_region() -> str:
    region = configured_region()
    if not region:
        raise UserError(
            "An environment without a file requires a region, and none is configured. "
            "Set AWS_REGION."
        )
    return region


def _keys(name: str, aws: Aws) -> Keys:
    with as_user_errors("Looking up the keys"):
        kms = aws.kms

        def arn_of(alias: str) -> str | None:
            found = or_none(lambda: kms.describe_key(KeyId=alias))
            return found["KeyMetadata"]["Arn"] if found else None

        return Keys(environment=arn_of(key_alias_name(name)), aws_managed=arn_of(_AWS_MANAGED))


def write_import(name: str, result: Import, folder: Path) -> Written:
    """Write the environment file and the mappings into a folder."""
    environment = folder / f"{name}.yaml"
    mappings = {}
    with file_errors(f"The import cannot be written to {folder}", "Choose another --output."):
        folder.mkdir(parents=True, exist_ok=True)
        body = yaml.safe_dump(dict(result.document), sort_keys=False, width=100, allow_unicode=True)
        environment.write_text(HEADER + body, encoding="utf-8")
        for stack, mapping in result.mappings.items():
            path = folder / f"{stack}.mapping.json"
            path.write_text(json.dumps(mapping, indent=2) + "\n", encoding="utf-8")
            mappings[f"{name}/{stack.removeprefix(f'{name}-')}"] = path
    return Written(environment=environment, mappings=mappings)
