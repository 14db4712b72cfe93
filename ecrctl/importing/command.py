"""What ``ecrctl import`` writes: the environment file, and a mapping for each stack."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError
from rich import box
from rich.markup import escape
from rich.table import Table

from checked_files.yaml_files import read_yaml
from ecrctl.aws.clients import Aws, explained, or_none
from ecrctl.errors import UserError
from environments.loading import environment_names, load_environment, refuse_name
from environments.names import key_alias_name

from .account import existing_repositories
from .entries import Entry, Keys, Note
from .environment import Import, import_of

HEADER = """\
# yaml-language-server: $schema=schema/environment.schema.json
# Written by `ecrctl import`: what the account has today. Review it before it replaces the file.
"""
_AWS_MANAGED = "alias/aws/ecr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Define the files of an import.

    :param mappings: by the stack's path in the app, the resource mapping for it.
    """

    environment: Path
    mappings: Mapping[str, Path]


def import_environment(name: str, environments: Path) -> Import:
    """Read the account of an environment, or the one at hand for an environment that is new."""
    head, entries = _file_that_exists(name, environments)
    region = head.get("region") or _region_at_hand()
    aws = Aws.from_variables(region)
    with explained("Asking whose credentials these are"):
        account = aws.account()
    if head.get("account", account) != account:
        raise UserError(
            f"The environment '{name}' is of account {head['account']}, and the credentials are "
            f"of account {account}. Use credentials of the former."
        )
    return import_of(
        name,
        existing_repositories(aws),
        head={"account": account, "region": region, **head},
        entries=entries,
        keys=_keys(name, aws),
    )


def _file_that_exists(name: str, environments: Path) -> tuple[Mapping[str, Any], dict[str, Entry]]:
    if name not in environment_names(environments):
        refuse_name(name, environments)
        return {}, {}
    # A file with faults is told here, in the words of the file.
    load_environment(name, environments, with_pins=False)
    raw, _ = read_yaml(environments / f"{name}.yaml")
    entries = {entry["name"]: entry for entry in raw.get("repositories", [])}
    return {key: value for key, value in raw.items() if key != "repositories"}, entries


def _region_at_hand() -> str:
    try:
        region = boto3.Session().region_name
    except BotoCoreError as error:
        raise UserError(f"The AWS configuration cannot be read: {error}") from None
    if not region:
        raise UserError(
            "An import needs to know the region of an environment that has no file yet. "
            "Set AWS_REGION."
        )
    return region


def _keys(name: str, aws: Aws) -> Keys:
    with explained("Looking up the keys"):
        kms = aws.kms

        def arn_of(alias: str) -> str | None:
            found = or_none(lambda: kms.describe_key(KeyId=alias))
            return found["KeyMetadata"]["Arn"] if found else None

        return Keys(environment=arn_of(key_alias_name(name)), aws_managed=arn_of(_AWS_MANAGED))


def write_import(name: str, result: Import, folder: Path) -> Written:
    """Write the environment file and the mappings into a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        environment = folder / f"{name}.yaml"
        body = yaml.safe_dump(dict(result.document), sort_keys=False, width=100, allow_unicode=True)
        environment.write_text(HEADER + body, encoding="utf-8")
        mappings = {}
        for stack, mapping in result.mappings.items():
            path = folder / f"{stack}.mapping.json"
            path.write_text(json.dumps(mapping, indent=2) + "\n", encoding="utf-8")
            mappings[f"{name}/{stack.removeprefix(f'{name}-')}"] = path
    except OSError as error:
        raise UserError(
            f"The import cannot be written to {folder}: {error.strerror}. Give another --output."
        ) from None
    return Written(environment=environment, mappings=mappings)


def table_of_notes(notes: Sequence[Note]) -> Table:
    """Lay out what an import would delete, change or leave out."""
    table = Table(
        title="What an import would delete, change or leave out",
        box=box.ROUNDED,
        title_justify="left",
    )
    for column in ("Repository", "Today", "Then"):
        table.add_column(column, overflow="fold")
    for note in notes:
        table.add_row(*(escape(cell) for cell in (note.repository, note.what, note.then)))
    return table


def summary(result: Import) -> str:
    """Say how many repositories there are, and what is theirs to come."""
    entries: Sequence[Entry] = result.document["repositories"]
    adopted, deployed = len(result.adopted), len(result.deployed)
    absent = len(entries) - adopted - deployed
    where = f"{result.document['account']}, {result.document['region']}"
    return (
        f"{where}: {_counted(adopted)} to import, {deployed} deployed by this "
        f"environment already, {absent} in the file that the account does not have."
    )


def _counted(number: int) -> str:
    return "1 repository" if number == 1 else f"{number} repositories"


def next_steps(name: str, written: Written, environments: Path) -> list[str]:
    """Give the commands that come next, in their order."""
    steps = [f"cp {shown(written.environment)} {shown(environments / f'{name}.yaml')}"]
    steps += [
        f"npx cdk import '{stack}' -c env={name} --resource-mapping {shown(path)}"
        for stack, path in written.mappings.items()
    ]
    return [*steps, f"ecrctl verify {name}"]


def shown(path: Path) -> str:
    """Give a path as one would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
