"""`make` in a folder whose path has a space, with scripts in the place of the tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT

# Each tool records how it was called, and the variables that it got.
RECORD = """\
#!/bin/sh
printf '%s|%s|%s|%s\\n' "$(basename "$0")" "$*" "$VIRTUAL_ENV" "$UV_CACHE_DIR" >> "{log}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a checkout in a folder with a space, with tools that record their calls."""
    checkout = tmp_path / "my projects" / "images"
    tools = checkout / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "package-lock.json"):
        shutil.copy(ROOT / name, checkout)
    (checkout / "ecrctl").mkdir()
    shutil.copy(ROOT / "ecrctl" / "launcher.sh", checkout / "ecrctl")
    (checkout / "node_modules" / "aws-cdk").mkdir(parents=True)
    (checkout / "node_modules" / "aws-cdk" / "package.json").touch()
    for name in ("python", "uv", "npm", "npx", "ruff"):
        (tools / name).write_text(RECORD.format(log=tmp_path / "calls"))
        (tools / name).chmod(0o755)
    os.utime(checkout / "package-lock.json", (2_000_000_000, 2_000_000_000))
    return checkout


def calls(folder: Path, *command: str) -> list[list[str]]:
    """Run a command in a checkout, and return each call of a tool."""
    log = folder.parent.parent / "calls"
    log.write_text("")
    # Of the run that runs this test, nothing is passed on.
    names = [name for name in os.environ if not name.startswith("MAKE") and name != "VIRTUAL_ENV"]
    variables = {name: os.environ[name] for name in names}
    subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    return [line.split("|") for line in log.read_text().splitlines()]


def test_make_installs_into_the_virtual_environment_of_a_path_with_a_space(folder: Path) -> None:
    found = calls(folder, "make", "PYTHON=/bin/true")
    venv = str(folder / ".venv")
    install = "pip install --quiet --require-hashes --no-build -r requirements.txt"
    assert ["uv", install, venv, f"{venv}/uv-cache"] in found
    # pip installs the installer alone; it would install everything where uv fails.
    assert [call[1] for call in found if "pip install" in call[1]] == [
        "-m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: "
        "-r .venv/uv.txt",
        install,
    ]
    assert ["npm", "ci --silent", "", f"{venv}/uv-cache"] in found
    # The tools come from the path, and a second run has nothing to do.
    os.utime(folder / "node_modules" / "aws-cdk" / "package.json", (2e9, 2e9))
    assert calls(folder, "make", "PYTHON=/bin/true") == []
    assert [call[:2] for call in calls(folder, "make", "synth")] == [["npx", "cdk synth --quiet"]]


def test_the_launcher_starts_the_python_beside_it(folder: Path) -> None:
    calls(folder, "make", "PYTHON=/bin/true")
    launcher = folder / ".venv" / "bin" / "ecrctl"
    found = calls(folder, str(launcher), "verify", "a b")
    assert [call[:2] for call in found] == [["python", "-m ecrctl verify a b"]]
