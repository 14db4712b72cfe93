"""``ecrctl pin`` with a digest, and with the pin before, on the embedded AWS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode
from ecrctl.images.copying.run import push_image
from ecrctl.images.stores.registry import Registry
from ecrctl.local.sample_image import sample_image
from ecrctl.pins.pinning import live_tag
from environments.loading import load_environment, pins_path
from tests.ecrctl.pins.test_history import ONE, commit
from tests.ecrctl.test_exit_codes import REPOSITORY, Run, on_emulator, run

__all__ = ["on_emulator", "run"]  # the fixtures are found by their names
pytestmark = pytest.mark.usefixtures("on_emulator")

ACCOUNT = "000000000000"
ENVIRONMENT = f"""\
account: "{ACCOUNT}"
region: us-east-1
repositories: [{{name: {REPOSITORY}}}]
ecs_tasks: [{{name: api, image: api, memory_mib: 64}}]
"""
Output = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of environments in a repository of git."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "dev.yaml").write_text(ENVIRONMENT)
    return tmp_path


@pytest.fixture
def digest(aws: Aws) -> Iterator[str]:
    """Return the digest of an image in a repository that exists for one test."""
    aws.ecr.create_repository(repositoryName=REPOSITORY)
    image = sample_image()
    push_image(Registry.of_account(aws, ACCOUNT).repository(REPOSITORY, writable=True), "v1", image)
    yield image.digest
    aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)


def _tags(aws: Aws) -> list[str]:
    (image,) = aws.ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    return sorted(image["imageTags"])


def test_a_digest_is_pinned_without_a_tag_and_protected(
    run: Run, folder: Path, aws: Aws, digest: str, capsys: Output
) -> None:
    assert run("pin", "dev", "api", "--repository", REPOSITORY, "--digest", digest) == 0
    live = live_tag("dev", digest)
    assert capsys.readouterr().out == (
        f"dev.images.yaml: api is pinned to {REPOSITORY}@{digest}; the tag {live} protects it\n"
    )
    assert _tags(aws) == sorted([live, "v1"])
    assert "tag:" not in pins_path("dev", folder).read_text()
    # A workload can be deployed by it.
    assert load_environment("dev", folder).ecs_tasks[0].images[0].digest == digest


def test_a_digest_that_the_repository_does_not_have_is_refused(
    run: Run, folder: Path, aws: Aws, digest: str, capsys: Output
) -> None:
    assert run("pin", "dev", "api", "--repository", REPOSITORY, "--digest", ONE) == (
        ExitCode.TOOL_ERROR
    )
    assert capsys.readouterr().err == (
        f"ecrctl: The repository '{REPOSITORY}' has no image with the digest '{ONE}' in account "
        f"{ACCOUNT}, us-east-1. Push the image first.\n"
    )
    assert _tags(aws) == ["v1"]
    assert not pins_path("dev", folder).exists()
    assert digest != ONE


def test_a_digest_of_another_form_is_a_fault(run: Run, capsys: Output) -> None:
    code = run("pin", "dev", "api", "--repository", REPOSITORY, "--digest", "sha256:1")
    assert code == ExitCode.FAULT
    assert "--digest: " in capsys.readouterr().err


def test_the_pin_before_is_taken_back_and_protected(
    run: Run, folder: Path, aws: Aws, digest: str, capsys: Output
) -> None:
    path = pins_path("dev", folder)
    path.write_text(f"api: {{repository: {REPOSITORY}, tag: v1, digest: '{digest}'}}\n")
    first = commit(path)
    path.write_text(f"# Kept.\napi: {{repository: {REPOSITORY}, tag: v2, digest: '{ONE}'}}\n")
    commit(path)
    assert run("pin", "dev", "api", "--previous") == ExitCode.SUCCESS
    live = live_tag("dev", digest)
    assert capsys.readouterr().out == (
        f"dev.images.yaml: api is pinned to {REPOSITORY}:v1, {digest}; the tag {live} protects it. "
        f"Commit {first[:12]} pinned the same image\n"
    )
    assert _tags(aws) == sorted([live, "v1"])
    text = path.read_text()
    assert text.startswith("# Kept.\n")
    assert digest in text
    assert ONE not in text


def test_a_pin_before_whose_image_is_gone_is_refused_and_the_file_stays(
    run: Run, folder: Path, digest: str, capsys: Output
) -> None:
    path = pins_path("dev", folder)
    path.write_text(f"api: {{repository: {REPOSITORY}, digest: '{ONE}'}}\n")
    commit(path)
    path.write_text(f"api: {{repository: {REPOSITORY}, digest: '{digest}'}}\n")
    commit(path)
    before = path.read_bytes()
    assert run("pin", "dev", "api", "--previous") == ExitCode.TOOL_ERROR
    assert f"has no image with the digest '{ONE}'" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_pin_before_of_a_public_image_is_refused(run: Run, folder: Path, capsys: Output) -> None:
    path = pins_path("dev", folder)
    public = "registry: public.ecr.aws, repository: docker/library/busybox"
    path.write_text(f"api: {{{public}, digest: '{ONE}'}}\n")
    first = commit(path)
    path.write_text("{}\n")
    assert run("pin", "dev", "api", "--previous") == ExitCode.FAULT
    assert capsys.readouterr().err == (
        "ecrctl: the earlier pin of 'api' is an image of ECR Public, which `ecrctl` cannot tag. "
        f"Copy the pin by hand from commit {first[:12]}.\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name one of --tag, --digest and --previous."),
        (("--repository", "a"), "name one of --tag, --digest and --previous."),
        (("--tag", "v1", "--digest", ONE), "name one of --tag, --digest and --previous."),
        (("--tag", "v1", "--previous"), "name one of --tag, --digest and --previous."),
        (("--tag", "v1"), "--repository is required with --tag and --digest."),
        (("--digest", ONE), "--repository is required with --tag and --digest."),
        (
            ("--previous", "--repository", "a"),
            "--previous has its repository and registry from git. Leave out both options.",
        ),
        (
            ("--previous", "--registry", "dev"),
            "--previous has its repository and registry from git. Leave out both options.",
        ),
    ],
)
def test_options_name_one_image(
    run: Run, options: tuple[str, ...], message: str, capsys: Output
) -> None:
    assert run("pin", "dev", "api", *options) == ExitCode.TOOL_ERROR
    assert message in " ".join(capsys.readouterr().err.split())
