"""What the terminal and its variables decide: COLUMNS, NO_COLOR and completion."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ecrctl import VERSION
from ecrctl.cli import app
from ecrctl.console import ACCESS_WIDTH, new_console
from ecrctl.errors import ExitCode
from ecrctl.review import cli as review
from tests.ecrctl.review.pairs import write_assembly
from tests.ecrctl.test_cli import ecrctl
from tests.ecrctl.test_exit_codes import REPOSITORY, TABLE, TOPIC, Run, folder, run
from tests.ecrctl.test_help import NAMES
from tests.support import FROZEN_ENVIRONMENTS

__all__ = ["folder", "run"]  # the fixtures are found by their names

Output = pytest.CaptureFixture[str]
# Of ECMA-48's renditions, those of colours; bold and dim are none.
_COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10[0-7])(?:;\d+)*m")
IMAGES = (
    '[{"digest": "sha256:' + "0" * 64 + '", "pushed_at": "2026-11-01T00:00:00Z", "tags": ["v1"]}]'
)


def longest(text: str) -> int:
    """Return the length of the longest line."""
    return max(map(len, text.splitlines()))


def table_width(text: str) -> int:
    """Return the width of the first table."""
    return next(len(line) for line in text.splitlines() if line.startswith("╭"))


@pytest.mark.parametrize(("columns", "width"), [("72", 72), ("", 118), ("wide", 118)])
def test_a_table_in_a_pipe_has_the_width_of_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run("lifecycle", "dev", REPOSITORY, "--images", "images.json") == ExitCode.SUCCESS
    assert table_width(capsys.readouterr().out) <= width
    assert new_console().width == width


def test_a_wider_table_and_a_review_follow_columns_too(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, folder: Path
) -> None:
    assert new_console(width=ACCESS_WIDTH).width == 160
    base = write_assembly(folder / "base", {"dev/Web": TOPIC | TABLE})
    head = write_assembly(folder / "head", {"dev/Web": TOPIC})
    arguments = ("review", "--base", str(base), "--head", str(head))
    widths = {}
    for columns in ("", "90"):
        monkeypatch.setenv("COLUMNS", columns)
        assert run(*arguments, environments=FROZEN_ENVIRONMENTS) == ExitCode.DIFFERENCE
        widths[columns] = table_width(capsys.readouterr().out)
    assert widths["90"] <= 90 < widths[""] <= review.WIDTH
    monkeypatch.setenv("COLUMNS", "90")
    assert new_console(width=ACCESS_WIDTH).width == 90
    assert new_console(record=True).width == 118


@pytest.mark.parametrize("name", ["", *NAMES])
def test_a_help_text_has_the_width_of_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Output, name: str
) -> None:
    widths = {}
    for columns in ("60", "80", "300"):
        monkeypatch.setenv("COLUMNS", columns)
        assert run(*filter(None, (name, "-h"))) == ExitCode.SUCCESS
        # An example is one line.
        text = re.sub(r"(?m)^    ecrctl .*$", "", capsys.readouterr().out)
        widths[columns] = longest(text)
    assert widths["60"] <= 60
    assert widths["60"] <= widths["80"] <= 80
    assert widths["300"] <= 100


@pytest.mark.parametrize(("no_color", "is_coloured"), [("1", False), ("", True)])
def test_no_color_leaves_out_colours(
    run: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
    no_color: str,
    *,
    is_coloured: bool,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)
    (folder / "images.json").write_text(IMAGES)
    assert run("lifecycle", "dev", REPOSITORY, "--images", "images.json") == ExitCode.SUCCESS
    shown = capsys.readouterr().out
    assert "kept" in shown
    assert bool(_COLOUR.search(shown)) is is_coloured


@pytest.mark.parametrize("asked", [("--version",), ("--environments", "/", "--version")])
def test_the_version_is_one_line(asked: tuple[str, ...]) -> None:
    done = ecrctl(*asked)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ecrctl {VERSION}\n", "")


@pytest.mark.parametrize("name", NAMES)
def test_both_spellings_of_help_are_the_same(name: str) -> None:
    short, long = (CliRunner().invoke(app, [name, option]) for option in ("-h", "--help"))
    assert (short.exit_code, short.output) == (long.exit_code, long.output)
    assert short.exit_code == 0
    assert "-h, --help " in short.output


@pytest.mark.parametrize(
    ("shell", "variables", "expected"),
    [
        ("bash", {"COMP_WORDS": "ecrctl scan --for", "COMP_CWORD": "2"}, "--format"),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "ecrctl scan --for"}, "--format"),
        (
            "fish",
            {
                "_TYPER_COMPLETE_ARGS": "ecrctl scan --for",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            },
            "--format",
        ),
        ("bash", {"COMP_WORDS": "ecrctl base-", "COMP_CWORD": "1"}, "base-image"),
    ],
)
def test_a_shell_completes_options_and_commands(
    shell: str, variables: dict[str, str], expected: str
) -> None:
    done = ecrctl(variables={"_ECRCTL_COMPLETE": f"complete_{shell}", **variables})
    assert (done.returncode, done.stderr) == (0, "")
    assert expected in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_a_shell_can_be_printed(shell: str) -> None:
    done = ecrctl(variables={"_ECRCTL_COMPLETE": f"source_{shell}"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "_ECRCTL_COMPLETE" in done.stdout


def test_help_needs_no_terminal() -> None:
    done = ecrctl("scan", "--help", variables={"TERM": "dumb", "COLUMNS": "80"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert sys.executable not in done.stdout
