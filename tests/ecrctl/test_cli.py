"""Commands run as processes: pins, and messages for wrong settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.images.oci import OciImage
from ecrctl.local.emulator import Emulator
from ecrctl.local.sample_image import sample_image
from ecrctl.pins.pinning import live_tag
from environments.loading import load_environment
from tests.ecrctl.images.pushing import push
from tests.ecrctl.progress import run_without_progress, without_progress
from tests.support import ROOT

REPOSITORY = "pin/api"
FILE = f"""\
account: "000000000000"
region: us-east-1
repositories: [{{name: {REPOSITORY}}}]
ecs_tasks: [{{name: api, image: api, memory_mib: 64}}]
"""


def ecrctl(
    *arguments: str, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    done = subprocess.run(
        [sys.executable, "-m", "ecrctl", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return run_without_progress(done)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one environment whose workload has no pin yet."""
    (tmp_path / "dev.yaml").write_text(FILE)
    return tmp_path


@pytest.fixture
def pushed(aws: Aws, emulator: Emulator) -> Iterator[OciImage]:
    """Return the sample image, pushed as ``v1`` to a repository that exists for one test."""
    aws.ecr.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    image = sample_image()
    push(aws, emulator.account, REPOSITORY, "v1", image)
    yield image
    aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)


def test_pinning_writes_the_digest_and_shields_the_image(
    folder: Path, aws: Aws, emulator: Emulator, pushed: OciImage
) -> None:
    image = pushed
    result = ecrctl(
        *("--environments", str(folder), "pin", "dev", "api"),
        *("--repository", REPOSITORY, "--tag", "v1"),
        variables=emulator.variables(),
    )
    assert result.returncode == 0, result.stderr
    (task,) = load_environment("dev", folder).ecs_tasks
    assert task.images[0].digest == image.digest
    details = aws.ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    (tags,) = [item["imageTags"] for item in details if item["imageDigest"] == image.digest]
    live = live_tag("dev", image.digest)
    assert live in tags
    assert result.stdout == (
        f"dev.images.yaml: api is pinned to {REPOSITORY}:v1, {image.digest}; the tag {live} "
        "protects it\n"
    )


@pytest.mark.usefixtures("pushed")
def test_pinning_what_was_never_pushed_is_one_sentence(folder: Path, emulator: Emulator) -> None:
    result = ecrctl(
        *("--environments", str(folder), "pin", "dev", "api"),
        *("--repository", REPOSITORY, "--tag", "v9"),
        variables=emulator.variables(),
    )
    assert result.returncode == 2
    assert without_progress(result.stderr) == (
        f"ecrctl: The repository '{REPOSITORY}' has no image with the tag 'v9' in account "
        "000000000000, us-east-1. Push the image first.\n"
    )


def test_pinning_from_an_undeclared_repository_lists_the_declared_ones(folder: Path) -> None:
    result = ecrctl(
        *("--environments", str(folder), "pin", "dev", "api"),
        *("--repository", "pin/apy", "--tag", "v1"),
    )
    assert result.returncode == 1
    assert without_progress(result.stderr) == (
        "ecrctl: the image cannot be pinned: the environment 'dev' declares no repository "
        "'pin/apy'; did you mean 'pin/api'? Known: pin/api. If another environment declares it, "
        "add --registry ENV.\n"
    )


def test_pinning_what_could_not_be_deployed_changes_nothing(folder: Path) -> None:
    result = ecrctl(
        *("--environments", str(folder), "pin", "dev", "apy"),
        *("--repository", REPOSITORY, "--tag", "latest"),
    )
    assert result.returncode == 1
    assert without_progress(result.stderr) == (
        "ecrctl: the image cannot be pinned: 2 faults:\n"
        "  - --tag: an image cannot be deployed by the tag 'latest', which identifies no version. "
        "Write the image's digest, or a tag that names its version.\n"
        "  - no workload of 'dev' runs an image named 'apy'; did you mean 'api'? Known: api.\n"
    )
    assert not (folder / "dev.images.yaml").exists()


def test_an_image_is_pinned_from_the_environment_that_declares_its_repository(
    folder: Path, emulator: Emulator, pushed: OciImage
) -> None:
    task = "ecs_tasks: [{name: api, image: api, memory_mib: 64}]\n"
    head = 'account: "222222222222"\nregion: us-east-1\n'
    (folder / "prod.yaml").write_text(head + task)
    registry = (
        (folder / "dev.yaml")
        .read_text()
        .replace("{name: pin/api}", '{name: pin/api, pull: {accounts: ["222222222222"]}}')
    )
    (folder / "dev.yaml").write_text(registry)
    result = ecrctl(
        *("--environments", str(folder), "pin", "prod", "api", "--registry", "dev"),
        *("--repository", REPOSITORY, "--tag", "v1"),
        variables=emulator.variables(),
    )
    assert result.returncode == 0, result.stderr
    (found,) = load_environment("prod", folder).ecs_tasks
    assert (found.images[0].account, found.images[0].digest) == ("000000000000", pushed.digest)


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_PROFILE": "nope"},
        {"AWS_ACCESS_KEY_ID": "half"},
        {"AWS_ENDPOINT_URL": "localhost:1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
    ],
)
def test_wrong_settings_for_aws_are_one_sentence(folder: Path, variables: dict[str, str]) -> None:
    (folder / "dev.yaml").write_text('account: "000000000000"\nregion: us-east-1\n')
    quiet = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(folder)}
    result = ecrctl("--environments", str(folder), "verify", "dev", variables=quiet | variables)
    assert result.returncode == 2
    assert result.stderr.startswith("ecrctl: ")
    assert "Traceback" not in result.stderr


def test_an_unknown_environment_is_one_sentence_and_exit_1(folder: Path) -> None:
    result = ecrctl("--environments", str(folder), "verify", "prod")
    assert result.returncode == 1
    assert (
        without_progress(result.stderr) == "ecrctl: there is no environment 'prod'. Known: dev.\n"
    )


def test_a_fault_of_an_environment_is_exit_1_without_traceback(folder: Path) -> None:
    result = ecrctl("--environments", str(folder), "verify", "dev")
    assert result.returncode == 1
    assert "ecs_tasks[0].image: the image 'api' has no pin" in result.stderr
    assert "`ecrctl pin dev api --repository REPOSITORY --tag TAG`" in result.stderr


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AWS_CONFIG_FILE": "none"}, "at sts:GetCallerIdentity: no AWS credentials were found."),
        (
            {
                "AWS_ACCESS_KEY_ID": "a",
                "AWS_SECRET_ACCESS_KEY": "b",
                "AWS_ENDPOINT_URL": "http://localhost:9",
            },
            "no server responded at http://localhost:9",
        ),
    ],
)
def test_an_aws_that_does_not_answer_is_one_sentence(
    folder: Path, variables: dict[str, str], sentence: str
) -> None:
    (folder / "dev.yaml").write_text('account: "000000000000"\nregion: us-east-1\n')
    quiet = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(folder), "AWS_MAX_ATTEMPTS": "1"}
    result = ecrctl("--environments", str(folder), "verify", "dev", variables=quiet | variables)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_unknown_command_is_one_sentence() -> None:
    result = ecrctl("verfiy")
    assert result.returncode == 2
    assert "No such command 'verfiy'" in result.stderr
    assert "Traceback" not in result.stderr
