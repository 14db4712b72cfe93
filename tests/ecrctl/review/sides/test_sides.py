"""The two sides of a review, and the messages for those that are not valid."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from aws_cdk.cloud_assembly_schema import Manifest

from ecrctl.cdk.assemblies import NEWEST_SCHEMA
from tests.ecrctl.progress import run_without_progress, without_progress
from tests.ecrctl.review.pairs import write_assembly
from tests.support import FROZEN_ENVIRONMENTS, ROOT

TOPIC = {"Type": "AWS::SNS::Topic"}
ID = f"scan-off-{'0' * 32}"
STACKS = {"dev/Web": {"Topic": TOPIC}}
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def ecrctl(
    *arguments: str | Path, checkout: Path = ROOT, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a review with the program of a checkout."""
    command = [sys.executable, "-m", "ecrctl", "review", *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return run_without_progress(done)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the project with its present files, in one commit."""
    folder = tmp_path_factory.mktemp("clone") / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    use_frozen_environments(folder / "environments")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / ".gitignore").write_text((folder / ".gitignore").read_text() + "/node_modules\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "first")
    return folder


def use_frozen_environments(directory: Path) -> None:
    """Replace the user's environments in a clone by two of the tests': a synth takes seconds."""
    for file in directory.glob("*.yaml"):
        file.unlink()
    for name in ("dev.yaml", "dev.images.yaml", "local.yaml"):
        shutil.copyfile(FROZEN_ENVIRONMENTS / name, directory / name)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    done = subprocess.run(
        [*GIT, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    """Commit every file, and return the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Change a file of the clone."""
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


def test_a_reference_is_compared_with_the_working_tree(checkout: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    change(checkout, "environments/dev.yaml", "mode: IMMUTABLE_WITH_EXCLUSION", "mode: MUTABLE")
    change(checkout, "environments/dev.yaml", '      exclusion_filters: ["dev-*"]\n', "")
    # A file that git ignores is on one side only, and would look like a change.
    (checkout / "environments" / "local.images.yaml").write_text("not: {a: pin}\n")
    same = ecrctl("--base", base, "--head", base, checkout=checkout)
    assert (same.returncode, same.stdout) == (
        0,
        "No changes: both sides deploy exactly the same.\n",
    )
    done = ecrctl("--base", base, "--format", "json", checkout=checkout)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert [(one["rule"], one["subject"]) for one in found] == [
        ("tags-mutable", "repository team/api")
    ]
    assert git(checkout, "worktree", "list").count("\n") == 0
    git(checkout, "checkout", "--quiet", "--", ".")


def test_acknowledgements_are_read_from_the_base_alone(checkout: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    change(checkout, "environments/dev.yaml", "  - name: tools/backup\n", "  - name: tools/other\n")
    first = ecrctl("--base", base, "--format", "json", checkout=checkout)
    assert first.returncode == 3, first.stderr
    (blocking,) = [one for one in json.loads(first.stdout)["findings"] if one["blocks"]]
    assert blocking["rule"] == "repository-removed"
    answers = checkout / "review-acknowledgements.yaml"
    answers.write_text(
        f"- {{finding: {blocking['id']}, reason: It is not pulled, until: 2999-12-31}}\n"
    )
    own = ecrctl("--base", base, "--head", commit(checkout, "approves itself"), checkout=checkout)
    assert own.returncode == 3

    text = answers.read_text()
    git(checkout, "checkout", "--quiet", base)
    answers.write_text(text)
    approved = commit(checkout, "approved by others")
    later = ecrctl("--base", approved, "--head", "main", "--format", "json", checkout=checkout)
    assert later.returncode == 0, later.stderr
    (finding,) = [
        one for one in json.loads(later.stdout)["findings"] if one["rule"] == "repository-removed"
    ]
    assert finding["acknowledgement"] == {"reason": "It is not pulled", "until": "2999-12-31"}
    git(checkout, "checkout", "--quiet", "main")


def test_the_rules_of_a_team_are_read_from_the_base_alone(checkout: Path) -> None:
    start = git(checkout, "rev-parse", "HEAD")
    rules = checkout / "review.yaml"
    rules.write_text("gates: {dev: [protection-lost]}\n")
    strict = commit(checkout, "closes the gate")
    change(checkout, "environments/dev.yaml", "mode: IMMUTABLE_WITH_EXCLUSION", "mode: MUTABLE")
    change(checkout, "environments/dev.yaml", '      exclusion_filters: ["dev-*"]\n', "")
    own_rules = commit(checkout, "weakens the tags")
    without = ecrctl("--base", start, "--head", own_rules, "--format", "json", checkout=checkout)
    assert without.returncode == 3, without.stderr
    # The file itself is a part of the gate; what it says has no effect yet.
    blocking = [one for one in json.loads(without.stdout)["findings"] if one["blocks"]]
    assert {one["rule"] for one in blocking} == {"gate-changed"}

    rules.write_text("gates: {dev: []}\n")
    opened = commit(checkout, "opens the gate")
    done = ecrctl("--base", strict, "--head", opened, "--format", "json", checkout=checkout)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["gates"]["dev"] == ["protection-lost"]
    git(checkout, "reset", "--quiet", "--hard", start)


def test_other_requirements_are_installed_once_and_used(checkout: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    # pip installed the installer itself, the one package that is in no cache.
    required = (checkout / "requirements.txt").read_text()
    without = re.sub(r"^uv==.*?(?=^\w)", "", required, flags=re.MULTILINE | re.DOTALL)
    assert without != required
    (checkout / "requirements.txt").write_text(without)
    head = commit(checkout, "requires other things")
    git(checkout, "checkout", "--quiet", base)
    # The requirements are in the cache that make filled.
    offline = {
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(ROOT / ".venv" / "uv-cache")),
    }
    # The requirements are a part of the gate.
    arguments = ("--base", base, "--head", head, "--fail-on", "none")
    first = ecrctl(*arguments, checkout=checkout, variables=offline)
    assert first.returncode == 0, first.stderr
    assert (
        "Installing the tools in requirements.txt for this review and later ones." in first.stderr
    )
    assert "reviewed and deployed: `requirements.txt`" in first.stdout
    assert first.stdout.endswith("No blocking findings. Other findings: 1 gate-changed.\n")
    second = ecrctl(*arguments, checkout=checkout, variables=offline)
    assert (second.returncode, without_progress(second.stderr)) == (0, "")
    git(checkout, "checkout", "--quiet", "main")


def test_a_failed_synth_is_reported_with_its_side(checkout: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    change(checkout, "environments/dev.yaml", "region: us-west-2", "region: nowhere")
    done = ecrctl("--base", base, checkout=checkout)
    git(checkout, "checkout", "--quiet", "--", ".")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "ecrctl: 'working tree' cannot be synthesised: `cdk synth` failed."
    )
    assert "'nowhere' is not a region's name" in done.stderr
    log = checkout / ".ecrctl" / "review" / "head.log"
    assert f"The end of {log}:\n" in done.stderr
    assert "'nowhere' is not a region's name" in log.read_text()


def test_two_assemblies_of_another_app_are_compared(tmp_path: Path) -> None:
    base = write_assembly(tmp_path / "base", {"Main": {"Topic": TOPIC}})
    head = write_assembly(
        tmp_path / "head",
        {"Main": {"Topic": TOPIC, "Api": {"Type": "AWS::ECR::Repository", "Properties": {}}}},
    )
    done = ecrctl("--base", base, "--head", head, "--format", "markdown")
    assert done.returncode == 0, done.stderr
    assert "| 111111111111/us-west-2 |" in done.stdout
    assert "Main/Api" not in done.stdout
    assert "repository Api is new and less protected than by default" in done.stdout


def test_every_format_is_written_into_a_folder(tmp_path: Path) -> None:
    base = write_assembly(tmp_path / "base", STACKS)
    head = write_assembly(tmp_path / "head", {"dev/Web": {}})
    out = tmp_path / "out"
    done = ecrctl("--base", base, "--head", head, "--out", out, "--format", "markdown")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "comment.md",
        "review.json",
        "review.md",
        "review.txt",
        "summary.md",
    ]
    assert (out / "comment.md").read_text() == done.stdout
    assert (out / "review.json").read_text().endswith("}\n")


def test_images_are_given_for_one_repository_or_for_all(tmp_path: Path) -> None:
    def with_days(days: int) -> dict[str, object]:
        rule = {
            "rulePriority": 1,
            "description": "Expire what is not tagged",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": days,
            },
            "action": {"type": "expire"},
        }
        text = json.dumps({"rules": [rule]})
        properties = {"RepositoryName": "web", "LifecyclePolicy": {"LifecyclePolicyText": text}}
        return {"Web": {"Type": "AWS::ECR::Repository", "Properties": properties}}

    base = write_assembly(tmp_path / "base", {"dev/Web": with_days(30)})
    head = write_assembly(tmp_path / "head", {"dev/Web": with_days(3)})
    images = tmp_path / "images.json"
    images.write_text(
        json.dumps(
            [
                {"digest": f"sha256:{digit * 64}", "pushed_at": f"2026-01-{day}T00:00:00Z"}
                for digit, day in (("a", "10"), ("b", "20"))
            ]
        )
    )
    for given in (f"web={images}", str(images)):
        done = ecrctl("--base", base, "--head", head, "--images", given, "--format", "json")
        (finding,) = json.loads(done.stdout)["findings"]
        assert finding["message"] == (
            "would expire or archive 1 of 2 images that are kept today (`sha256:aaaaaaaaaaaa`); "
            "rule 1, untagged images: 30 → 3 days since push"
        )


def test_the_newest_schema_that_is_read_is_the_one_the_cdk_here_writes() -> None:
    assert Manifest.version().split(".")[0] == str(NEWEST_SCHEMA)


MANIFEST, TEMPLATE = "manifest.json", "assembly-dev/devWeb.template.json"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            MANIFEST,
            '{"version": "99.0.0"}',
            "{head} is a cloud assembly of schema 99.0.0; ecrctl reads schemas up to 55. "
            "Synthesise with an older aws-cdk-lib, or use a newer ecrctl.",
        ),
        (
            MANIFEST,
            "{}",
            "{head}/manifest.json is not the manifest of a cloud assembly: its version is "
            "missing. Run `cdk synth` again.",
        ),
        (
            MANIFEST,
            "{",
            "{head}/manifest.json is not JSON: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1). Run `cdk synth` again.",
        ),
        (
            TEMPLATE,
            "Resources: {}",
            "{head}/assembly-dev/devWeb.template.json is not JSON: Expecting value: line 1 "
            "column 1 (char 0). Run `cdk synth` again.",
        ),
        (
            TEMPLATE,
            "[]",
            "{head}/assembly-dev/devWeb.template.json is not a CloudFormation template: it has "
            "no resources.",
        ),
    ],
)
def test_an_assembly_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, file: str, text: str, message: str
) -> None:
    base = write_assembly(tmp_path / "base", STACKS)
    head = write_assembly(tmp_path / "head", STACKS)
    (head / file).write_text(text)
    done = ecrctl("--base", base, "--head", head)
    assert (done.returncode, without_progress(done.stderr)) == (
        2,
        f"ecrctl: {message.format(head=head)}\n",
    )


@pytest.mark.parametrize("name", ["../../elsewhere.json", "/etc/passwd"])
def test_no_file_outside_of_an_assembly_is_read(tmp_path: Path, name: str) -> None:
    base = write_assembly(tmp_path / "base", STACKS)
    manifest = base / "assembly-dev" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("devWeb.template.json", name))
    done = ecrctl("--base", base, "--head", base)
    assert (done.returncode, without_progress(done.stderr)) == (
        2,
        f"ecrctl: {manifest} must not name a file outside of its cloud assembly, got '{name}'. "
        "Check where the assembly comes from.\n",
    )


def test_a_template_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    base = write_assembly(tmp_path / "base", STACKS)
    (base / TEMPLATE).unlink()
    done = ecrctl("--base", base, "--head", base)
    message = f"ecrctl: {base / TEMPLATE} cannot be read: No such file or directory.\n"
    assert (done.returncode, without_progress(done.stderr)) == (2, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--base", "no-such-branch"),
            "'no-such-branch' must be a git reference or a folder, and is neither. Name a "
            "reference such as 'origin/main' (fetch it first), or the folder that "
            "`cdk synth --output DIR` writes.",
        ),
        (
            ("--base", "docs"),
            "docs is not a cloud assembly: manifest.json is missing. Choose the folder that "
            "`cdk synth --output DIR` writes, such as cdk.out.",
        ),
        (
            ("--base", "HEAD", "--fail-on", "dataloss"),
            "--fail-on: there is no category 'dataloss'; did you mean 'data-loss'? Known: "
            "data-loss, will-fail, gate-changed, protection-lost, access-gained, access-lost, "
            "lifecycle, images, workloads, registry, cost, not-judged, routine.",
        ),
        (
            ("--base", "HEAD", "--acknowledgements", "none.yaml"),
            "--acknowledgements: there is no file none.yaml. Name another one, or remove the "
            "option.",
        ),
        (
            ("--base", "HEAD", "--fail-on", ""),
            "--fail-on must be categories with commas between them, or none by itself, got ''.",
        ),
        (
            ("--base", "HEAD", "--fail-on", "none,data-loss"),
            "--fail-on must be categories with commas between them, or none by itself, got "
            "'none,data-loss'.",
        ),
        (
            ("--base", "HEAD", "--images", "web=none.json"),
            "--images: none.json cannot be read: No such file or directory.",
        ),
    ],
)
def test_a_wrong_option_is_one_sentence(arguments: Sequence[str], message: str) -> None:
    done = ecrctl(*arguments)
    assert (done.returncode, without_progress(done.stderr)) == (2, f"ecrctl: {message}\n")


def test_all_faults_of_acknowledgements_are_reported_at_once(tmp_path: Path) -> None:
    base = write_assembly(tmp_path / "base", STACKS)
    answers = tmp_path / "answers.yaml"
    answers.write_text(
        f"- {{finding: {ID}, reason: because, until: 2027-01-01}}\n"
        "- {finding: scan-off, reason: It is known to all., until: soon}\n"
        "- {reason: It is known to all., until: 2027-01-01, who: me}\n"
    )
    done = ecrctl("--base", base, "--head", base, "--acknowledgements", answers)
    assert done.returncode == 2
    assert without_progress(done.stderr) == (
        f"ecrctl: {answers} is not valid:\n"
        "  - [0].reason: a reason must have at least 10 characters, got 'because'. Explain the "
        "decision to a later reader.\n"
        "  - [1].finding: a finding's id must be its rule and 32 hexadecimal digits, got "
        "'scan-off'. Copy it from the review.\n"
        "  - [1].until: the last day must be a date such as 2026-12-31, got 'soon'.\n"
        "  - [2].finding: this setting is required, got none. Add it.\n"
        "  - [2].who: there is no such setting. Known: finding, reason, until.\n"
    )
    answers.write_text(f"- {{finding: {ID}, reason: Known to all., until: 2027-01-01}}\n" * 2)
    done = ecrctl("--base", base, "--head", base, "--acknowledgements", answers)
    assert without_progress(done.stderr) == (
        f"ecrctl: {answers} is not valid:\n"
        f"  - [1].finding: '{ID}' is acknowledged above already. Keep one of the two.\n"
    )


def test_images_of_a_repository_that_is_not_there_are_refused(tmp_path: Path) -> None:
    base = write_assembly(tmp_path / "base", STACKS)
    images = tmp_path / "images.json"
    images.write_text("[]")
    done = ecrctl("--base", base, "--head", base, "--images", f"web={images}")
    message = "ecrctl: --images: neither side has a repository 'web'. Known: none.\n"
    assert (done.returncode, without_progress(done.stderr)) == (2, message)
