"""An app that uses every public name: it is typed for mypy and pyright, and synthesises."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import constructs_lib
from ecrctl.cdk.toolchain import node_binary
from tests.packaging.every_public_name import whole_app
from tests.support import ROOT

APP = Path(__file__).with_name("every_public_name.py")
PYRIGHT = ROOT / "node_modules" / "pyright" / "index.js"


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a type checker."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def mypy(file: Path) -> subprocess.CompletedProcess[str]:
    """Check a file with mypy, strictly, as `make check` does and with its cache."""
    return run(sys.executable, "-m", "mypy", "--strict", file, cwd=ROOT)


def pyright(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a folder of an app with pyright, strictly."""
    configuration = {
        "typeCheckingMode": "strict",
        "reportUnnecessaryTypeIgnoreComment": "error",
        "extraPaths": [str(ROOT)],
        "venvPath": str(ROOT),
        "venv": ".venv",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(configuration))
    return run(node_binary(), PYRIGHT, "--project", folder, cwd=folder)


def test_the_app_uses_every_public_name() -> None:
    tree = ast.parse(APP.read_text())
    imported = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "constructs_lib"
        for alias in node.names
    ]
    assert sorted(imported) == constructs_lib.__all__
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert set(imported) <= used


def test_the_app_synthesises(tmp_path: Path) -> None:
    assembly = whole_app(str(tmp_path)).synth()
    made = {stack.stack_name for stack in assembly.stacks}
    assert made == {"Repositories", "Registries", "OnEcs", "OnEks"}


def test_mypy_accepts_the_app_and_refuses_the_other_launch_type() -> None:
    # The app contains one error with a comment; strict mypy reports a comment without an error.
    accepted = mypy(APP)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert APP.read_text().count("# type: ignore[arg-type]") == 1


def test_pyright_accepts_the_app_and_refuses_the_other_launch_type(tmp_path: Path) -> None:
    shutil.copyfile(APP, tmp_path / "app.py")
    checked = pyright(tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.endswith("0 errors, 0 warnings, 0 informations\n")
