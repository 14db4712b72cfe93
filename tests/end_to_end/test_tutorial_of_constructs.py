"""The tutorial on the constructs in another CDK app: its app and its commands."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib import ClusterDelivery
from constructs_lib.rules.faults import RuleError
from ecrctl.local.emulator import Emulator, running
from ecrctl.local.sample_image import sample_image, write_layout
from tests.end_to_end.commands import run, section
from tests.installed_tools import require_tool
from tests.packaging.test_guides import blocks
from tests.support import ROOT, resources

TEXT = (ROOT / "docs" / "tutorials" / "your-cdk-app.md").read_text()
ACCOUNT, REGION = "999988887777", "eu-central-1"
# The package with the layer is not installed here: the layer is referred to instead.
LAYER = (
    ("from aws_cdk.lambda_layer_kubectl_v33 import KubectlV33Layer\n", ""),
    (
        'KubectlV33Layer(jobs, "Kubectl")',
        "cdk.aws_lambda.LayerVersion.from_layer_version_arn("
        f'jobs, "Kubectl", "arn:aws:lambda:{REGION}:{ACCOUNT}:layer:kubectl:1")',
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the app, with the files of the tutorial."""
    folder = tmp_path_factory.mktemp("app")
    code = "".join(blocks("python", TEXT))
    for given, replaced in LAYER:
        assert given in code
        code = code.replace(given, replaced)
    (folder / "app.py").write_text(code)
    (configuration,) = blocks("json", TEXT)
    (folder / "cdk.json").write_text(configuration)
    # As the first synth with credentials leaves it.
    zones = {f"availability-zones:account={ACCOUNT}:region={REGION}": [f"{REGION}a", f"{REGION}b"]}
    (folder / "cdk.context.json").write_text(json.dumps(zones))
    for name in (".venv", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    # As if `pip install` had put it there.
    (folder / "constructs_lib").symlink_to(ROOT / "constructs_lib")
    return folder


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run an embedded AWS in the account and region of the tutorial."""
    directory = tmp_path_factory.mktemp("aws")
    with running(
        account=ACCOUNT, region=REGION, port=None, directory=directory, keep=False
    ) as started:
        yield started


def template(folder: Path, stack: str) -> dict[str, Any]:
    """Return the template of a stack that was synthesised."""
    read: dict[str, Any] = json.loads((folder / "cdk.out" / f"{stack}.template.json").read_text())
    return read


def test_all_stacks_synthesise(folder: Path) -> None:
    synth, deploy = blocks("sh", section(TEXT, "Synthesise and deploy"))[0].splitlines()
    run(folder, synth, {})
    stacks = deploy.removeprefix("npx cdk deploy ").split()
    (service,) = resources(template(folder, "Service"), "AWS::ECS::Service")
    assert service["Properties"]["LaunchType"] == "FARGATE"
    applied = str(template(folder, "Jobs"))
    assert "AWS::EKS::PodIdentityAssociation" in applied
    assert f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/api:v1" in applied
    made = {file.name.partition(".")[0] for file in (folder / "cdk.out").glob("*.template.json")}
    assert made == {"Images", *stacks}


def test_the_repository_is_deployed_and_its_image_pushed(folder: Path, emulator: Emulator) -> None:
    skopeo = require_tool("skopeo")
    (script,) = blocks("sh", section(TEXT, "Declare a repository"))
    deploy, login, push = script.splitlines()
    repository = push.removeprefix("docker push ").removesuffix("team/api:v1")
    assert login.endswith(repository.rstrip("/"))
    write_layout(folder / "image", sample_image(), "v1")
    variables = emulator.variables()
    run(folder, f"npx cdk bootstrap aws://{ACCOUNT}/{REGION} --app cdk.out", variables)
    # The stacks are those of the test above: another synth would take seconds.
    run(folder, f"{deploy} --require-approval never --app cdk.out", variables)
    # There is no Docker here, and the registry of the embedded AWS has another host.
    host = f"localhost:{variables['AWS_ENDPOINT_URL'].rpartition(':')[2]}"
    copy = f"{skopeo} copy --quiet --dest-tls-verify=false --dest-creds AWS:any oci:image"
    run(folder, f"{copy} docker://{host}/team/api:v1", variables)
    code = "import boto3; print(boto3.client('ecr').describe_images(repositoryName='team/api'))"
    assert "'v1'" in run(folder, f'python -c "{code}"', variables)


def test_a_mistake_is_printed_as_the_tutorial_prints_it(folder: Path) -> None:
    (message,) = blocks("text", TEXT)
    (code,) = re.findall(r"With `(tag=\S+)` in the\nfirst part", TEXT)
    app = (folder / "app.py").read_text()
    assert app.count('tag="v1"') == 1
    (folder / "wrong.py").write_text(app.replace('tag="v1"', code))
    with pytest.raises(RuleError) as refusal:
        runpy.run_path(str(folder / "wrong.py"))
    assert f"{refusal.value}\n" == message


def test_the_table_of_clusters_names_what_exists() -> None:
    table = section(TEXT, "Run a Job on your EKS cluster")
    (call,) = re.findall(r"`ClusterDelivery\.(\w+)\(jobs, (\w+)=\.\.\., (\w+)=\.\.\.\)`", table)
    assert set(call[1:]) <= set(getattr(ClusterDelivery, call[0]).__annotations__)
