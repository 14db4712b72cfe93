"""Acknowledgements: findings that a person accepts by id, with a reason, until a day."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from checked_files.fault_text import faults_of
from checked_files.models import FileModel, checked_by
from checked_files.reasons import day_faults, reason_faults
from checked_files.yaml_files import YamlFile, read_yaml, read_yaml_text
from constructs_lib.rules.faults import Fault, faults_unless, repeated
from ecrctl.errors import UserError
from ecrctl.review.findings import ACKNOWLEDGEMENTS_FILE

_ID = re.compile(r"[a-z-]+-[0-9a-f]{32}")
# Ids had eight digits while they still depended on the wording of a finding.
_OLD_ID = re.compile(r"[a-z-]+-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A finding that is known and accepted.

    :param finding: the finding's id, which no other change has.
    :param reason: the reason, for a later reader.
    :param until: the last day on which the acknowledgement is valid.
    """

    finding: str
    reason: str
    until: date

    @property
    def rule(self) -> str:
        """Return the rule in the finding's id."""
        return self.finding.rpartition("-")[0]

    @property
    def is_of_old_form(self) -> bool:
        """Return whether the id has the old form, and so cannot be compared with today's ids."""
        return _OLD_ID.fullmatch(self.finding) is not None

    def is_valid_on(self, day: date) -> bool:
        """Return whether the acknowledgement is valid on a day."""
        return day <= self.until


def _id_faults(finding: str) -> list[Fault]:
    return faults_unless(
        _ID.fullmatch(finding) or _OLD_ID.fullmatch(finding),
        f"a finding's id must be its rule and 32 hexadecimal digits, got '{finding[:80]}'. Copy it "
        "from the review.",
    )


class _Entry(FileModel):
    finding: Annotated[str, checked_by(_id_faults)]
    reason: Annotated[str, checked_by(reason_faults)]
    until: Annotated[Any, checked_by(day_faults)]


_ENTRIES: TypeAdapter[list[_Entry]] = TypeAdapter(list[_Entry])


def read_acknowledgements(file: Path, label: str | None) -> list[Acknowledgement]:
    """Return the acknowledgements in a file; none if the file is missing or empty.

    :param label: the side that the file is read from; ``None`` if the file itself was named.
    :raises UserError: with every fault of the file.
    """
    return _acknowledgements(read_yaml(file), label) if file.is_file() else []


def acknowledgements_in(text: str, label: str) -> list[Acknowledgement]:
    """Return the acknowledgements in the content of a file.

    :param label: the side that the file is read from.
    :raises UserError: with every fault of the file.
    """
    return _acknowledgements(read_yaml_text(Path(ACKNOWLEDGEMENTS_FILE), text), label)


def _acknowledgements(read: YamlFile, label: str | None) -> list[Acknowledgement]:
    faults: Sequence[object] = read.faults
    entries: list[_Entry] = []
    if not faults:
        try:
            entries = _ENTRIES.validate_python(read.data or [])
        except ValidationError as error:
            faults = faults_of(error, _Entry)
        else:
            faults = _duplicates(entries)
    if faults:
        lines = "".join(f"\n  - {fault}" for fault in faults)
        where = f"{read.path.name} of '{label}'" if label else str(read.path)
        raise UserError(f"{where} is not valid:{lines}")
    return [
        Acknowledgement(finding=one.finding, reason=one.reason, until=one.until) for one in entries
    ]


def _duplicates(entries: Sequence[_Entry]) -> list[Fault]:
    names = ((f"[{index}].finding", one.finding) for index, one in enumerate(entries))
    return [
        Fault(path, f"'{name}' is acknowledged above already. Keep one of the two.")
        for path, name, _ in repeated(names)
    ]
