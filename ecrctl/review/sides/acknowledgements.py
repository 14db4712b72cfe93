"""Findings that somebody answers for: by name, with a reason, for a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from checked_files.fault_text import faults_of
from checked_files.models import FileModel, checked_by
from checked_files.yaml_files import read_yaml
from constructs_lib.rules.faults import Fault
from ecrctl.errors import UserError

FILE_NAME = "review-acknowledgements.yaml"
_SHORTEST_REASON = 10
_ID = re.compile(r"[a-z-]+-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Define that a finding is known and accepted.

    :param finding: its id, which another change does not have.
    :param reason: why, for whoever reads it later.
    :param until: the last day on which it holds.
    """

    finding: str
    reason: str
    until: date

    def holds_on(self, day: date) -> bool:
        """Say whether it still holds."""
        return day <= self.until


def _id_faults(finding: str) -> list[Fault]:
    if _ID.fullmatch(finding):
        return []
    return [
        Fault(
            "",
            "a finding's id is its rule and eight digits, such as repository-removed-97f3a2f5, "
            f"got '{finding[:80]}'. Copy it from the review.",
        )
    ]


def _reason_faults(reason: str) -> list[Fault]:
    if len(reason.strip()) >= _SHORTEST_REASON:
        return []
    return [
        Fault(
            "",
            f"a reason has at least {_SHORTEST_REASON} characters, got '{reason}'. Say why, for "
            "whoever reads it later.",
        )
    ]


def _day_faults(day: Any) -> list[Fault]:
    # YAML reads a day as one, and anything else as something else.
    if isinstance(day, date) and not isinstance(day, datetime):
        return []
    return [Fault("", f"the last day is written such as 2026-12-31, got {str(day)[:40]!r}.")]


class _Entry(FileModel):
    finding: Annotated[str, checked_by(_id_faults)]
    reason: Annotated[str, checked_by(_reason_faults)]
    until: Annotated[Any, checked_by(_day_faults)]


_ENTRIES: TypeAdapter[list[_Entry]] = TypeAdapter(list[_Entry])


def read_acknowledgements(file: Path, label: str | None) -> list[Acknowledgement]:
    """Read a file of acknowledgements; none where there is no such file, or nothing in it.

    :param label: the side it is read from; ``None`` where the file itself was given.
    :raises UserError: with everything in it that does not hold.
    """
    if not file.is_file():
        return []
    read = read_yaml(file)
    faults: Sequence[object] = read.faults
    entries: list[_Entry] = []
    if not faults:
        try:
            entries = _ENTRIES.validate_python(read.data or [])
        except ValidationError as error:
            faults = faults_of(error, _Entry)
        else:
            faults = _twice(entries)
    if faults:
        lines = "".join(f"\n  - {fault}" for fault in faults)
        where = f"{file.name} of '{label}'" if label else str(file)
        raise UserError(f"{where} does not hold:{lines}")
    return [
        Acknowledgement(finding=one.finding, reason=one.reason, until=one.until) for one in entries
    ]


def _twice(entries: Sequence[_Entry]) -> list[Fault]:
    names = [one.finding for one in entries]
    return [
        Fault(f"[{index}].finding", f"'{name}' is acknowledged above already. Keep one of the two.")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
