"""The bytes of the files and folders that are deployed beside a template."""

import os
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

from ecrctl.cdk.assemblies import Stack

# An assembly that was copied without its assets: the same on both sides, and shown as such.
MISSING = "not in the assembly"


def asset_digests(stack: Stack) -> dict[str, str]:
    """Return a digest of the bytes of each asset of a stack, by the asset's id."""
    return {asset_id: _digest(path) for asset_id, path in stack.assets.items()}


@cache
def _digest(path: Path) -> str:
    if not path.exists():
        return MISSING
    found = sha256()
    for file in [path] if path.is_file() else _files(path):
        found.update(f"{file.relative_to(path)} {_mode(file)} {file.stat().st_size} ".encode())
        found.update(file.read_bytes())
    return f"sha256:{found.hexdigest()}"


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(place, name) for name in sorted(files))


def _mode(file: Path) -> str:
    """Return whether a file can be executed, which its image or archive keeps."""
    return "x" if os.access(file, os.X_OK) else "-"
