"""The commands of a page, run as its reader types them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support import ROOT

LINKED = (".venv", "node_modules")
NOT_COPIED = (*LINKED, ".git", ".ecrctl", "cdk.out", "site", ".hypothesis", "*_cache", "tests")
SECONDS = 200
# A home of its own has no cache: each first command would unpack the CDK again.
_JSII_CACHE = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"


def copy_project(folder: Path, environments: Mapping[str, str]) -> Path:
    """Copy the project with other environment files, by their names."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    for file in (folder / "environments").glob("*.yaml"):
        file.unlink()
    for name, text in environments.items():
        (folder / "environments" / name).write_text(text)
    return folder


def run(folder: Path, script: str, variables: dict[str, str]) -> str:
    """Run commands in a folder that has `.venv`, as in a shell where it was activated."""
    home = {
        "PATH": f"{folder}/.venv/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(_JSII_CACHE),
    }
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
