"""The commands of the README and of the guide of the first environment, as a reader types them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.local.emulator import Emulator, running
from ecrctl.local.sample_image import sample_image, write_layout
from tests.end_to_end.commands import copy_project, run, section
from tests.installed_tools import require_tool
from tests.packaging.test_guides import blocks
from tests.support import ROOT

GUIDE = ROOT / "docs" / "guides" / "your-own-environment.md"
DEV = """\
account: "999988887777"
region: eu-central-1
repositories: [{name: aws-nodejs-sample}]
ecs_tasks:
  - {name: sample, image: aws-nodejs-sample, memory_mib: 200, cpu: 10, awaiting_image: true}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of the project with one environment, and an image that was built elsewhere."""
    folder = copy_project(tmp_path / "project", {"dev.yaml": DEV})
    write_layout(folder / "image", sample_image(), "v1")
    return folder


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """Run an embedded AWS in the environment's account and region."""
    with running(
        account="999988887777", region="eu-central-1", port=None, directory=tmp_path, keep=False
    ) as started:
        yield started


def test_the_first_deployment_of_the_readme(project: Path, emulator: Emulator) -> None:
    text = section((ROOT / "README.md").read_text(), "Deploy an environment")
    script = blocks("sh", text)[0].replace("111111111111/us-west-2", "999988887777/eu-central-1")
    # Everything is installed, the image comes from a layout, and nobody is there to say yes.
    for given, replaced in (
        ("npx cdk deploy", "npx cdk deploy --require-approval never"),
        ("make\n. .venv/bin/activate\n", ""),
        ("--from docker:aws-nodejs-sample:v1", "--from oci:image"),
    ):
        assert given in script
        script = script.replace(given, replaced)
    output = run(project, script, emulator.variables())
    verified = re.findall(r"dev: all \d+ checks match the declaration", output)
    assert len(verified) == 2
    assert "digest: sha256:" in (project / "environments" / "dev.images.yaml").read_text()


def test_the_guide_of_the_first_environment(project: Path) -> None:
    text = GUIDE.read_text()
    written = section(text, "Write the file")
    first, pins = blocks("yaml", written)
    init, check = blocks("sh", written)
    run(project, init, {})
    files = project / "environments"
    assert run(project, "ecrctl check mine", {}).startswith("mine: ")
    (files / "mine.yaml").write_text(first)
    (files / "mine.images.yaml").write_text(pins)
    assert "team/api" in run(project, check, {})
    local, push = blocks("sh", section(text, "Try it on the embedded AWS"))
    local = local.replace("--environment mine", "--environment mine --keep")
    kept = run(project, local, {})
    assert "mine: all " in kept
    try:
        require_tool("skopeo")
        variables = dict(re.findall(r"export (\w+)=(\S+)", kept))
        # The AWS CLI is not installed here.
        push, _, last = push.rpartition("aws ecr describe-images")
        assert last == " --repository-name team/api\n"
        run(project, push, variables)
        code = "import boto3; print(boto3.client('ecr').describe_images(repositoryName='team/api'))"
        assert "'v2'" in run(project, f'python -c "{code}"', variables)
    finally:
        (stop,) = re.findall(r"To stop it: (kill \d+)", kept)
        run(project, stop, {})
