"""The progress of a copy."""

from __future__ import annotations

import io
import sys

import pytest

from ecrctl.images.copying.progress import shown_progress, size_text
from ecrctl.images.oci import Descriptor

BLOB = Descriptor(media_type="x", digest="sha256:" + "ab" * 32, size=2_500_000)


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_a_bar_for_each_blob(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "100")
    with shown_progress() as progress:
        progress.started(BLOB)
        progress.advanced(BLOB, 1_000_000)
        progress.started(BLOB)  # the connection was cut
        progress.ended(BLOB, "sent")
    last = terminal.getvalue()
    assert "abababababab" in last
    assert "2.5/2.5 MB" in last
    assert "sent" in last


def test_a_blob_that_is_there_has_a_whole_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with shown_progress() as progress:
        progress.ended(BLOB, "already there")
    assert "2.5/2.5 MB" in terminal.getvalue()


def test_a_pipe_gets_one_line_for_each_blob(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as progress:
        progress.started(BLOB)
        progress.advanced(BLOB, 1_000_000)
        progress.ended(BLOB, "sent")
    assert capsys.readouterr() == ("", "abababababab     2.5 MB  sent\n")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (2_500_000, "2.5 MB"), (52e9, "52.0 GB")],
)
def test_a_size_for_a_person(size: float, text: str) -> None:
    assert size_text(size) == text
