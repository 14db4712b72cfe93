"""Another CDK app, with a virtual environment of its own, installs this checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT, only, resources

BIN = Path(sys.executable).parent
CACHE = BIN.parent / "uv-cache"
OURS = {"app", "bench", "constructs_lib", "ecrctl", "environments", "stacks", "tests"}
APP = """\
import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from constructs_lib import EcsContainer, EcsImageTask, EksImageJob, Image, PrivateRepository

app = cdk.App(outdir="cdk.out")
environment = cdk.Environment(account="111111111111", region="eu-west-1")
stack = cdk.Stack(app, "Foreign", env=environment)
PrivateRepository(stack, "Api", repository_name="team/api")
theirs = ecr.Repository(stack, "Theirs", repository_name="team/theirs")
image = Image(repository=theirs, digest="sha256:" + "a" * 64, tag="v1")
container = EcsContainer(image=image, memory_mib=200)
EcsImageTask(stack, "Task", family="theirs", container=container)
EksImageJob(stack, "Job", name="list", image=image)
app.synth()
"""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of another app, this checkout installed in its virtual environment.

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
    assert (site_packages / "constructs_lib" / "rules" / "lifecycle" / "policy.py").exists()


def test_it_runs_images_of_its_own_repository_beside_a_safe_one_of_ours(foreign: Path) -> None:
    (foreign / "app.py").write_text(APP)
    subprocess.run([foreign / "venv" / "bin" / "python", "app.py"], cwd=foreign, check=True)
    template = json.loads((foreign / "cdk.out" / "Foreign.template.json").read_text())
    repository = template["Resources"]["RepositoryteamSlashapi"]
    assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert repository["DeletionPolicy"] == "Retain"
    uri = f"111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/theirs@sha256:{'a' * 64}"
    (task,) = resources(template, "AWS::ECS::TaskDefinition")
    assert "@sha256:" in str(task)
    assert f'image: "{uri}"' in only(template, "AWS::SSM::Parameter")["Value"]
    manifest = foreign / "cdk.out" / "manifests" / "Foreign" / "list.yaml"
    assert manifest.read_text() == only(template, "AWS::SSM::Parameter")["Value"]
