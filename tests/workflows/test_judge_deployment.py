"""The gate of a deployment, and the ways round the gate before it.

That gate compared a commit with the synth that its pull request had uploaded, and read the verdict
from a status.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ecrctl.review.pairs import write_assembly
from tests.support import ROOT

ACCOUNT, REGION = "111111111111", "us-west-2"
STACK = "dev-Repositories-web"
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
REPOSITORY = {
    "Type": "AWS::ECR::Repository",
    "Properties": {
        "RepositoryName": "team/api",
        "ImageScanningConfiguration": {"ScanOnPush": True},
        "ImageTagMutability": "IMMUTABLE",
    },
}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {}}
WITH, WITHOUT = {"Api": REPOSITORY, "Topic": TOPIC}, {"Topic": TOPIC}
ACKNOWLEDGEMENTS = "review-acknowledgements.yaml"
Judge = Callable[..., "subprocess.CompletedProcess[str]"]


class Project:
    """A clone of the project, with a history of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def commit(self, *, change: Mapping[str, str], message: str = "a change") -> str:
        """Write files, commit them, and return the commit."""
        for name, text in change.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        self.git("add", "--all", "--force", *change)
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Run git in the clone."""
        done = subprocess.run(
            [*GIT, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a clone with one commit, which is deployed."""
    folder = tmp_path / "project"
    for name in (".github", "checked_files", "constructs_lib", "ecrctl", "environments"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.images.*")
        )
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    shutil.copyfile(ROOT / "package.json", folder / "package.json")
    (folder / ".gitignore").write_text("__pycache__\n/node_modules\n")
    found = Project(folder)
    found.git("init", "--quiet", "--initial-branch=main")
    found.git("add", "--all")
    found.git("commit", "--quiet", "--message", "deployed")
    return found


@pytest.fixture
def judge(project: Project, tmp_path: Path) -> Judge:
    """Return a function that judges a deployment, as the workflow does."""
    deployed = project.git("rev-parse", "HEAD")
    save_responses(tmp_path / "responses", WITH)

    def run(
        head: str, resources: Mapping[str, Any], *, deployed: str = deployed
    ) -> subprocess.CompletedProcess[str]:
        for name in ("assembly", "base", "out"):
            shutil.rmtree(tmp_path / name, ignore_errors=True)
        assembly = write_assembly(
            tmp_path / "assembly", {"dev/Repositories-web": {"Resources": resources}}
        )
        given = {
            "environment": "dev",
            "deployed": deployed,
            "head": head,
            "responses": tmp_path / "responses",
            "assembly": assembly,
            "base": tmp_path / "base",
            "out": tmp_path / "out",
        }
        command = [sys.executable, str(project.folder / ".github/scripts/judge_deployment.py")]
        command += [text for name, value in given.items() for text in (f"--{name}", str(value))]
        # Whatever another workflow or pull request wrote is at the end of this address.
        variables = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_TOKEN": "a-token"}
        return subprocess.run(
            command,
            env={**os.environ, **variables, "PYTHONPATH": str(project.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def save_responses(folder: Path, resources: Mapping[str, Any]) -> None:
    """Write CloudFormation's responses about one deployed stack."""
    for name in ("templates", "resources"):
        (folder / name).mkdir(parents=True)
    description = {
        "StackName": STACK,
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/1",
        "StackStatus": "UPDATE_COMPLETE",
    }
    (folder / "stacks.json").write_text(json.dumps({"Stacks": [description]}))
    body = {"TemplateBody": {"Resources": resources}}
    (folder / "templates" / f"{STACK}.json").write_text(json.dumps(body))
    (folder / "resources" / f"{STACK}.json").write_text('{"StackResourceSummaries": []}')


BLOCKED = (
    "judge_deployment.py: 'dev' is not deployed, because a finding blocks the change. Revert it, "
    "or merge a pull request that adds the finding's ID to review-acknowledgements.yaml and "
    "changes no other file.\n"
)


def blocking_ids(done: subprocess.CompletedProcess[str], out: Path) -> list[str]:
    """Return the IDs of the findings that block."""
    assert done.returncode == 1, done.stderr
    findings = json.loads((out / "review.json").read_text())["findings"]
    return [one["id"] for one in findings if one["blocks"]]


def test_a_harmless_change_is_deployed(project: Project, judge: Judge) -> None:
    head = project.commit(change={"README.md": "new"})
    done = judge(head, {**WITH, "Other": TOPIC})
    assert done.returncode == 0, done.stderr
    assert "No blocking findings" in done.stdout


def test_a_forged_base_hides_no_removal(project: Project, judge: Judge, tmp_path: Path) -> None:
    # A pull request uploaded a base without the repository. Nothing reads it.
    forged = {"dev/Repositories-web": {"Resources": WITHOUT}}
    write_assembly(tmp_path / "assemblies" / "assembly-base", forged)
    done = judge(project.commit(change={"app.py": "removes"}), WITHOUT)
    (finding,) = blocking_ids(done, tmp_path / "out")
    assert finding.startswith("repository-removed-")
    assert done.stderr.endswith(BLOCKED)


def test_a_second_pull_request_of_the_commit_hides_no_removal(
    project: Project, judge: Judge, tmp_path: Path
) -> None:
    # Its base was a branch without the repository, so its status passed.
    project.git("checkout", "--quiet", "-b", "other")
    head = project.commit(change={"app.py": "removes"})
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--no-ff", "--message", "merged", "other")
    assert project.git("merge-base", "main", head) == head
    done = judge(project.git("rev-parse", "HEAD"), WITHOUT)
    assert blocking_ids(done, tmp_path / "out")


def test_a_direct_push_before_a_harmless_pull_request_hides_no_removal(
    project: Project, judge: Judge, tmp_path: Path
) -> None:
    project.commit(change={"app.py": "removes"}, message="pushed directly")
    head = project.commit(change={"README.md": "harmless"}, message="reviewed")
    done = judge(head, WITHOUT)
    assert blocking_ids(done, tmp_path / "out")


def test_no_status_takes_part(project: Project, judge: Judge, tmp_path: Path) -> None:
    # The address of the API refuses connections: a gate that asked for a status would fail.
    head = project.commit(change={"README.md": "new"})
    assert judge(head, WITH).returncode == 0
    assert blocking_ids(judge(head, WITHOUT), tmp_path / "out")


def test_a_change_of_the_gate_is_judged_by_the_gate_before_it(
    project: Project, judge: Judge, tmp_path: Path
) -> None:
    workflow = ".github/workflows/deploy.yml"
    head = project.commit(change={workflow: "on: push\n"})
    (finding,) = blocking_ids(judge(head, WITH), tmp_path / "out")
    assert finding.startswith("gate-changed-")


def acknowledged(*findings: str) -> dict[str, str]:
    """Return the file of acknowledgements."""
    lines = (
        f"- {{finding: {one}, reason: Nothing pulls from it., until: 2999-12-31}}\n"
        for one in findings
    )
    return {ACKNOWLEDGEMENTS: "".join(lines)}


def test_an_acknowledgement_in_a_commit_of_its_own_counts_before_and_after(
    project: Project, judge: Judge, tmp_path: Path
) -> None:
    removed = project.commit(change={"app.py": "removes"})
    (finding,) = blocking_ids(judge(removed, WITHOUT), tmp_path / "out")
    after = project.commit(change=acknowledged(finding))
    assert judge(after, WITHOUT).returncode == 0
    # Kept by later commits that change other lines of the file.
    later = project.commit(change=acknowledged(finding, f"scan-off-{'0' * 32}"))
    assert judge(later, WITHOUT).returncode == 0
    project.git("reset", "--quiet", "--hard", f"{removed}~1")
    project.commit(change=acknowledged(finding))
    assert judge(project.commit(change={"app.py": "removes"}), WITHOUT).returncode == 0


def test_an_acknowledgement_that_the_change_brings_does_not_count(
    project: Project, judge: Judge, tmp_path: Path
) -> None:
    removed = project.commit(change={"app.py": "removes"})
    (finding,) = blocking_ids(judge(removed, WITHOUT), tmp_path / "out")
    project.git("reset", "--quiet", "--hard", f"{removed}~1")
    head = project.commit(change={"app.py": "removes", **acknowledged(finding)})
    assert blocking_ids(judge(head, WITHOUT), tmp_path / "out") == [finding]
    # Nor through a version with faults that a commit of its own added before.
    project.git("reset", "--quiet", "--hard", f"{removed}~1")
    project.commit(change={ACKNOWLEDGEMENTS: "]["})
    head = project.commit(change={"app.py": "removes", **acknowledged(finding)})
    assert blocking_ids(judge(head, WITHOUT), tmp_path / "out") == [finding]


def test_a_merged_pull_request_counts_as_one_commit(
    project: Project, judge: Judge, tmp_path: Path
) -> None:
    removed = project.commit(change={"app.py": "removes"})
    (finding,) = blocking_ids(judge(removed, WITHOUT), tmp_path / "out")
    project.git("reset", "--quiet", "--hard", f"{removed}~1")
    project.git("checkout", "--quiet", "-b", "both")
    project.commit(change=acknowledged(finding))
    project.commit(change={"app.py": "removes"})
    project.git("checkout", "--quiet", "main")
    project.git("merge", "--quiet", "--no-ff", "--message", "merged", "both")
    head = project.git("rev-parse", "HEAD")
    assert blocking_ids(judge(head, WITHOUT), tmp_path / "out") == [finding]


def test_an_older_commit_is_not_deployed(project: Project, judge: Judge) -> None:
    older = project.git("rev-parse", "HEAD")
    newer = project.commit(change={"README.md": "new"})
    done = judge(older, WITH, deployed=newer)
    assert (done.returncode, done.stderr) == (
        1,
        f"judge_deployment.py: the deployed commit {newer} must be an ancestor of {older}. To roll "
        "back, revert the commits on main, and deploy main.\n",
    )


def test_a_stack_of_another_environment_cannot_be_overwritten(
    project: Project, judge: Judge
) -> None:
    head = project.commit(change={"app.py": "renames"})
    original = write_assembly

    def renamed(folder: Path, stacks: Any) -> Path:
        found = original(folder, stacks)
        manifest = found / "assembly-dev" / "manifest.json"
        manifest.write_text(manifest.read_text().replace(f'"{STACK}"', '"prod-Repositories-web"'))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "write_assembly", renamed)
        done = judge(head, WITH)
    assert done.returncode == 1
    assert "every stack of 'dev' must be named dev-..., got 'prod-Repositories-web'" in done.stderr


# ---- the scripts inside of the workflow

JOBS = yaml.safe_load((ROOT / ".github/workflows/deploy-environment.yml").read_text())["jobs"]
_AWS = """#!{python}
import json, sys
name = sys.argv[sys.argv.index("--stack-name") + 1] if "--stack-name" in sys.argv else ""
answers = json.load(open({answers!r}))
print(json.dumps(answers[" ".join(filter(None, [sys.argv[2], name]))]))
"""


def run_step(name: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the workflow as GitHub does."""
    (script,) = [
        step["run"]
        for job in JOBS.values()
        for step in job["steps"]
        if step.get("name") == name and "run" in step
    ]
    given = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary", **variables}
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={"PATH": f"{folder}:{os.environ['PATH']}", **given},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("record", ["a" * 40, ""])
def test_the_responses_and_the_record_are_saved(tmp_path: Path, record: str) -> None:
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack"
    stacks = [
        {"StackName": STACK, "StackId": f"{arn}/{STACK}/1", "StackStatus": "CREATE_COMPLETE"},
        {"StackName": "other", "StackId": f"{arn}/other/1", "StackStatus": "CREATE_COMPLETE"},
        {
            "StackName": "dev-New",
            "StackId": f"{arn}/dev-New/1",
            "StackStatus": "REVIEW_IN_PROGRESS",
        },
    ]
    answers = {
        "describe-stacks": {"Stacks": stacks},
        f"get-template {STACK}": {"TemplateBody": {"Resources": WITH}},
        f"list-stack-resources {STACK}": {"StackResourceSummaries": []},
        "get-parameters": {"Parameters": [{"Value": record}] if record else []},
    }
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    aws = tmp_path / "aws"
    aws.write_text(_AWS.format(python=sys.executable, answers=str(tmp_path / "answers.json")))
    aws.chmod(0o755)
    done = run_step("Save stacks and record", tmp_path, ENVIRONMENT="dev")
    assert done.returncode == 0, done.stderr
    output = (tmp_path / "output").read_text()
    assert re.fullmatch(rf"commit={record}\ndigest=[0-9a-f]{{64}}\n", output)
    saved = [str(one.relative_to(tmp_path)) for one in (tmp_path / "deployed").rglob("*.json")]
    assert sorted(saved) == [
        f"deployed/resources/{STACK}.json",
        "deployed/stacks.json",
        f"deployed/templates/{STACK}.json",
    ]
    again = run_step("Save stacks and record", tmp_path, ENVIRONMENT="dev", GITHUB_OUTPUT="second")
    assert again.returncode == 0
    assert (tmp_path / "second").read_text() == output


def test_without_a_record_a_person_approves_the_printed_digest(tmp_path: Path) -> None:
    facts = {
        "ENVIRONMENT": "dev",
        "GITHUB_SHA": "a" * 40,
        "DEPLOYED": "1" * 64,
        "ASSEMBLY": "2" * 64,
        "GITHUB_ACTOR": "someone",
        "COMMIT": "",
        "APPROVED": "",
    }
    step = "Require a record or an approved digest"
    done = run_step(step, tmp_path, **facts)
    assert done.returncode == 1
    (digest,) = re.findall(r"approved: ([0-9a-f]{64})", done.stdout)
    assert run_step(step, tmp_path, **{**facts, "APPROVED": digest}).returncode == 0
    for name in ("ENVIRONMENT", "GITHUB_SHA", "DEPLOYED", "ASSEMBLY"):
        other = {**facts, "APPROVED": digest, name: "other"}
        assert run_step(step, tmp_path, **other).returncode == 1
    assert run_step(step, tmp_path, **{**facts, "COMMIT": "b" * 40}).returncode == 0


def test_an_artifact_that_another_job_wrote_is_refused(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    for name in ("assembly", "deployed"):
        (tmp_path / "given" / f"{name}.tar").write_bytes(b"forged")
    facts = {"ASSEMBLY": "1" * 64, "DEPLOYED": "2" * 64}
    done = run_step("Unpack the artifacts", tmp_path, **facts)
    assert done.returncode != 0
    assert "FAILED" in done.stdout
