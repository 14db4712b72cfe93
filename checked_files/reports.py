"""The report of a file: its faults, each with its place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocatedFault:
    """A fault of a file.

    :param line: its line, from 1; 0 for one without a place, such as that of a missing setting at
        the top of the file.
    :param column: the column of the key or the item, from 1; 0 for one without a place.
    :param path: the path in the file, such as ``repositories[3].name``; empty for the file itself.
    """

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"line {self.line} column {self.column}, " if self.line else ""
        return f"{place}{self.path}: {self.message}" if self.path else f"{place}{self.message}"


@dataclass(frozen=True, slots=True)
class Report:
    """The faults of a file, for the person who edits it.

    :param file: the folder and the name of the file.
    """

    file: str
    faults: tuple[LocatedFault, ...]

    def __str__(self) -> str:
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        return "\n".join([f"{self.file}: {count}", *(f"  - {fault}" for fault in self.faults)])
