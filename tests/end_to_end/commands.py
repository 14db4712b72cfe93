"""The commands of a page, run as its reader types them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

SECONDS = 200


def run(folder: Path, script: str, variables: dict[str, str]) -> str:
    """Run commands in a folder that has `.venv`, as in a shell where it was activated."""
    home = {"PATH": f"{folder}/.venv/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["sh", "-ec", script],
        cwd=folder,
        env={**home, **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def section(text: str, heading: str) -> str:
    """Return a section of a page."""
    found = re.search(rf"\n##+ {heading}\n(.*?)(?=\n##+ |\Z)", text, flags=re.DOTALL)
    assert found is not None
    return found[1]
