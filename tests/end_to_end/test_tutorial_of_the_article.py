"""The article's steps beside ours: every command of the table, in its order."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from ecrctl.local.emulator import running
from ecrctl.local.sample_image import sample_image, write_layout
from tests.end_to_end.commands import copy_project, run, section
from tests.support import FROZEN_ENVIRONMENTS, ROOT

TEXT = (ROOT / "docs" / "tutorials" / "from-the-article.md").read_text()
ACCOUNT, REGION = "123456789012", "us-west-2"
FILES = {
    name: (FROZEN_ENVIRONMENTS / name).read_text()
    for name in ("article.yaml", "article.images.yaml")
}
URI = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/aws-nodejs-sample"


def commands() -> list[str]:
    """Return the commands of the table."""
    rows = [line for line in section(TEXT, "Step by step").splitlines() if line.startswith("| ")]
    last = [row.rstrip(" |").rpartition(" | ")[2] for row in rows[1:]]
    return [cell.strip("`") for cell in last if re.match(r"`(ecrctl|npx) ", cell)]


def test_every_command_of_the_table_and_what_it_makes(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project", FILES)
    write_layout(project / "image", sample_image(), "v1")
    with running(
        account=ACCOUNT, region=REGION, port=None, directory=tmp_path, keep=False
    ) as emulator:
        printed = {}
        for command in commands():
            # The image comes from a layout, and nobody is there to say yes.
            typed = command.replace("docker:aws-nodejs-sample:v1", "oci:image").replace(
                "cdk deploy", "cdk deploy --require-approval never"
            )
            printed[command] = run(project, typed, emulator.variables())
        (pin,) = re.findall(r"`(ecrctl pin [^`]+)`", section(TEXT, "What is different"))
        run(project, " ".join(pin.split()), emulator.variables())
    assert [command.split()[1] for command in printed] == [
        *("cdk", "cdk", "login", "push", "pull", "base-image", "manifests", "cdk", "verify")
    ]
    digest = sample_image().digest
    by_verb = {command.split()[1]: output for command, output in printed.items()}
    assert by_verb["push"].endswith(f"\naws-nodejs-sample@{digest}\n")
    assert by_verb["base-image"] == f"FROM {URI}:v1@{digest}\n"
    pins = yaml.safe_load((project / "environments" / "article.images.yaml").read_text())
    assert pins["aws-nodejs-sample"]["digest"] == digest
    assert re.search(r"article: all \d+ checks match the declaration", by_verb["verify"])
    assert list(json.loads((project / "auth.json").read_text())["auths"])
    assert (project / "pulled" / "index.json").is_file()
    job = yaml.safe_load((project / ".ecrctl/manifests/eks-iam-test-s3.yaml").read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{URI}:v1"


def test_the_settings_of_the_table_are_those_of_the_environment() -> None:
    file = yaml.safe_load(FILES["article.yaml"])
    table = section(TEXT, "Step by step")
    for setting in re.findall(r"`((?:repositories|encryption): [^`]+)`", table):
        ((name, value),) = yaml.safe_load(setting).items()
        assert file[name] == value
    for name in ("eks_jobs", "ecs_tasks"):
        assert f"`{name}`" in table
        assert [one["hardening"] for one in file[name]] == ["none"]
