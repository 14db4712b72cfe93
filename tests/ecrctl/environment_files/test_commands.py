"""The commands that read and write environment files alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from environments.loading import environment_names, load_environment
from environments.names import stack_name
from tests.assemblies import stacks_of
from tests.ecrctl.progress import without_progress
from tests.ecrctl.test_cli import ecrctl
from tests.support import FROZEN_ENVIRONMENTS

HEAD = 'account: "111111111111"\nregion: us-west-2\n'


def init(
    folder: Path, name: str = "dev", *, account: str = "111111111111", region: str = "eu-west-1"
) -> subprocess.CompletedProcess[str]:
    """Run ``ecrctl init``."""
    return ecrctl(
        *("--environments", str(folder), "init", name, "--account", account, "--region", region)
    )


def test_the_first_file_is_valid(tmp_path: Path) -> None:
    done = init(tmp_path)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "dev.yaml"
    assert done.stdout == (
        f"{path} declares the repository team/api. Change its name, then:\n"
        "  ecrctl check dev\n"
        "  npx cdk diff 'dev/*'\n"
    )
    settings = load_environment("dev", tmp_path)
    assert (settings.account, settings.region) == ("111111111111", "eu-west-1")
    assert [one.name for one in settings.repositories] == ["team/api"]


def test_everything_that_the_first_file_proposes_is_valid(tmp_path: Path) -> None:
    init(tmp_path)
    path = tmp_path / "dev.yaml"
    # Sentences begin with a capital letter, proposals do not.
    text = re.sub(r"(?m)^( *)# (?![A-Z]|yaml-)", r"\1", path.read_text())
    path.write_text(text.replace("OWNER/NAME", "acme/shop"))
    assert "\nprotected: true" in path.read_text()
    settings = load_environment("dev", tmp_path)
    assert settings.protected
    assert settings.builds["api"].repository == "team/api"
    assert settings.images == ("api",)
    assert settings.github_pushes
    assert settings.notices == (
        "dev: 'api' is left out, because its image 'api' has no pin yet (awaiting_image).",
    )


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "dev.yaml"
    path.write_text(HEAD)
    done = init(tmp_path)
    assert done.returncode == 1
    assert (
        without_progress(done.stderr)
        == f"ecrctl: {path} exists already. Edit it, or choose another name.\n"
    )
    assert path.read_text() == HEAD


def test_a_first_file_with_faults_is_not_written(tmp_path: Path) -> None:
    done = init(tmp_path, account="1111", region="eu-west-one")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"ecrctl: {tmp_path.name}/dev.yaml: 2 faults",
        "  - line 2 column 1, account: an AWS account number has 12 digits, got '1111'. Write all "
        "of them, in quotes, leading zeros included.",
        "  - line 3 column 1, region: 'eu-west-one' is not a region's name. Write one such "
        "as 'us-west-2'.",
    ]
    done = init(tmp_path, "prod.x")
    assert done.returncode == 1
    assert "an environment's name must have up to 40 letters" in done.stderr
    assert list(tmp_path.glob("*.yaml")) == []


def test_a_check_counts_what_each_environment_declares() -> None:
    done = ecrctl("--environments", str(FROZEN_ENVIRONMENTS), "check", "dev", "registry")
    assert done.returncode == 0
    assert done.stdout == ("dev: 3 repositories, 1 ECS task, 1 Job.\nregistry: 1 repository.\n")


def test_a_check_without_names_is_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{HEAD}regoin: x\n")
    (tmp_path / "b.yaml").write_text(HEAD)
    (tmp_path / "c.yaml").write_text("account: 1\nregion: us-west-2\n")
    done = ecrctl("--environments", str(tmp_path), "check")
    assert done.returncode == 1
    heads = [line for line in done.stderr.splitlines() if not line.startswith(" ")]
    assert heads == [f"ecrctl: {tmp_path.name}/{name}.yaml: 1 fault" for name in ("a", "c")]
    assert done.stdout == ""
    done = ecrctl("--environments", str(tmp_path), "check", "b")
    assert (done.returncode, done.stdout) == (0, "b: nothing is declared.\n")


def test_a_check_prints_the_notices() -> None:
    done = ecrctl("--environments", str(FROZEN_ENVIRONMENTS), "check", "local")
    assert done.returncode == 0
    assert "'sample-app' is left out" in done.stderr


def test_the_list_has_every_stack_of_the_app(environments: Path, assembly: Path) -> None:
    done = ecrctl("--environments", str(environments), "list", "--format", "json")
    assert done.returncode == 0
    listed = json.loads(done.stdout)
    assert [one["environment"] for one in listed] == environment_names(environments)
    deployed = {stack_name(stack.environment, stack.name) for stack in stacks_of(assembly)}
    assert {name for one in listed for name in one["stacks"]} == deployed
    (dev,) = (one for one in listed if one["environment"] == "dev")
    assert dev["repositories"] == ["aws-nodejs-sample", "team/api", "tools/backup"]
    assert dev["workloads"] == ["ECS task sample-app", "Job eks-iam-test-s3"]
    table = ecrctl("--environments", str(environments), "list").stdout
    assert all(name in table for one in listed for name in one["stacks"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the frozen environments."""
    return Path(shutil.copytree(FROZEN_ENVIRONMENTS, tmp_path / "environments"))


def test_a_pin_that_a_workload_requires_is_kept(folder: Path) -> None:
    before = (folder / "dev.images.yaml").read_text()
    done = ecrctl("--environments", str(folder), "unpin", "dev", "aws-nodejs-sample")
    assert done.returncode == 1
    assert "ecs_tasks[0].image: the image 'aws-nodejs-sample' has no pin" in done.stderr
    assert (folder / "dev.images.yaml").read_text() == before


def test_a_pin_that_nothing_requires_is_removed(folder: Path) -> None:
    path = folder / "dev.images.yaml"
    before = path.read_text()
    digest = "sha256:" + "a" * 64
    path.write_text(f"{before}old: {{repository: team/api, digest: {digest}}}  # the old one\n")
    done = ecrctl("--environments", str(folder), "unpin", "dev", "old")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "dev.images.yaml: the pin 'old' is removed; the image keeps the tags that protect it\n"
    )
    assert path.read_text() == before


def test_a_fault_that_is_there_before_is_not_blamed_on_the_removal(folder: Path) -> None:
    with (folder / "dev.yaml").open("a") as file:
        file.write("no_such_setting: 1\n")
    done = ecrctl("--environments", str(folder), "unpin", "dev", "aws-nodejs-sample")
    assert done.returncode == 1
    assert "no_such_setting" in done.stderr
    assert "cannot be removed" not in done.stderr


def test_an_unknown_pin_is_named(folder: Path) -> None:
    done = ecrctl("--environments", str(folder), "unpin", "dev", "aws-nodejs")
    assert done.returncode == 1
    assert without_progress(done.stderr) == (
        "ecrctl: dev.images.yaml has no pin 'aws-nodejs'; did you mean 'aws-nodejs-sample'? Known: "
        "aws-nodejs-sample.\n"
    )
