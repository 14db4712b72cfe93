"""Commands of ``ecrctl`` in a local run: each is answered by its own output alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ecrctl.cdk import toolchain
from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import UserError
from ecrctl.local.commands import Commands
from ecrctl.local.emulator import Emulator
from ecrctl.local.process_record import ProcessRecord
from ecrctl.local.supervision import Supervision


@pytest.fixture
def commands(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Return commands whose arguments are programs in Python instead."""
    start_group = toolchain.start_group

    def start(command: Sequence[str], **given: Any) -> Any:
        given["variables"] = dict(os.environ)
        return start_group([sys.executable, "-c", command[-1]], **given)

    monkeypatch.setattr(toolchain, "start_group", start)
    return Commands(tmp_path, emulator, Supervision(ProcessRecord(tmp_path / "processes.json")))


def test_the_answer_is_the_last_line_of_the_commands_own_output(commands: Commands) -> None:
    answers = [
        commands.ecrctl(Path(), text) for text in ("print('one'); print('two')", "", "print('x')")
    ]
    assert answers == ["two", "", "x"]
    assert (commands.output / "ecrctl.log").read_text() == (
        "$ ecrctl print('one'); print('two')\none\ntwo\n$ ecrctl \n$ ecrctl print('x')\nx\n"
    )


def test_a_failure_has_the_end_of_the_commands_own_output(commands: Commands) -> None:
    commands.ecrctl(Path(), "print('before')")
    with pytest.raises(UserError) as refusal:
        commands.ecrctl(Path(), "print('after'); raise SystemExit(1)")
    text = str(refusal.value)
    assert text.startswith("`ecrctl print('after'); raise SystemExit(1)` failed. The end of ")
    assert "after" in text
    assert "before" not in text


def test_stacks_of_an_assembly_are_deployed_without_those_that_they_depend_on(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []

    def run_cdk(arguments: Sequence[str], *, log: Path, cwd: Path, **_: Any) -> None:
        calls.append((*arguments, log.name, cwd))

    monkeypatch.setattr(toolchain, "run_cdk", run_cdk)
    stacks = [Stack(name=name, account="1", region="a", template={}) for name in ("dev/A", "dev/B")]
    commands.deploy_assembly(Path("cdk.out"), [])
    assert calls == []  # the CDK CLI would deploy all of them
    commands.deploy_assembly(Path("cdk.out"), stacks)
    assert calls == [
        (
            *("deploy", "dev/A", "dev/B", "--exclusively", "--require-approval", "never"),
            *("--app", "cdk.out", "cdk.log", commands.output),
        )
    ]
