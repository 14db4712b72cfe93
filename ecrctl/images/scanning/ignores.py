"""``scan-ignore.yaml``: vulnerabilities that a person accepts, with a reason, until a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from checked_files.fault_text import faults_of
from checked_files.models import FileModel, checked_by
from checked_files.reasons import day_faults, reason_faults
from checked_files.yaml_files import YamlFile, read_yaml
from constructs_lib.rules.ecr.images import repository_name_faults
from constructs_lib.rules.faults import Fault, faults_unless, repeated
from ecrctl.errors import ExitCode, UserError

from .findings import Finding

IGNORE_FILE = "scan-ignore.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A vulnerability that is known and accepted.

    :param id: the vulnerability's id, such as ``CVE-2026-1234``.
    :param until: the last day on which it is accepted.
    :param package: the package in which it is accepted; ``None`` for any.
    :param repository: the repository in whose images it is accepted; ``None`` for any.
    """

    id: str
    reason: str
    until: date
    package: str | None = None
    repository: str | None = None

    def is_for(self, repository: str) -> bool:
        """Return whether it can accept a vulnerability of a repository's image."""
        return self.repository in (None, repository)

    def accepts(self, finding: Finding) -> bool:
        """Return whether a finding is the accepted one."""
        return self.id == finding.id and self.package in (None, finding.package)


def _id_faults(vulnerability: str) -> list[Fault]:
    return faults_unless(
        vulnerability.strip() and vulnerability == vulnerability.strip(),
        f"an id must be one of a vulnerability such as CVE-2026-1234, got '{vulnerability[:80]}'. "
        "Copy it from the scan.",
    )


def _package_faults(package: str) -> list[Fault]:
    return faults_unless(
        package.strip(), "a package must have a name, got ''. Leave it out to accept any package."
    )


class _Entry(FileModel):
    id: Annotated[str, checked_by(_id_faults)]
    reason: Annotated[str, checked_by(reason_faults)]
    until: Annotated[Any, checked_by(day_faults)]
    package: Annotated[str, checked_by(_package_faults)] | None = None
    repository: Annotated[str, checked_by(repository_name_faults)] | None = None


_ENTRIES: TypeAdapter[list[_Entry]] = TypeAdapter(list[_Entry])


def read_ignores(file: Path | None) -> tuple[Ignore, ...]:
    """Return the accepted vulnerabilities in a file.

    :param file: ``None`` for ``scan-ignore.yaml`` in the current folder, which can be missing.
    :raises UserError: with every fault of the file, or where a file that was named is missing.
    """
    if file is None:
        file = Path(IGNORE_FILE)
        if not file.exists():
            return ()
    if not file.is_file():
        raise UserError(f"--ignore: there is no file {file}. Create it, or leave the option out.")
    return _ignores(read_yaml(file))


def _ignores(read: YamlFile) -> tuple[Ignore, ...]:
    faults: Sequence[Fault] = read.faults
    entries: list[_Entry] = []
    if not faults:
        try:
            entries = _ENTRIES.validate_python([] if read.data is None else read.data)
        except ValidationError as error:
            faults = faults_of(error, _Entry)
        else:
            faults = _duplicates(entries)
    if faults:
        raise UserError(str(read.report(faults)), ExitCode.FAULT)
    return tuple(Ignore(**entry.model_dump()) for entry in entries)


def _duplicates(entries: Sequence[_Entry]) -> list[Fault]:
    keys = (
        (f"[{index}].id", (one.id, one.package, one.repository))
        for index, one in enumerate(entries)
    )
    return [
        Fault(path, f"'{key[0]}' is accepted above already. Keep one of the two.")
        for path, key, _ in repeated(keys)
    ]
