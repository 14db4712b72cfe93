"""Findings that somebody answers for: by name, with a reason, for a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ecrctl.errors import UserError
from environments.fault_text import faults_of
from environments.yaml_files import read_yaml

FILE_NAME = "review-acknowledgements.yaml"
_SHORTEST_REASON = 10


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


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    finding: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=_SHORTEST_REASON)]
    until: date


_ENTRIES: TypeAdapter[list[_Entry]] = TypeAdapter(list[_Entry])


def read_acknowledgements(file: Path, label: str) -> list[Acknowledgement]:
    """Read a file of acknowledgements; none where there is no such file, or nothing in it.

    :param label: the side it is read from.
    :raises UserError: with everything in it that does not hold.
    """
    if not file.is_file():
        return []
    data, unreadable = read_yaml(file)
    faults: Sequence[object] = unreadable
    entries: list[_Entry] = []
    if not faults:
        try:
            entries = _ENTRIES.validate_python(data or [])
        except ValidationError as error:
            faults = faults_of(error, _Entry)
    if faults:
        lines = "".join(f"\n  - {fault}" for fault in faults)
        raise UserError(f"{file.name} of '{label}' does not hold:{lines}")
    return [
        Acknowledgement(finding=one.finding, reason=one.reason, until=one.until) for one in entries
    ]
