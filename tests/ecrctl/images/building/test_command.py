"""``ecrctl push`` of declared images, on the embedded AWS with buildah."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode
from ecrctl.images.building import command
from ecrctl.pins.pinning import live_tag
from environments.loading import load_environment, pins_path
from tests.ecrctl.images.building.test_builders import buildah
from tests.ecrctl.images.building.test_sources import commit, git
from tests.ecrctl.test_exit_codes import Run, on_emulator, run

__all__ = ["buildah", "on_emulator", "run"]  # the fixtures are found by their names
pytestmark = pytest.mark.usefixtures("on_emulator", "buildah")

API, TOOLS = "built/api", "built/tools"
ENVIRONMENT = f"""\
account: "000000000000"
region: us-east-1
repositories: [{{name: {API}}}, {{name: {TOOLS}}}]
images:
  api: {{repository: {API}, build: services/api}}
  tools: {{repository: {TOOLS}, build: {{context: services/tools, arguments: {{VERSION: "1"}}}}}}
ecs_tasks: [{{name: api, image: api, memory_mib: 64}}]
"""
Output = pytest.CaptureFixture[str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with two images and their environment, committed."""
    git(tmp_path, "init", "--quiet")
    for name in ("api", "tools"):
        context = tmp_path / "services" / name
        context.mkdir(parents=True)
        (context / "Dockerfile").write_text("FROM scratch\nARG VERSION\nCOPY Dockerfile /\n")
        (context / "name").write_text(name)
    (tmp_path / ".gitignore").write_text("root/\nrun/\nstorage.conf\n")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text(ENVIRONMENT)
    commit(tmp_path)
    return tmp_path


@pytest.fixture
def folder(root: Path) -> Path:
    """Return the folder of environments."""
    return root / "environments"


@pytest.fixture
def repositories(aws: Aws) -> Iterator[None]:
    """Create both repositories for one test."""
    for name in (API, TOOLS):
        aws.ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    yield
    for name in (API, TOOLS):
        aws.ecr.delete_repository(repositoryName=name, force=True)


def images(aws: Aws, repository: str) -> dict[str, list[str]]:
    """Return the tags of each image of a repository, by digest."""
    found = aws.ecr.describe_images(repositoryName=repository)["imageDetails"]
    return {one["imageDigest"]: sorted(one.get("imageTags", [])) for one in found}


@pytest.mark.usefixtures("repositories")
def test_one_command_leads_from_a_dockerfile_to_a_pin(
    run: Run, root: Path, folder: Path, aws: Aws, capsys: Output
) -> None:
    tag = git(root, "rev-parse", "HEAD")[:12]
    assert run("push", "dev") == ExitCode.SUCCESS
    ((digest, tags),) = images(aws, API).items()
    live = live_tag("dev", digest)
    assert tags == sorted([tag, live])
    ((other, other_tags),) = images(aws, TOOLS).items()
    # No workload runs it, so there is nothing to pin.
    assert other_tags == [tag]
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [f"{API}@{digest}", f"{TOOLS}@{other}"]
    assert lines[0].startswith(f"{API}:{tag} in ")
    assert lines[1] == (
        f"dev.images.yaml: api is pinned to {API}:{tag}, {digest}; the tag {live} protects it"
    )
    (pinned,) = load_environment("dev", folder).ecs_tasks[0].images
    assert (pinned.tag, pinned.digest) == (tag, digest)


@pytest.mark.usefixtures("repositories")
def test_a_pipeline_can_run_again_and_builds_nothing(
    run: Run, folder: Path, aws: Aws, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = git(folder, "rev-parse", "HEAD")[:12]
    assert run("push", "dev", "api") == ExitCode.SUCCESS
    first, pins = images(aws, API), pins_path("dev", folder).read_bytes()
    capsys.readouterr()
    # A builder would fail: none is on the path.
    monkeypatch.setattr(command, "chosen_builder", None)
    assert run("push", "dev", "api") == ExitCode.SUCCESS
    assert capsys.readouterr().out.splitlines()[0] == (
        f"{API}:{tag} is in the registry already, and is not built again."
    )
    assert (images(aws, API), pins_path("dev", folder).read_bytes()) == (first, pins)
    assert images(aws, TOOLS) == {}


@pytest.mark.usefixtures("repositories")
def test_other_files_under_an_immutable_tag_are_refused_and_nothing_is_pinned(
    run: Run, root: Path, folder: Path, aws: Aws, capsys: Output
) -> None:
    (folder / "dev.yaml").write_text(
        ENVIRONMENT.replace("build: services/api", "build: {context: services/api, tag: v1}")
    )
    assert run("push", "dev", "api") == ExitCode.SUCCESS
    pins, (digest, *_) = pins_path("dev", folder).read_bytes(), images(aws, API)
    (root / "services" / "api" / "Dockerfile").write_text("FROM scratch\nCOPY name /other\n")
    capsys.readouterr()
    assert run("push", "dev", "api") == ExitCode.TOOL_ERROR
    message = capsys.readouterr().err
    assert f"The tag 'v1' of '{API}' is immutable and belongs to {digest}" in message
    assert pins_path("dev", folder).read_bytes() == pins
    assert list(images(aws, API)) == [digest]


@pytest.mark.usefixtures("repositories")
def test_a_plan_builds_and_pushes_nothing(run: Run, root: Path, aws: Aws, capsys: Output) -> None:
    tag = git(root, "rev-parse", "HEAD")[:12]
    assert run("push", "dev", "--plan") == ExitCode.SUCCESS
    assert capsys.readouterr().out.splitlines() == [
        f"api: would build {API}:{tag}, push and pin",
        f"tools: would build {TOOLS}:{tag}, push",
    ]
    assert images(aws, API) == images(aws, TOOLS) == {}


@pytest.mark.usefixtures("repositories")
def test_the_results_as_json_are_all_of_the_output(run: Run, aws: Aws, capfd: Any) -> None:
    assert run("push", "dev", "tools", "--format", "json") == ExitCode.SUCCESS
    (document,) = json.loads(capfd.readouterr().out)
    ((digest, (tag,)),) = images(aws, TOOLS).items()
    assert document == {
        "image": "tools",
        "repository": TOOLS,
        "tag": tag,
        "digest": digest,
        "uri": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{TOOLS}@{digest}",
        "plan": False,
        "built": True,
        "pinned": False,
        "copied": document["copied"],
    }
    assert document["copied"]["sent"]["blobs"] > 0


def test_all_faults_are_named_before_anything_is_built(
    run: Run, root: Path, capsys: Output
) -> None:
    (root / "services" / "api" / "Dockerfile").unlink()
    (root / "services" / "tools" / "new").touch()
    assert run("push", "dev") == ExitCode.FAULT
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "images.api.build: there is no file " in lines[0]
    assert "images.tools.build: " in lines[1]
    assert "files that no commit has" in lines[1]


def test_two_images_under_one_name_are_refused(
    run: Run, folder: Path, root: Path, capsys: Output
) -> None:
    (folder / "dev.yaml").write_text(
        ENVIRONMENT.replace(f"repository: {TOOLS}", f"repository: {API}")
    )
    tag = git(root, "rev-parse", "HEAD")[:12]
    assert run("push", "dev") == ExitCode.FAULT
    assert capsys.readouterr().err == (
        f"ecrctl: images.api and images.tools are both pushed as {API}:{tag}. Give each a "
        "repository or a tag of its own.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("push", "dev", "apu"),
            ExitCode.FAULT,
            "ecrctl: dev.yaml declares no image 'apu'; did you mean 'api'? Known: api, tools.\n",
        ),
        (
            ("push", "dev", "api", "--builder", "kaniko"),
            ExitCode.TOOL_ERROR,
            "ecrctl: --builder must be docker, podman or buildah, got 'kaniko'.\n",
        ),
    ],
)
def test_unknown_names_are_refused(
    run: Run, arguments: tuple[str, ...], code: ExitCode, message: str, capsys: Output
) -> None:
    assert run(*arguments) == code
    assert capsys.readouterr().err == message


def test_an_environment_without_images_names_both_ways(
    run: Run, folder: Path, capsys: Output
) -> None:
    (folder / "dev.yaml").write_text('account: "000000000000"\nregion: us-east-1\n')
    assert run("push", "dev") == ExitCode.FAULT
    assert capsys.readouterr().err == (
        "ecrctl: dev.yaml declares no images to build. Declare one, such as 'images: {api: "
        "{repository: team/api, build: services/api}}', or push one with --from.\n"
    )


@pytest.mark.parametrize("images", [(), ("a:v1", "b:v1")])
def test_an_image_that_was_built_elsewhere_has_one_name(
    run: Run, images: tuple[str, ...], capsys: Output
) -> None:
    assert run("push", "dev", *images, "--from", "oci:x") == ExitCode.TOOL_ERROR
    assert "with --from, name one REPOSITORY:TAG and no --builder." in " ".join(
        capsys.readouterr().err.split()
    )
