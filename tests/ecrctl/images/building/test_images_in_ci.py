"""The recipes of the guide "Images in CI" conform to their schemas, and their commands work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.rules.policy.repository_policy import PUSH_ACTIONS
from ecrctl.aws.clients import Aws
from ecrctl.cdk.toolchain import node_binary
from ecrctl.local.emulator import Emulator
from tests.ecrctl.images.building.test_builders import buildah
from tests.ecrctl.images.building.test_sources import commit, git
from tests.ecrctl.images.servers.quirks import Quirks
from tests.installed_tools import require_tool
from tests.packaging.test_guides import blocks
from tests.support import FROZEN_ENVIRONMENTS, ROOT

__all__ = ["buildah"]  # the fixture is found by its name

GUIDE = (ROOT / "docs" / "guides" / "images-in-ci.md").read_text()
ENVIRONMENT, GITHUB, GITLAB = blocks("yaml", GUIDE)
EARTHLY, SCRIPT = blocks("sh", GUIDE)
(RENOVATE,) = blocks("json", GUIDE)
REPOSITORY = "team/api"
ADDRESS = "111111111111.dkr.ecr.us-west-2.amazonaws.com"
LINES_OF_A_SCREEN = 50

# The IAM action behind each request to a registry.
ACTIONS = {
    r"(GET|HEAD) .*/manifests/": "ecr:BatchGetImage",
    r"HEAD .*/blobs/sha256": "ecr:BatchCheckLayerAvailability",
    r"GET .*/blobs/sha256": "ecr:GetDownloadUrlForLayer",
    r"POST .*/blobs/uploads/": "ecr:InitiateLayerUpload",
    r"PATCH .*/blobs/uploads/": "ecr:UploadLayerPart",
    r"PUT .*/blobs/uploads/": "ecr:CompleteLayerUpload",
    r"PUT .*/manifests/": "ecr:PutImage",
    r"GET .*/referrers/": "ecr:ListImageReferrers",
    r"GET /v2/$": "ecr:GetAuthorizationToken",
}

# Keeps the request for a pull request that it gets.
GH = '#!/bin/sh\nprintf "%s\\n" "$@" > "$RECORD"\n'
# Pushes what `SAVE IMAGE --push` would, with the token of Docker's configuration.
EARTHLY_PROGRAM = """\
#!/bin/sh
set -eu
test "$1 $2" = "--push +api"
buildah build --quiet --timestamp 0 --tag built services/api
skopeo copy --quiet --dest-tls-verify=false --authfile ~/.docker/config.json \\
  containers-storage:localhost/built:latest "docker://${3#--IMAGE=}"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a repository with the guide's environment and image, and a remote."""
    folder = tmp_path / "shop"
    context = folder / "services" / "api"
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    (folder / "environments").mkdir()
    (folder / "environments" / "dev.yaml").write_text(
        'account: "000000000000"\nregion: us-east-1\n'
        f"repositories: [{{name: {REPOSITORY}}}]\n{ENVIRONMENT}"
        "ecs_tasks: [{name: api, image: api, memory_mib: 64}]\n"
    )
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    # The project's own program reads the environments beside it.
    program = f'"{Path(sys.executable).parent}/ecrctl" --environments "{folder}/environments"'
    (programs / "ecrctl").write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    (programs / "ecrctl").chmod(0o755)
    (folder / ".gitignore").write_text(".venv/\n")
    git(tmp_path, "init", "--quiet", "--bare", "origin")
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", str(tmp_path / "origin"))
    commit(folder)
    return folder


@pytest.fixture
def repository(aws: Aws) -> Iterator[None]:
    """Create the guide's repository for one test."""
    aws.ecr.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    yield
    aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)


def run(
    root: Path, emulator: Emulator, script: str, *, endpoint: str | None = None, **programs: str
) -> str:
    """Run a recipe's commands as a CI service does, and return their output.

    :param endpoint: the AWS; the emulator's own by default.
    :param programs: programs that are not here, by name.
    """
    binaries = root.parent / "bin"
    binaries.mkdir(exist_ok=True)
    for name, text in programs.items():
        (binaries / name).write_text(text)
        (binaries / name).chmod(0o755)
    path = os.pathsep.join((str(binaries), str(root / ".venv" / "bin"), os.environ["PATH"]))
    variables = emulator.variables() | {
        "HOME": str(root.parent),
        "XDG_CACHE_HOME": str(root.parent / "cache"),
        "RECORD": str(root.parent / "record"),
        "PATH": path,
        "AWS_ENDPOINT_URL": endpoint or emulator.endpoint_url,
    }
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=root,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pinned(root: Path) -> dict[str, str]:
    """Return the pin, whose image is in the registry."""
    pin: dict[str, str] = yaml.safe_load((root / "environments/dev.images.yaml").read_text())["api"]
    assert pin["repository"] == REPOSITORY
    assert pin["tag"] == git(root, "rev-parse", "--short=12", "HEAD")
    return pin


def is_in_registry(aws: Aws, pin: dict[str, str]) -> bool:
    """Return whether the pinned digest has the pinned tag."""
    (image,) = aws.ecr.describe_images(
        repositoryName=REPOSITORY, imageIds=[{"imageTag": pin["tag"]}]
    )["imageDetails"]
    return image["imageDigest"] == pin["digest"]


def test_each_recipe_fits_on_a_screen() -> None:
    recipes = re.findall(r"```\w+\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert max(recipe.count("\n") for recipe in recipes) <= LINES_OF_A_SCREEN


@pytest.mark.parametrize(
    ("schema", "recipe"),
    [
        ("vendor.github-workflows", GITHUB),
        ("vendor.gitlab-ci", GITLAB),
        ("vendor.renovate", RENOVATE),
    ],
)
def test_a_recipe_conforms_to_its_schema(tmp_path: Path, schema: str, recipe: str) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe)
    command = [str(Path(sys.executable).parent / "check-jsonschema")]
    # Renovate's schema contains a regular expression that only JavaScript accepts.
    command += ["--builtin-schema", schema, "--disable-formats", "regex", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflow_uses_the_versions_of_our_own() -> None:
    used = re.findall(r"uses: (\S+@\S+ # \S+)", GITHUB)
    ours = "".join(file.read_text() for file in (ROOT / ".github" / "workflows").glob("*.yml"))
    assert used
    assert not [one for one in used if one not in ours]


@pytest.mark.usefixtures("repository", "buildah")
def test_the_workflow_pushes_and_proposes_the_pins(
    root: Path, emulator: Emulator, aws: Aws
) -> None:
    (job,) = yaml.safe_load(GITHUB)["jobs"].values()
    push, propose = (step["run"] for step in job["steps"] if step.get("run", "make") != "make")
    run(root, emulator, push)
    pin = pinned(root)
    assert is_in_registry(aws, pin)
    run(root, emulator, propose, gh=GH)
    branch = f"pins-{pin['tag']}"
    asked = (root.parent / "record").read_text().split()
    assert asked == ["pr", "create", "--fill", "--head", branch]
    files = git(root.parent / "origin", "show", "--name-only", "--format=%s", branch).split("\n")
    assert files == [f"Pin the images of {pin['tag']}", "", "environments/dev.images.yaml"]


def action(request: str) -> str:
    """Return the IAM action behind a request to a registry."""
    (found,) = {name for pattern, name in ACTIONS.items() if re.match(pattern, request)}
    return found


@pytest.mark.usefixtures("repository", "buildah")
def test_the_role_for_github_may_do_what_the_workflow_does(
    root: Path, emulator: Emulator, aws: Aws
) -> None:
    role = {*PUSH_ACTIONS, "ecr:GetAuthorizationToken"}
    allowed = {name.removeprefix("ecr:") for name in role}
    with Quirks(emulator.port, allowed=allowed).running() as quirks:
        for _ in range(2):
            run(root, emulator, "ecrctl push dev", endpoint=quirks.url)
    assert is_in_registry(aws, pinned(root))
    used = {action(one) for one in quirks.requests if " /v2" in one}
    assert "ecr:PutImage" in used
    assert used <= role


@pytest.mark.usefixtures("repository", "buildah")
def test_a_second_run_of_the_workflow_proposes_nothing(
    root: Path, emulator: Emulator, aws: Aws
) -> None:
    (job,) = yaml.safe_load(GITHUB)["jobs"].values()
    push, propose = (step["run"] for step in job["steps"] if step.get("run", "make") != "make")
    run(root, emulator, push)
    pin = pinned(root)
    git(root, "add", "environments")
    assert "is not built again" in run(root, emulator, push)
    assert pinned(root) == pin
    # The pin is on the branch already.
    git(root, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "Pin")
    run(root, emulator, propose, gh=GH)
    assert not (root.parent / "record").exists()
    assert is_in_registry(aws, pin)


@pytest.mark.usefixtures("repository", "buildah")
def test_the_job_of_gitlab_pushes_and_keeps_the_pins(
    root: Path, emulator: Emulator, aws: Aws
) -> None:
    job: dict[str, Any] = yaml.safe_load(GITLAB)["push"]
    file = root.parent / "token"
    # Each entry of the script runs in one shell.
    script = "\n".join(job["script"])
    settings = f"export AWS_TOKEN=secret AWS_WEB_IDENTITY_TOKEN_FILE={file}\n"
    run(root, emulator, settings + script)
    assert file.read_text() == "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert is_in_registry(aws, pinned(root))
    (pattern,) = job["artifacts"]["paths"]
    assert [one.name for one in root.glob(pattern)] == ["dev.images.yaml"]


@pytest.mark.usefixtures("repository", "buildah")
def test_earthlys_push_uses_our_login(root: Path, emulator: Emulator, aws: Aws) -> None:
    require_tool("skopeo")
    host = emulator.endpoint_url.removeprefix("http://")
    assert ADDRESS in EARTHLY
    run(root, emulator, EARTHLY.replace(ADDRESS, host), earthly=EARTHLY_PROGRAM)
    assert is_in_registry(aws, pinned(root))


@pytest.mark.usefixtures("repository", "buildah")
def test_the_script_runs_again(root: Path, emulator: Emulator, aws: Aws) -> None:
    assert "environments/dev.images.yaml" in run(root, emulator, SCRIPT)
    pin = pinned(root)
    assert is_in_registry(aws, pin)
    run(root, emulator, SCRIPT)
    assert pinned(root) == pin


@pytest.mark.parametrize("file", sorted(FROZEN_ENVIRONMENTS.glob("*.images.yaml")))
def test_renovate_finds_every_pin_by_digest(file: Path) -> None:
    (manager,) = json.loads(RENOVATE)["customManagers"]
    (expression,) = manager["matchStrings"]
    # Renovate's own engine: JavaScript's regular expressions.
    script = (
        "const [text, expression] = JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify([...text.matchAll(new RegExp(expression, 'g'))]"
        ".map(one => one.groups)))"
    )
    done = subprocess.run(
        [node_binary(), "-e", script],
        input=json.dumps([file.read_text(), expression]),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    pins = yaml.safe_load(file.read_text()).values()
    assert found == [
        {
            "depName": pin["repository"],
            "currentValue": pin["tag"],
            "currentDigest": pin["digest"],
        }
        for pin in pins
        if "digest" in pin
    ]


def test_renovate_reads_the_pins_of_the_environment_alone() -> None:
    (manager,) = json.loads(RENOVATE)["customManagers"]
    (pattern,) = manager["managerFilePatterns"]
    expression = re.compile(pattern.strip("/"))
    assert expression.search("environments/dev.images.yaml")
    assert not expression.search("environments/dev.yaml")
    assert not expression.search("environments/prod.images.yaml")
