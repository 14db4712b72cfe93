"""A synth of code under review gets no credentials, however they are configured."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ecrctl.cdk import toolchain
from tests.support import ROOT

SECRET = "planted-secret"
# Where credentials, or the way to them, can be configured.
VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_A_VARIABLE_OF_LATER_YEARS",
)
# An app that records its variables and synthesises a stack without the CDK.
APP = """\
import json, os
from pathlib import Path

record = Path(os.environ["RECORD"])
(record / f"{os.getpid()}.json").write_text(json.dumps(dict(os.environ)))
output = Path(os.environ["CDK_OUTDIR"])
output.mkdir(parents=True, exist_ok=True)
stack = {
    "type": "aws:cloudformation:stack",
    "environment": "aws://111111111111/us-west-2",
    "properties": {"templateFile": "template.json"},
}
(output / "template.json").write_text("{}")
manifest = {"version": "36.0.0", "artifacts": {"Stack": stack}}
(output / "manifest.json").write_text(json.dumps(manifest))
"""


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Return the folder where the app records its variables."""
    folder = tmp_path / "record"
    folder.mkdir()
    return folder


def recorded(record: Path) -> list[dict[str, str]]:
    """Return the variables of every run of the app."""
    return [json.loads(file.read_text()) for file in record.iterdir()]


def check_withheld(variables: dict[str, str]) -> None:
    """Compare the AWS variables of an app with the one that it may have."""
    of_aws = {name: value for name, value in variables.items() if name.startswith("AWS_")}
    assert of_aws == {"AWS_EC2_METADATA_DISABLED": "true"}
    assert [name for name, value in variables.items() if SECRET in value] == []


def run_app(folder: Path, *, offline: bool) -> None:
    """Synthesise the app."""
    (folder / "app.py").write_text(APP)
    app = f"{shlex.quote(sys.executable)} {shlex.quote(str(folder / 'app.py'))}"
    toolchain.run_cdk(
        ["synth", "--quiet", "--app", app, "--output", str(folder / "cdk.out")],
        environment={},
        log=folder / "cdk.log",
        cwd=folder,
        offline=offline,
    )


@pytest.fixture
def planted(record: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set every variable to a secret, and return the folder of the record."""
    for name in VARIABLES:
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("RECORD", str(record))
    return record


def test_an_offline_synth_gets_no_variable_of_aws(tmp_path: Path, planted: Path) -> None:
    run_app(tmp_path, offline=True)
    (variables,) = recorded(planted)
    check_withheld(variables)


def test_a_synth_that_deploys_keeps_its_variables(
    tmp_path: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", SECRET)
    monkeypatch.setenv("RECORD", str(record))
    run_app(tmp_path, offline=False)
    (variables,) = recorded(record)
    assert variables["AWS_SESSION_TOKEN"] == SECRET


def checkout(folder: Path) -> Path:
    """Make a repository with the program and the app, in one commit."""
    for name in ("ecrctl", "checked_files", "constructs_lib", "environments"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "package.json", "package-lock.json"):
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "app.py").write_text(APP)
    (folder / "cdk.json").write_text("{}")
    (folder / ".gitignore").write_text("node_modules\n.ecrctl\n__pycache__\n")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=no")
    for command in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", "first")):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


def test_neither_side_of_a_review_gets_a_variable_of_aws(tmp_path: Path, planted: Path) -> None:
    folder = checkout(tmp_path / "project")
    done = subprocess.run(
        [sys.executable, "-m", "ecrctl", "review", "--base", "HEAD"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sides = recorded(planted)
    assert len({variables["PWD"] for variables in sides}) == 2
    for variables in sides:
        check_withheld(variables)
