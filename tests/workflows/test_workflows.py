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
from environments.loading import environment_names
from tests.support import FROZEN_ENVIRONMENTS, ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"), key=lambda file: file.stem)
BIN = Path(sys.executable).parent
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")


def workflow(file: Path) -> Any:
    """Return a workflow; YAML reads its ``on`` as a boolean."""
    read = yaml.safe_load(file.read_text())
    return {("on" if key is True else key): value for key, value in read.items()}


def steps(file: Path) -> Iterator[Any]:
    """Yield every step of a workflow."""
    for job in workflow(file)["jobs"].values():
        # A job that calls another workflow has no steps.
        yield from job.get("steps", ())


def test_every_workflow_conforms_to_githubs_schema() -> None:
    assert [file.stem for file in FILES] == [
        *("audit", "deploy", "deploy-environment", "review", "review-comment", "test")
    ]
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
    builds = re.findall(r"uv build.*", text)
    assert len(builds) == 2
    for build in builds:
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
        assert job["permissions"].get("contents", "read") == "read"


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


def deployment() -> Any:
    """Return the jobs that save, judge and deploy one environment."""
    return workflow(FOLDER / "deploy-environment.yml")["jobs"]


def used(job: Any) -> str:
    """Return every action and script of a job as one text."""
    return "\n".join(step.get("uses", step.get("run", "")) for step in job["steps"])


def test_environments_are_found_in_their_folder_and_deployed_one_after_another() -> None:
    jobs = workflow(FOLDER / "deploy.yml")["jobs"]
    strategy = jobs["deploy"]["strategy"]
    assert strategy["max-parallel"] == 1
    assert strategy["matrix"] == {
        "environment": "${{ fromJSON(needs.synth.outputs.environments) }}"
    }
    assert "environments.deployment_order" in used(jobs["synth"])
    for file in FOLDER.glob("*.yml"):
        for name in environment_names(FROZEN_ENVIRONMENTS):
            assert not re.search(rf"\b{name}\b(?!/|-)", without_comments(file)), (file.name, name)


def without_comments(file: Path) -> str:
    """Return a workflow without its comments."""
    return re.sub(r"(^|\s)#.*", "", file.read_text())


def test_the_job_that_reads_runs_no_code_of_the_repository() -> None:
    save = deployment()["save"]
    assert save["permissions"] == {"id-token": "write"}
    assert "checkout" not in used(save)
    assert "make" not in used(save)
    assert not re.search(r"\b(put|create|update|delete|execute)-", used(save))


def test_the_job_that_judges_has_no_credentials_and_the_code_that_was_deployed_last() -> None:
    judge = deployment()["judge"]
    assert judge["permissions"] == {"contents": "read"}
    assert "environment" not in judge
    (checkout,) = [one for one in judge["steps"] if "checkout" in one.get("uses", "")]
    assert checkout["with"]["ref"] == "${{ needs.save.outputs.commit || github.sha }}"
    assert "GITHUB_TOKEN" not in used(judge)


def test_nothing_of_a_pull_request_takes_part_in_a_deployment() -> None:
    for name in ("deploy.yml", "deploy-environment.yml"):
        text = without_comments(FOLDER / name)
        # Neither artifacts of another run, nor statuses, comments or branches of pull requests.
        assert not re.search(r"run-id|statuses|pull|workflow_run|github\.token|head_ref", text)
    checked = used(deployment()["judge"]) + used(deployment()["deploy"])
    assert checked.count("sha256sum --check --strict") == 2


def test_only_a_judged_assembly_is_deployed_and_recorded_after_success() -> None:
    deploy = deployment()["deploy"]
    assert deploy["needs"] == ["save", "approve", "judge"]
    assert "if" not in deploy
    assert deploy["environment"] == "${{ inputs.environment }}"
    assert "synth" not in used(deploy)
    runs = [step.get("run", "") for step in deploy["steps"]]
    order = (
        "sha256sum --check",
        "--images",
        "cdk deploy",
        'verify "$ENVIRONMENT"',
        "put-parameter",
    )
    places = [next(index for index, run in enumerate(runs) if one in run) for one in order[:3]]
    places += [max(index for index, run in enumerate(runs) if one in run) for one in order[3:]]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_every_environment_is_deployed_by_its_own_subject(name: str) -> None:
    subject = GitHubSubject(repository="acme/images", environment=name).subject
    assert subject == f"repo:acme/images:environment:{name}"
