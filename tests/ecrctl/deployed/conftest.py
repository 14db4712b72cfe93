"""Environments whose deployed stacks are read."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    """Return a folder with two environments, the names of which begin alike."""
    folder = tmp_path / "environments"
    folder.mkdir()
    for name in ("seen.yaml", "seen-too.yaml"):
        (folder / name).touch()
    return folder
