"""The workflows conform to GitHub's schema, and have no permissions they do not need."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.rules.policy.github_oidc import GitHubSubject
from tests.support import FROZEN_ENVIRONMENTS, ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
BIN = Path(sys.executable).parent
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")


def workflow(file: Path) -> Any:
    """Return a workflow; YAML reads its ``on`` as a boolean."""
    read = yaml.safe_load(file.read_text())
    return {("on" if key is True else key): value for key, value in read.items()}


def steps(file: Path) -> Iterator[Any]:
    """Yield every step of a workflow."""
    for job in workflow(file)["jobs"].values():
        yield from job["steps"]


def test_every_workflow_conforms_to_githubs_schema() -> None:
    assert [file.stem for file in FILES] == ["audit", "deploy", "review-comment", "review", "test"]
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    command += map(str, FILES)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_proposals_of_new_versions_conform_to_githubs_schema() -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.dependabot"]
    command.append(str(ROOT / ".github" / "dependabot.yml"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_new_versions_of_every_pinned_file_are_proposed() -> None:
    proposals = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    found = {
        (one["package-ecosystem"], folder)
        for one in proposals
        for folder in one.get("directories", [one.get("directory")])
    }
    assert found == {("uv", "/"), ("uv", "/.github/audit"), ("npm", "/"), ("github-actions", "/")}
    compiled = {f"/{file.parent.relative_to(ROOT)}" for file in ROOT.glob(".github/*/*.in")}
    assert {folder for kind, folder in found if kind == "uv"} == {"/", *compiled}


def test_every_pinned_package_is_audited_on_a_schedule() -> None:
    read = workflow(FOLDER / "audit.yml")
    assert read["on"]["schedule"]
    runs = " ".join(step["run"] for step in steps(FOLDER / "audit.yml") if "run" in step)
    for file in ("requirements.txt", ".github/audit/requirements.txt"):
        assert f" -r {file}" in runs.partition("pip-audit")[2]
    assert "npm audit --package-lock-only" in runs
    assert {"requirements.txt", "package-lock.json"} <= set(read["on"]["pull_request"]["paths"])


@pytest.mark.parametrize("file", ["requirements.txt", ".github/audit/requirements.txt"])
def test_every_package_is_pinned_by_hash(file: str) -> None:
    text = (ROOT / file).read_text().replace("\\\n", "")
    packages = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(packages) > 20
    pinned = re.compile(
        r"[a-z0-9-]+(?:\[[\w,-]+\])?==[^ ;]+(?: ; [^#]*?)?(?: +--hash=sha256:[0-9a-f]{64})+"
    )
    assert [line[:60] for line in packages if not pinned.fullmatch(line.strip())] == []


def test_make_installs_and_builds_nothing_that_no_hash_pins() -> None:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    installs = [line for line in text.splitlines() if re.search(r"pip install\b", line)]
    commands = [part for line in installs for part in line.split("||") if "pip install" in part]
    assert len(commands) == 3
    for command in commands:
        assert "--require-hashes" in command
        # A source distribution would be built with what no file pins.
        assert re.search(r"--no-build\b|--only-binary :all:", command)
    (build,) = re.findall(r"uv build.*", text)
    assert "--build-constraints requirements.txt --require-hashes" in build
    # The file pins what pyproject.toml requires for a build.
    (required,) = re.findall(
        r'^requires = \["(\w+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert re.search(rf"^{required}==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def test_zizmor_finds_nothing_unsafe() -> None:
    command = [str(BIN / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic"]
    command.append(str(FOLDER.parent))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_actions_are_pinned_by_commit_and_named_by_version(file: Path) -> None:
    used = [step["uses"] for step in steps(file) if "uses" in step]
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []
    named = re.findall(r"uses: \S+ # v\d+\.\d+\.\d+$", file.read_text(), flags=re.MULTILINE)
    assert len(named) == len(used)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_job_has_only_the_permissions_that_it_lists(file: Path) -> None:
    read = workflow(file)
    assert read["permissions"] == {}
    for job in read["jobs"].values():
        assert job["permissions"]["contents"] == "read"


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_no_script_contains_an_expression(file: Path) -> None:
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


def test_the_code_of_a_pull_request_sees_no_token_that_could_write() -> None:
    read = workflow(FOLDER / "review.yml")
    assert read["on"] == "pull_request"
    for job in read["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
    text = (FOLDER / "review.yml").read_text()
    assert not re.search(r"secrets\.|github\.token|GITHUB_TOKEN", text)
    checkouts = [
        step for step in steps(FOLDER / "review.yml") if "checkout" in step.get("uses", "")
    ]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_workflow_that_may_write_runs_the_code_of_the_default_branch_alone() -> None:
    read = workflow(FOLDER / "review-comment.yml")
    assert read["on"] == {"workflow_run": {"workflows": ["Review"], "types": ["completed"]}}
    assert workflow(FOLDER / "review.yml")["name"] == "Review"
    (checkout,) = [
        step for step in steps(FOLDER / "review-comment.yml") if "checkout" in step.get("uses", "")
    ]
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"


def test_every_environment_is_deployed_by_its_own_subject_and_after_its_registry() -> None:
    job = workflow(FOLDER / "deploy.yml")["jobs"]["deploy"]
    # A user changes the list together with the files in environments/.
    environments: list[str] = job["strategy"]["matrix"]["environment"]
    assert environments
    assert not {"article", "local"} & set(environments)
    for pins in FROZEN_ENVIRONMENTS.glob("*.images.yaml"):
        name = pins.name.removesuffix(".images.yaml")
        for pin in yaml.safe_load(pins.read_text()).values():
            if name in environments and pin.get("registry") in environments:
                assert environments.index(pin["registry"]) < environments.index(name)
    assert job["environment"] == "${{ matrix.environment }}"
    assert job["permissions"]["id-token"] == "write"
    for name in environments:
        subject = GitHubSubject(repository="acme/images", environment=name).subject
        assert subject == f"repo:acme/images:environment:{name}"


def test_a_deployment_checks_its_images_before_and_its_resources_after() -> None:
    runs = [step.get("run", "") for step in steps(FOLDER / "deploy.yml")]
    (before,) = [index for index, run in enumerate(runs) if run.endswith("--images")]
    (deploy,) = [index for index, run in enumerate(runs) if "cdk deploy" in run]
    (after,) = [index for index, run in enumerate(runs) if run.endswith('verify "$ENVIRONMENT"')]
    assert before < deploy < after
