"""``ecrctl report`` in an account of moto."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ecrctl import cli
from ecrctl.images.promotion.records import PromotionRecord
from ecrctl.images.report import cli as cli_of_report
from tests.ecrctl.images.scanning.accounts import REPOSITORY
from tests.ecrctl.images.scanning.conftest import folder, moto_aws

__all__ = ["folder", "moto_aws"]  # the fixtures are found by their names


@dataclass(frozen=True, slots=True)
class End:
    """The end of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., End]


class Promotions:
    """The promotion records of a test.

    :param error: is raised instead of returning them.
    """

    def __init__(self) -> None:
        self.by_digest: dict[str, list[PromotionRecord]] = {}
        self.error: Exception | None = None

    def read(self, repository: str, digest: str) -> list[PromotionRecord]:
        """Return the records of an image."""
        assert repository == REPOSITORY
        if self.error:
            raise self.error
        return self.by_digest.get(digest, [])


@pytest.fixture
def promotions() -> Promotions:
    """Return the promotion records, none at first."""
    return Promotions()


@pytest.fixture
def run(
    promotions: Promotions,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Return a function that runs a command in the folder."""
    # The registry of moto's account would be the real one.
    monkeypatch.setattr(cli_of_report, "promotion_reader", lambda *_: promotions.read)
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
