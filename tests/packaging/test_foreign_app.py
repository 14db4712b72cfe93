"""Another CDK app, with a virtual environment of its own, installs this checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

BIN = Path(sys.executable).parent
CACHE = BIN.parent / "uv-cache"
OURS = {"app", "bench", "constructs_lib", "ecrctl", "environments", "stacks", "tests"}
APP = """\
import aws_cdk as cdk
from constructs_lib import PrivateRepository

app = cdk.App(outdir="cdk.out")
stack = cdk.Stack(app, "Foreign")
PrivateRepository(stack, "Api", repository_name="team/api")
app.synth()
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of another app, this checkout installed in its virtual environment.

    Its dependencies come from the cache that ``make`` filled, without network.
    """
    folder = tmp_path_factory.mktemp("foreign")
    checkout = folder / "checkout"
    shutil.copytree(
        ROOT,
        checkout,
        ignore=shutil.ignore_patterns(".venv", "node_modules", ".git", "*.egg-info", "build", ".*"),
    )
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [str(BIN / "uv"), "pip", "install", "--quiet", "--offline"]
    install += ["--python", str(python), str(checkout)]
    subprocess.run(install, env={**os.environ, "UV_CACHE_DIR": str(CACHE)}, check=True)
    return folder


def test_it_gets_the_constructs_and_no_other_name_of_ours(foreign: Path) -> None:
    (site_packages,) = (foreign / "venv" / "lib").glob("python*/site-packages")
    names = {path.stem for path in site_packages.iterdir()}
    assert names & OURS == {"constructs_lib"}
    assert (site_packages / "constructs_lib" / "py.typed").exists()
    assert (site_packages / "constructs_lib" / "rules" / "lifecycle.py").exists()


def test_it_writes_one_construct_and_gets_a_safe_repository(foreign: Path) -> None:
    (foreign / "app.py").write_text(APP)
    subprocess.run([foreign / "venv" / "bin" / "python", "app.py"], cwd=foreign, check=True)
    template = json.loads((foreign / "cdk.out" / "Foreign.template.json").read_text())
    repository = template["Resources"]["RepositoryteamSlashapi"]
    assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert repository["DeletionPolicy"] == "Retain"
