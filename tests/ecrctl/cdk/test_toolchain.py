"""The tools, and the message where one is missing, too old or fails."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ecrctl.cdk import toolchain
from ecrctl.errors import UserError
from tests.ecrctl.progress import without_progress
from tests.support import ROOT


def pinned_version() -> str:
    """Return the version of the CDK CLI that the project pins."""
    version: str = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    return version


def test_the_installed_cdk_cli_is_the_pinned_one() -> None:
    installed = json.loads((toolchain.CDK / "package.json").read_text())["version"]
    assert installed == pinned_version()


def test_the_pinned_cdk_cli_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"version": pinned_version()}))
    monkeypatch.setattr(toolchain, "CDK", tmp_path)
    # For any other version this raises, as the tests below prove.
    toolchain.check_cdk()
    assert toolchain.present_tools().cdk == tmp_path


def test_a_missing_cdk_cli_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "CDK", tmp_path)
    with pytest.raises(UserError) as refusal:
        toolchain.check_cdk()
    assert str(refusal.value) == "The AWS CDK CLI is not installed here. Run `make`."


def test_another_cdk_cli_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"version": "3.0.0"}))
    monkeypatch.setattr(toolchain, "CDK", tmp_path)
    with pytest.raises(UserError) as refusal:
        toolchain.check_cdk()
    assert str(refusal.value) == (
        "The AWS CDK CLI must be the 2.1148.1 that package.json pins, got 3.0.0. Run `make`."
    )


def test_a_missing_node_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "find_spec", lambda _name: None)
    with pytest.raises(UserError) as refusal:
        toolchain.node_binary()
    assert str(refusal.value) == (
        f"Node is not installed for {sys.executable}. Run `make` in the project's folder."
    )


def test_a_failing_cdk_is_reported_with_the_end_of_its_output(tmp_path: Path) -> None:
    app = f"{shlex.quote(sys.executable)} -c 'raise SystemExit(\"the app has a fault\")'"
    log = tmp_path / "cdk.log"
    with pytest.raises(UserError) as refusal:
        toolchain.run_cdk(
            ["synth", "--app", app, "--output", str(tmp_path / "cdk.out")], environment={}, log=log
        )
    message = str(refusal.value)
    assert message.startswith(f"`cdk synth` failed. The end of {log}:\n")
    assert "the app has a fault" in message


def test_a_cli_too_old_for_the_assembly_is_one_sentence(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=toolchain.present_tools().environment(
            {
                "CDK_CLI_ASM_VERSION": "43.0.0",
                "CDK_CLI_VERSION": "3.0.0",
                "CDK_OUTDIR": str(tmp_path),
            }
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert without_progress(result.stderr) == (
        "This CDK CLI (3.0.0) reads cloud assemblies up to schema 43.0.0, and this app writes "
        "55.0.0. Run `make`, then `npx cdk` in this folder, which is the pinned CLI.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_environment_with_faults_stops_the_synth_before_anything_is_written(
    tmp_path: Path,
) -> None:
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "dev.yaml").write_text("regoin: us-west-2\n")
    context = json.dumps({"environments": str(environments)})
    result = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=toolchain.present_tools().environment(
            {"CDK_CONTEXT_JSON": context, "CDK_OUTDIR": str(tmp_path / "cdk.out")}
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "environments/dev.yaml: 3 faults" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "cdk.out").exists() or not list((tmp_path / "cdk.out").iterdir())
