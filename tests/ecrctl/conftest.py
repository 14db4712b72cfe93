"""An embedded AWS for the tests of the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ecrctl.aws.clients import Aws
from ecrctl.local.emulator import Emulator, running
from ecrctl.output import messages


@pytest.fixture(autouse=True)
def _no_progress_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test depend on the second after which a command reports its progress."""
    monkeypatch.setattr(messages, "_SECONDS", 3_600.0)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run an embedded AWS for all tests of a session."""
    with running(
        account="000000000000",
        region="us-east-1",
        port=None,
        directory=tmp_path_factory.mktemp("emulator"),
        keep=False,
    ) as started:
        yield started


@pytest.fixture
def aws(emulator: Emulator) -> Aws:
    """Return clients of the embedded AWS."""
    return emulator.clients()
