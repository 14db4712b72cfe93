"""``ecrctl verify`` in this process: what each option asks for and prints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.cdk import assemblies
from ecrctl.errors import ExitCode
from ecrctl.verify import cli, unmanaged
from ecrctl.verify.check import Check
from ecrctl.verify.command import Verification
from ecrctl.verify.json_document import VerificationDocument
from tests.ecrctl.test_exit_codes import Run, folder, run

__all__ = ["folder", "run"]  # the fixtures are found by their names

SAME = Check("repository a", "scan on push", "on", "on")
OTHER = Check("repository a", "tag immutability", "IMMUTABLE", "MUTABLE")
UNKNOWN = Check.not_compared("a: Job", "every property", "no reader")
LETTERS = "abcdefghijkl"

Output = pytest.CaptureFixture[str]


def returning(value: Any, calls: list[Any] | None = None) -> Callable[..., Any]:
    """Return a function that returns a value, and records its arguments."""

    def call(*arguments: Any, **options: Any) -> Any:
        if calls is not None:
            calls.append((arguments, options))
        return value

    return call


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replace the synth and the reading; return what each verification was asked for."""
    calls: list[Any] = []
    monkeypatch.setattr(cli, "check_account", returning(None, calls))
    monkeypatch.setattr(assemblies, "synthesise", returning(Path("cdk.out"), calls))
    monkeypatch.setattr(assemblies, "stacks_of", returning(["the stacks"], calls))
    return calls


def finding(monkeypatch: pytest.MonkeyPatch, *files: Check, **stacks: list[Check]) -> None:
    """Let a verification find some checks."""

    def verify(*_: Any, progress: Callable[[int, int], None], **__: Any) -> Verification:
        progress(1, 2)
        progress(1_000, 2_000)
        return Verification(files=files, stacks=stacks)

    monkeypatch.setattr(cli, "verify", verify)


def marks(lines: list[str]) -> list[str]:
    """Return the marks of a table's rows, the heading's first."""
    return [line.split("│")[1].strip() for line in lines if "│" in line]


@pytest.mark.usefixtures("found")
def test_verify_shows_every_check_and_a_verdict(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    finding(monkeypatch, SAME, OTHER, a=[SAME, UNKNOWN])
    assert run("verify", "empty") == ExitCode.DIFFERENCE
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].rstrip() == "empty: declared and deployed"
    assert "empty: every resource, as its template declares it" in map(str.rstrip, lines)
    assert marks(lines) == ["", "ok", "differs", "", "", "ok", "?"]
    assert lines[-1] == (
        "empty: 1 of 3 checks differ: repository a, tag immutability; 1 more could not be "
        "compared, each with its reason."
    )
    assert shown.err == "ecrctl: Reading back: 1,000 of 2,000\n"


@pytest.mark.usefixtures("found")
def test_the_progress_on_a_terminal_is_a_bar_that_is_erased_at_the_end(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # Rich takes the output for a terminal
    monkeypatch.setenv("TERM", "xterm")
    finding(monkeypatch, SAME)
    assert run("verify", "empty") == ExitCode.SUCCESS
    shown = capsys.readouterr().err
    last_bar = re.findall(r"Reading back .*", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))[-1]
    assert re.search(r"[━╸╺]+ 1000/2000 \d:\d\d:\d\d$", last_bar)
    assert "Reading back: " not in shown
    up_and_erase = "\x1b[1A\x1b[2K"
    assert shown.endswith(up_and_erase)


@pytest.mark.usefixtures("found")
def test_verify_can_leave_out_what_is_as_declared(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    finding(monkeypatch, SAME, OTHER, a=[SAME, OTHER], b=[SAME])
    assert run("verify", "empty", "--only-differences") == ExitCode.DIFFERENCE
    assert marks(capsys.readouterr().out.splitlines()) == ["", "differs", "", "", "differs", ""]
    finding(monkeypatch, SAME, a=[SAME])
    assert run("verify", "empty", "--only-differences") == ExitCode.SUCCESS
    assert capsys.readouterr().out == "empty: all 2 checks match the declaration.\n"


@pytest.mark.usefixtures("found")
def test_verify_prints_one_json_document(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    finding(monkeypatch, SAME, OTHER)
    assert run("verify", "empty", "--format", "json") == ExitCode.DIFFERENCE
    document = json.loads(capsys.readouterr().out)
    assert [check["outcome"] for check in document["checks"]] == ["match", "difference"]
    options = ("--format", "json", "--only-differences")
    assert run("verify", "empty", *options) == ExitCode.DIFFERENCE
    document = json.loads(capsys.readouterr().out)
    assert [check["outcome"] for check in document["checks"]] == ["difference"]


@pytest.mark.parametrize("drift", [False, True])
def test_verify_synthesises_the_environment_and_reads_its_stacks(
    run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path, found: list[Any], *, drift: bool
) -> None:
    monkeypatch.setattr(cli, "verify", returning(Verification(files=[], stacks={}), found))
    assert run("verify", "dev", *(["--drift"] if drift else [])) == ExitCode.SUCCESS
    account, synth, stacks, ((settings, read, aws), options) = found
    assert account[0] == (settings, aws)
    assert (settings.name, aws.region) == ("dev", settings.region)
    assert synth[0][:2] == ("dev", folder)
    assert stacks[0] == (Path("cdk.out"),)
    assert (read, options["drift"]) == (["the stacks"], drift)


def test_an_environment_that_declares_nothing_is_not_synthesised(
    run: Run, monkeypatch: pytest.MonkeyPatch, found: list[Any]
) -> None:
    monkeypatch.setattr(cli, "verify", returning(Verification(files=[], stacks={}), found))
    assert run("verify", "empty") == ExitCode.SUCCESS
    _, ((_, read, _), _) = found
    assert read == []


def test_credentials_of_another_account_are_refused_before_the_synth(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(Aws, "account", lambda _self: "999999999999")
    monkeypatch.setattr(assemblies, "synthesise", returning(None, calls))
    for options in ((), ("--unmanaged",)):
        assert run("verify", "dev", *options) == ExitCode.TOOL_ERROR
        assert capsys.readouterr().err == (
            "ecrctl: the environment 'dev' is in the account 000000000000, but the credentials "
            "belong to 999999999999. Choose credentials of 000000000000, such as with "
            "AWS_PROFILE.\n"
        )
    assert calls == []


@pytest.mark.usefixtures("found")
def test_a_long_verdict_is_one_line_and_names_the_first_differences(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    others = [Check(f"repository {name}", "scan on push", "on", "off") for name in LETTERS]
    finding(monkeypatch, *others)
    run("verify", "empty")
    named = "; ".join(f"repository {name}, scan on push" for name in LETTERS[:10])
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"empty: 12 of 12 checks differ: {named}; 2 more."
    )


@pytest.mark.parametrize("check", [SAME, OTHER])
def test_verify_can_check_the_images_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, check: Check
) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(cli, "check_images", returning([check], calls))
    code = ExitCode.DIFFERENCE if check.differs else ExitCode.SUCCESS
    assert run("verify", "empty", "--images") == code
    assert [arguments[1] for arguments, _ in calls] == [Aws.from_variables]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].rstrip() == "empty: pinned and in its registry"
    assert lines[-1] == (
        "empty: 1 of 1 checks differ: repository a, tag immutability."
        if check.differs
        else "empty: all 1 checks match the declaration."
    )
    assert run("verify", "empty", "--images", "--format", "json") == code
    (document,) = json.loads(capsys.readouterr().out)["checks"]
    assert (document["source"], document["outcome"]) == ("files", check.outcome)


@pytest.mark.usefixtures("found")
def test_verify_can_list_the_repositories_that_no_stack_manages(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr(cli, "unmanaged_repositories", returning((["a", "b"], 1_002)))
    assert run("verify", "empty", "--unmanaged") == ExitCode.SUCCESS
    place = "000000000000, us-east-1"
    assert capsys.readouterr().out == f"a\nb\n{unmanaged.sentence(place, ['a', 'b'], 1_002)}\n"
    assert run("verify", "empty", "--unmanaged", "--format", "json") == ExitCode.SUCCESS
    document = VerificationDocument.model_validate_json(capsys.readouterr().out)
    assert (document.unmanaged, document.checks, document.result) == (["a", "b"], [], "match")


def test_an_environment_without_workloads_has_no_image_to_check(run: Run, capsys: Output) -> None:
    assert run("verify", "empty", "--images") == ExitCode.SUCCESS
    assert capsys.readouterr().out == (
        "empty: no workload runs an image, so there is nothing to check.\n"
    )
