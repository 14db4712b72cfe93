"""``make local`` as a newcomer runs it, and the end of every process that it starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT, copy_environments, synthesise

LAUNCHER = Path(sys.executable).parent / "ecrctl"
# A shell in which nothing was activated, and that knows no Node.
BARE = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
SECONDS = 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with its own environments, so that no pin of a developer changes."""
    copy_environments(tmp_path / "environments")
    (tmp_path / "environments" / "local.images.yaml").unlink()
    return tmp_path


def command(folder: Path, *options: str) -> list[str]:
    """Return the command line of a local run in a folder."""
    return [
        str(LAUNCHER),
        *("--environments", str(folder / "environments")),
        *("local", "--output", str(folder / "output"), *options),
    ]


def processes_of(folder: Path) -> list[int]:
    """Return the processes that run in a folder or have it among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + os.fsencode((entry / "cwd").readlink())
        except OSError:
            continue
        if os.fsencode(folder) in text:
            found.append(int(entry.name))
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left_running(folder: Path) -> Iterator[None]:
    yield
    # A process that was killed is there until the system has ended it.
    deadline = time.monotonic() + 5
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(folder) == []


def git_status() -> str:
    """Return the output of ``git status`` for the project; a source distribution has none."""
    if not (ROOT / ".git").exists():
        return ""
    return subprocess.run(
        ["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_a_local_run_deploys_pushes_pins_and_reads_back(folder: Path) -> None:
    before = git_status()
    result = subprocess.run(
        command(folder),
        cwd=folder,
        env=BARE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    output = result.stdout
    assert result.returncode == 0, output + result.stderr
    assert "TAG_INVALID: tag 'v1' is immutable" in output
    assert re.search(r"local: all \d+ checks match the declaration", output)
    assert re.search(r"ok Promote the image to it: aws-nodejs-sample@sha256:[0-9a-f]{64}", output)
    assert "aws-nodejs-sample" in (folder / "output" / "report.html").read_text()
    for subject in ("key alias/ecr/local", "repository team/api", "service sample-app", "Job eks-"):
        assert subject in output
    assert "\x1b" not in output, "plain lines where there is no terminal"
    pins = (folder / "environments" / "local.images.yaml").read_text()
    assert "digest: sha256:" in pins
    assert git_status() == before


def test_verify_reads_a_kept_run_back_and_names_a_change(folder: Path) -> None:
    kept = subprocess.run(
        command(folder, "--keep"),
        env=BARE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert kept.returncode == 0, kept.stdout + kept.stderr
    variables = dict(re.findall(r"export (\w+)=(\S+)", kept.stdout))
    (pid,) = (int(number) for number in re.findall(r"To stop it: kill (\d+)", kept.stdout))
    try:
        verified = _verify(folder, variables)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        _import_synthesises_the_same(folder, variables)
        _make_mutable(variables)
        changed = _verify(folder, variables)
        assert changed.returncode == 3
        assert re.search(
            r"local: 2 of [\d,]+ checks differ: repository team/api, tag immutability; "
            r"local-Repositories-main: \w+, ImageTagMutability; \d+ more could not be compared",
            changed.stdout,
        )
    finally:
        os.kill(pid, signal.SIGTERM)
        _wait_until_gone(pid)


def _import_synthesises_the_same(folder: Path, variables: dict[str, str]) -> None:
    """Import the deployed repositories.

    Nothing of a file that states everything changes. A file that states the access no more gets it
    back, and the templates of both files are equal byte for byte.
    """
    files = folder / "environments"
    whole = (files / "local.yaml").read_text()
    deployed = _templates(synthesise(files, folder / "deployed", "local"))
    assert _imported(folder, variables) == whole
    stripped = re.sub(r"\n    (pull|push): .*", "", whole)
    assert stripped != whole
    (files / "local.yaml").write_text(stripped)
    (files / "local.yaml").write_text(_imported(folder, variables))
    assert _templates(synthesise(files, folder / "imported", "local")) == deployed


def _imported(folder: Path, variables: dict[str, str]) -> str:
    files = folder / "environments"
    imported = subprocess.run(
        [
            *(str(LAUNCHER), "--environments", str(files)),
            *("import", "local", "--output", str(folder / "import")),
        ],
        env=BARE | variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert imported.returncode == 0, imported.stdout + imported.stderr
    assert "0 repositories to import, 2 deployed by this environment" in imported.stdout
    return (folder / "import" / "local.yaml").read_text()


def _templates(assembly: Path) -> dict[str, bytes]:
    files = sorted(assembly.rglob("*.template.json"))
    assert files
    return {file.name: file.read_bytes() for file in files}


def _verify(folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LAUNCHER), "--environments", str(folder / "environments"), "verify", "local"],
        env=BARE | variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _make_mutable(variables: dict[str, str]) -> None:
    code = (
        "import boto3; boto3.client('ecr').put_image_tag_mutability("
        "repositoryName='team/api', imageTagMutability='MUTABLE')"
    )
    subprocess.run([sys.executable, "-c", code], env=BARE | variables, check=True)


def _wait_until_gone(pid: int) -> None:
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.1)


MINE = """\
account: "999988887777"
region: eu-central-1
github_provider: create
repositories:
  - {name: tools/own, push: {github: [{repository: acme/own, ref: refs/heads/main}]}}
ecs_tasks:
  - {name: shared, image: shared, memory_mib: 200, cpu: 10}
  - {name: own, image: own, memory_mib: 200, cpu: 10}
eks_jobs:
  - name: job
    image: own
    namespace: batch
    service_account: job
    identity:
      cluster_name: sample
      statements: [{Effect: Allow, Action: "s3:ListAllMyBuckets", Resource: "*"}]
    node_role_arn: arn:aws:iam::999988887777:role/nodes
"""
PINS = f"""\
shared:
  {{registry: shared, repository: tools/shared, tag: v2, digest: "sha256:{"1" * 64}"}}
own:
  {{repository: tools/own, tag: v3, digest: "sha256:{"2" * 64}"}}
"""
SHARED = """\
account: "555566667777"
region: eu-west-3
repositories: [{name: tools/shared, pull: {accounts: ["999988887777"]}}]
"""


def test_any_environment_is_tried_with_the_registries_that_it_pulls_from(folder: Path) -> None:
    files = folder / "environments"
    for name, text in (("mine", MINE), ("mine.images", PINS), ("shared", SHARED)):
        (files / f"{name}.yaml").write_text(text)
    result = subprocess.run(
        command(folder, "--environment", "mine"),
        env=BARE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    output = result.stdout
    assert result.returncode == 0, output + result.stderr
    steps = [line for line in output.splitlines() if line.startswith("ok ")]
    shown = [re.sub(r"( \d+ checks)? \(\d+\.\d s\)$", "", step) for step in steps[1:]]
    assert shown == [
        "ok Bootstrap the account of 'shared': 555566667777, eu-west-3",
        "ok Make what 'shared' expects in its account: nothing",
        "ok Deploy the repositories of 'shared': 1 repository",
        "ok Push the sample image for the pins of 'shared': no workload runs an image of ECR",
        "ok Deploy everything of 'shared': 2 stacks",
        "ok Verify 'shared':",
        "ok Bootstrap the account of 'mine': 999988887777, eu-central-1",
        "ok Make what 'mine' expects in its account: role nodes",
        "ok Deploy the repositories of 'mine': 1 repository",
        "ok Push the sample image for the pins of 'mine': own, shared",
        "ok Deploy everything of 'mine': 4 stacks",
        "ok Verify 'mine':",
    ]
    assert re.search(r"shared: all \d+ checks match the declaration", output)
    assert re.search(r"mine: all \d+ checks match the declaration; \d+ more", output)
    left_out = re.findall(r"^(.+: \D+).* is left out, because (.*)", output, re.MULTILINE)
    assert left_out == [
        (
            "mine-EksWorkloads: jobIdentityAssociation",
            "the embedded AWS does not know AWS::EKS::PodIdentityAssociation.",
        ),
        (
            "mine-GitHubAccess: Provider",
            "the embedded AWS does not know AWS::IAM::OIDCProvider.",
        ),
        ("mine-GitHubAccess: repoacme", "it refers to Provider2281708E."),
        (
            "mine-GitHubAccess: repoacme",
            "it refers to repoacme2Fownrefrefs2Fheads2FmainRoleEB364C77.",
        ),
    ]
    assert (files / "mine.images.yaml").read_text() == PINS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_half_way_stops_everything_it_started(
    folder: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        command(folder),
        env=BARE | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "Start the embedded AWS" in process.stdout.readline()
    time.sleep(1)  # now the CDK CLI runs
    assert len(processes_of(folder)) >= 2
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "ecrctl: stopped; every process that it started has ended.\n"


def test_the_run_after_a_killed_one_stops_what_it_left_running(folder: Path) -> None:
    processes = []
    for _ in range(2):
        process = subprocess.Popen(
            command(folder),
            env=BARE | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert "Start the embedded AWS" in process.stdout.readline()
        if len(processes) == 1:
            time.sleep(1)  # now the CDK CLI runs
            process.kill()
            process.wait()
            left = set(processes_of(folder))
            assert len(left) >= 2
    assert not left & set(processes_of(folder))
    processes[1].send_signal(signal.SIGTERM)
    assert processes[1].wait(timeout=60) == 130
    for process in processes:
        process.communicate()
