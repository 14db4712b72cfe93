"""``ecrctl report`` in an account of moto."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecrctl import cli
from tests.ecrctl.images.scanning.conftest import folder, moto_aws

__all__ = ["folder", "moto_aws"]  # the fixtures are found by their names


@dataclass(frozen=True, slots=True)
class End:
    """The end of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., End]


@pytest.fixture
def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return a function that runs a command in the folder."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in numbers}

    def run_command(*arguments: str) -> End:
        command = ["ecrctl", "--environments", str(folder), *arguments]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            cli.main()
        shown = capsys.readouterr()
        return End(int(end.value.code or 0), shown.out, shown.err)

    yield run_command
    for number, handler in handlers.items():
        signal.signal(number, handler)
