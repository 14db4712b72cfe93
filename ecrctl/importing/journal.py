"""The journal of an import: what was read from AWS, for a run that continues an interrupted one."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Any

from ecrctl.file_writing.locks import locked
from ecrctl.files import file_errors

# What was read before may have changed since then, so it is read again after this time.
FRESH_SECONDS = 3_600


@dataclass(slots=True)
class Journal:
    """Details of repositories, each on a line of a file.

    The key of a repository is its ARN and the time of its creation.

    :param resumed: how many details came from an interrupted run.
    """

    file: IO[str]
    read: Mapping[str, Mapping[str, Any]]
    resumed: int = 0
    _lock: Lock = field(default_factory=Lock)

    def details_of(self, key: str) -> Mapping[str, Any] | None:
        """Return the details that an interrupted run has read."""
        details = self.read.get(key)
        with self._lock:
            self.resumed += details is not None
        return details

    def add(self, key: str, details: Mapping[str, Any]) -> None:
        """Add the details of a repository."""
        line = json.dumps({"key": key, "time": time.time(), "details": details})
        with self._lock:
            self.file.write(f"{line}\n")
            self.file.flush()


@contextmanager
def journal_in(folder: Path, name: str) -> Iterator[Journal]:
    """Keep a journal while the block runs, and remove the journal after a success.

    :param folder: the folder of the import.
    :param name: the environment.
    """
    path = folder / f"{name}.journal.jsonl"
    with file_errors(f"The import cannot be written to {folder}", "Choose another --output."):
        folder.mkdir(parents=True, exist_ok=True)
    with locked(path):
        with file_errors(f"{path} cannot be written"):
            text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
            file = path.open("a", encoding="utf-8")
        with file:
            if text and not text.endswith("\n"):
                file.write("\n")  # after a line that was cut when the run was killed
            yield Journal(file, _fresh(text))
        path.unlink(missing_ok=True)


def _fresh(text: str) -> dict[str, Mapping[str, Any]]:
    found = {}
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            if time.time() - entry["time"] < FRESH_SECONDS:
                found[entry["key"]] = entry["details"]
        except (ValueError, LookupError, TypeError):
            continue
    return found
