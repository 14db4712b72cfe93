"""Commands in this process: what each is asked for and prints."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ecrctl import manifests
from ecrctl.cdk.toolchain import ROOT
from ecrctl.errors import ExitCode
from ecrctl.local import command as local_command
from ecrctl.local.command import LocalResult, LocalRun
from ecrctl.local.emulator import Emulator
from ecrctl.local.left_out import LeftOut
from ecrctl.pins import command as pin_command
from ecrctl.verify.command import Verification
from tests.ecrctl.test_exit_codes import REPOSITORY, Run, folder, run
from tests.ecrctl.verify.test_command_line import OTHER, SAME, Output, finding, found, returning

__all__ = ["folder", "found", "run"]  # the fixtures are found by their names

EMULATOR = Emulator(port=4566, account="000000000000", region="us-east-1", pid=4321)
NOW = "2026-11-23T12:00:00Z"


def test_the_written_manifests_are_printed_and_the_others_named_as_errors(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, tmp_path: Path
) -> None:
    written, other = tmp_path / "out" / "a.yaml", tmp_path / "out" / "old.yaml"
    other.parent.mkdir()
    other.touch()
    monkeypatch.setattr(manifests, "write_manifests", returning([written]))
    assert run("manifests", "empty", "--out", str(other.parent)) == ExitCode.SUCCESS
    shown = capsys.readouterr()
    assert shown.out == f"{written}\n"
    assert (
        shown.err == f"ecrctl: {other} belongs to no Job of 'empty'. Delete it if it is no longer "
        "needed.\n"
    )
    monkeypatch.setattr(manifests, "write_manifests", returning([]))
    run("manifests", "empty", "--out", str(tmp_path / "none"))
    assert capsys.readouterr().out == "empty: no Job is delivered as a manifest.\n"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> list[LocalRun]:
    """Replace the local run by one with two checks, and return the options of each."""
    runs: list[LocalRun] = []

    def run_local(options: LocalRun, _steps: object) -> LocalResult:
        runs.append(options)
        return LocalResult({options.environment: Verification(files=[SAME], stacks={})}, EMULATOR)

    monkeypatch.setattr(local_command, "run_local", run_local)
    return runs


def test_local_prints_its_checks_and_a_verdict(
    run: Run, local: list[LocalRun], folder: Path, capsys: Output
) -> None:
    assert run("local") == ExitCode.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[1].rstrip()] == ["", "local: declared and deployed"]
    assert lines[-1] == "local: all 1 checks match the declaration."
    output = ROOT / ".ecrctl" / "local"
    assert local == [LocalRun(environments=folder, output=output, port=None, keep=False)]


def test_a_local_run_of_another_environment_lists_what_it_left_out(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    same = Verification(files=[SAME], stacks={})
    left_out = LeftOut(stack="dev-GitHubAccess", logical_id="Provider", type="AWS::A::B")
    result = LocalResult({"registry": same, "dev": same}, EMULATOR, [left_out])
    monkeypatch.setattr(local_command, "run_local", returning(result))
    assert run("local", "--environment", "dev") == ExitCode.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    assert "registry: all 1 checks match the declaration." in lines
    assert lines[-2:] == [
        "dev: all 1 checks match the declaration.",
        "dev-GitHubAccess: Provider is left out, because the embedded AWS does not know AWS::A::B.",
    ]


def test_a_difference_of_a_local_run_is_3_and_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    verification = Verification(files=[SAME, OTHER], stacks={"a": [OTHER]})
    monkeypatch.setattr(
        local_command, "run_local", returning(LocalResult({"local": verification}, EMULATOR))
    )
    assert run("local") == ExitCode.DIFFERENCE
    assert capsys.readouterr().out.splitlines()[-1] == (
        "local: 2 of 3 checks differ: repository a, tag immutability."
    )


@pytest.mark.usefixtures("found")
def test_numbers_in_the_last_line_are_not_coloured_on_a_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: Output
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    verification = Verification(files=[OTHER], stacks={})
    finding(monkeypatch, OTHER)
    monkeypatch.setattr(
        local_command, "run_local", returning(LocalResult({"local": verification}, EMULATOR))
    )
    differs = "1 of 1 checks differ: repository a, tag immutability."
    write_images(folder)
    preview = ("lifecycle", "dev", REPOSITORY, "--images", "images.json", "--now", NOW)
    for command, last in (
        (("verify", "empty"), f"empty: {differs}"),
        (("local",), f"local: {differs}"),
        (preview, "1 image: 0 kept, 0 archived, 1 expired."),
    ):
        run(*command)
        lines = capsys.readouterr().out.splitlines()
        assert lines[-1] == last
        assert any("\x1b[" in line for line in lines)


def test_a_preview_requires_no_pin(run: Run, folder: Path) -> None:
    runs = folder / "runs.yaml"
    runs.write_text(runs.read_text() + f"repositories: [{{name: {REPOSITORY}}}]\n")
    options = ("--images", "images.json")
    assert run("lifecycle", "runs", REPOSITORY, *options) == ExitCode.SUCCESS


def test_local_explains_how_to_use_and_stop_an_embedded_aws_that_it_keeps(
    run: Run, local: list[LocalRun], folder: Path, capsys: Output
) -> None:
    assert run("local", "--keep", "--port", "4566", "--output", "out") == ExitCode.SUCCESS
    exports = [f"  export {name}={value}" for name, value in EMULATOR.variables().items()]
    assert capsys.readouterr().out.splitlines()[-len(exports) - 3 :] == [
        "",
        "The embedded AWS is still running. To use it:",
        *exports,
        "To stop it: kill 4321",
    ]
    assert local == [LocalRun(environments=folder, output=folder / "out", port=4566, keep=True)]


@pytest.mark.usefixtures("local")
def test_local_saves_its_output_as_a_picture(run: Run, folder: Path) -> None:
    assert run("local", "--svg", str(folder / "a.svg")) == ExitCode.SUCCESS
    text = (folder / "a.svg").read_text()
    assert "make&#160;local" in text
    assert "all&#160;1&#160;checks" in text


def test_a_picture_in_a_folder_that_does_not_exist_is_refused_before_the_run(
    run: Run, local: list[LocalRun], capsys: Output
) -> None:
    assert run("local", "--svg", "none/a.svg") == ExitCode.TOOL_ERROR
    assert capsys.readouterr().err == (
        "ecrctl: --svg: the folder none does not exist. Create it first.\n"
    )
    assert local == []


def test_a_pin_is_looked_up_marked_and_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: Output
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(pin_command, "pinnable_digest", returning("sha256:1", calls))
    monkeypatch.setattr(pin_command, "mark_live", returning(None, calls))
    runs = folder / "runs.yaml"
    runs.write_text(runs.read_text() + f"repositories: [{{name: {REPOSITORY}}}]\n")
    code = run("pin", "runs", "api", "--repository", REPOSITORY, "--tag", "v1")
    assert code == ExitCode.SUCCESS
    ((_, *looked_up), _), ((_, *marked), _) = calls
    assert looked_up == ["000000000000", REPOSITORY, "v1"]
    assert marked[:3] == ["000000000000", REPOSITORY, "sha256:1"]
    assert capsys.readouterr().out == (
        f"runs.images.yaml: api is pinned to {REPOSITORY}:v1, sha256:1; the tag {marked[3]} "
        "protects it\n"
    )


def write_images(folder: Path, age: int = 100) -> None:
    """Write a file of one untagged image, pushed some days before the time of the preview."""
    pushed = datetime(2026, 11, 23, tzinfo=UTC).toordinal() - age
    image = {"digest": "sha256:1", "pushed_at": f"{date.fromordinal(pushed)}T00:00:00Z"}
    (folder / "images.json").write_text(json.dumps([image]))


def test_a_preview_is_a_table_with_a_summary(run: Run, folder: Path, capsys: Output) -> None:
    write_images(folder)
    images = ("lifecycle", "dev", REPOSITORY, "--images", "images.json")
    assert run(*images, "--now", NOW) == ExitCode.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].rstrip() == f"{REPOSITORY}: preview of the lifecycle policy"
    assert lines[-1] == "1 image: 0 kept, 0 archived, 1 expired."


def test_a_preview_as_json_is_indented(run: Run, folder: Path, capsys: Output) -> None:
    write_images(folder)
    rule = {
        "rulePriority": 7,
        "selection": {
            "tagStatus": "any",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": 100,
        },
        "action": {"type": "expire"},
    }
    (folder / "policy.json").write_text(json.dumps({"rules": [rule]}))
    options = ("--images", "images.json", "--policy", "policy.json", "--format", "json")
    assert run("lifecycle", "dev", REPOSITORY, *options, "--now", NOW) == ExitCode.SUCCESS
    shown = capsys.readouterr().out
    (document,) = json.loads(shown)
    assert (document["outcome"], document["rule"]) == ("expired", 7)
    assert shown == json.dumps([document], indent=2) + "\n"
    # A day before that, no image is as old.
    run("lifecycle", "dev", REPOSITORY, *options, "--now", "2026-11-21T00:00:00Z")
    assert json.loads(capsys.readouterr().out)[0]["outcome"] == "kept"
    # Without a time, the preview is as of today.
    write_images(folder, age=-20_000)
    run("lifecycle", "dev", REPOSITORY, *options)
    assert json.loads(capsys.readouterr().out)[0]["outcome"] == "kept"


def test_a_policy_that_cannot_be_read_is_a_fault(run: Run, folder: Path, capsys: Output) -> None:
    (folder / "policy.json").write_text(json.dumps({"rules": [{"rulePriority": 1}]}))
    options = ("--images", "images.json", "--policy", "policy.json")
    assert run("lifecycle", "dev", REPOSITORY, *options) == ExitCode.FAULT
    assert capsys.readouterr().err == (
        "ecrctl: policy.json:\n"
        "  - rules[0].selection: selection is required, got none. Add a mapping.\n"
        "  - rules[0].action: action is required, got none. Add a mapping.\n"
    )


def test_a_repository_without_a_lifecycle_policy_is_a_fault(
    run: Run, folder: Path, capsys: Output
) -> None:
    dev = folder / "dev.yaml"
    dev.write_text(dev.read_text().replace("}]", ", lifecycle: none}]"))
    assert run("lifecycle", "dev", REPOSITORY, "--images", "images.json") == ExitCode.FAULT
    assert capsys.readouterr().err == (
        f"ecrctl: '{REPOSITORY}' has no lifecycle policy in 'dev', so every image is kept. "
        "To preview another policy, add --policy FILE.\n"
    )
