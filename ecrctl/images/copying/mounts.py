"""The repositories in which this machine has seen a blob: from there, a registry can mount it.

The file is a hint. A registry that cannot mount a blob gets it sent.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_MOST_BLOBS = 20_000
_MOST_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class KnownBlobs:
    """The blobs of one registry, each with a repository that has it."""

    host: str
    file: Path
    repositories: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of_registry(host: str) -> "KnownBlobs":
        """Return what this machine knows about a registry."""
        folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        file = Path(folder) / "ecrctl" / f"blobs-{host.replace(':', '-').replace('/', '-')}.json"
        known = KnownBlobs(host, file)
        with suppress(OSError, ValueError):
            if file.stat().st_size <= _MOST_BYTES:
                found = json.loads(file.read_bytes())
                pairs = found.items() if isinstance(found, dict) else ()
                known.repositories = {key: one for key, one in pairs if isinstance(one, str)}
        return known

    def repository_of(self, digest: str, *, other_than: str) -> str | None:
        """Return another repository that has a blob, if one is known."""
        found = self.repositories.get(digest)
        return found if found != other_than else None

    def add(self, repository: str, digests: Iterable[str]) -> None:
        """Remember the blobs of a repository, the newest last."""
        for digest in digests:
            self.repositories.pop(digest, None)
            self.repositories[digest] = repository
        kept = dict(list(self.repositories.items())[-_MOST_BLOBS:])
        # A cache that cannot be written costs time later, and nothing else.
        with suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self.file.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(kept, file)
            Path(name).replace(self.file)
