"""What the commands pass on: every option of a local run, and the base of a review."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ecrctl import cli
from ecrctl.deployed import command as deployed
from ecrctl.errors import UserError
from ecrctl.local import command as local
from ecrctl.local.command import LocalRun


def test_a_local_run_gets_every_option(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runs: list[LocalRun] = []

    def run_local(run: LocalRun, _steps: Any) -> Any:
        runs.append(run)
        raise UserError("That is enough.")

    monkeypatch.setattr(local, "run_local", run_local)
    # The folder is kept for the command, and no longer.
    monkeypatch.setattr(cli, "_options", cli._Options())
    options = ("--environment", "mine", "--port", "7", "--keep", "--time-limit", "3")
    arguments = ["--environments", str(tmp_path), "local", *options]
    CliRunner().invoke(cli.app, [*arguments, "--output", str(tmp_path / "out")])
    assert runs == [
        LocalRun(
            environment="mine",
            environments=tmp_path,
            output=tmp_path / "out",
            port=7,
            keep=True,
            minutes=3,
        )
    ]


def test_deployed_stacks_are_saved_as_the_base_of_a_review(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @contextmanager
    def saved(environment: str, _folder: Path) -> Iterator[Path]:
        yield tmp_path / environment

    monkeypatch.setattr(deployed, "deployed_base", saved)
    with cli._review_base("deployed:dev") as base:
        assert base == str(tmp_path / "dev")
    with cli._review_base("main") as base:
        assert base == "main"
