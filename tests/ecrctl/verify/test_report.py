"""Checks as a table, as one line and as a picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.console import Console

from ecrctl.console import new_console
from ecrctl.errors import UserError
from ecrctl.verify.check import NOT_RETURNED, Check, on_or_off
from ecrctl.verify.report import save_picture, table_of, verdict

CHECKS = [
    Check("repository a", "scan on push", "on", "on"),
    Check("repository a", "tag immutability", "IMMUTABLE", "MUTABLE"),
    Check("task definition a", "user", NOT_RETURNED, NOT_RETURNED),
]


def test_the_table_shows_each_resource_once_and_both_values_of_a_difference() -> None:
    console = Console(width=74)
    with console.capture() as shown:
        console.print(table_of("dev", CHECKS))
    assert [line.rstrip() for line in shown.get().splitlines()] == [
        "dev",
        "╭─────────┬───────────────────┬──────────────────┬───────────────────────╮",
        "│         │ Resource          │ Property         │ Deployed              │",
        "├─────────┼───────────────────┼──────────────────┼───────────────────────┤",
        "│ ok      │ repository a      │ scan on push     │ on                    │",
        "│ differs │                   │ tag immutability │ MUTABLE               │",
        "│         │                   │                  │ declared: IMMUTABLE   │",
        "├─────────┼───────────────────┼──────────────────┼───────────────────────┤",
        "│ ?       │ task definition a │ user             │ not returned by this  │",
        "│         │                   │                  │ endpoint              │",
        "╰─────────┴───────────────────┴──────────────────┴───────────────────────╯",
    ]


def test_a_narrow_table_folds_the_values_alone() -> None:
    console = Console(width=45)
    with console.capture() as shown:
        console.print(table_of("dev", [Check("key", "state", "on", "off, off, off")]))
    assert [line.rstrip() for line in shown.get().splitlines()] == [
        "dev",
        "╭─────────┬──────────┬──────────┬───────────╮",
        "│         │ Resource │ Property │ Deployed  │",
        "├─────────┼──────────┼──────────┼───────────┤",
        "│ differs │ key      │ state    │ off, off, │",
        "│         │          │          │ off       │",
        "│         │          │          │ declared: │",
        "│         │          │          │ on        │",
        "╰─────────┴──────────┴──────────┴───────────╯",
    ]


def test_marks_are_coloured_by_their_meaning() -> None:
    console = Console(width=80, force_terminal=True, color_system="standard")
    with console.capture() as shown:
        console.print(table_of("dev", CHECKS))
    red, green, yellow, dim = (f"\x1b[{number}m" for number in (31, 32, 33, 2))
    for text in (f"{green}ok", f"{red}differs", f"{yellow}?", f"{red}MUTABLE", f"{dim}declared:"):
        assert text in shown.get()


def test_a_boolean_is_on_or_off() -> None:
    assert (on_or_off("yes"), on_or_off(None)) == ("on", "off")


def test_the_verdict_names_every_difference() -> None:
    other = Check("key k", "rotation", "on", "off")
    assert verdict("dev", [*CHECKS, other]) == (
        "dev: 2 of 4 checks differ: repository a, tag immutability; key k, rotation."
    )
    assert verdict("dev", []) == "dev: all 0 checks match the declaration."


def test_a_picture_loads_no_font_of_another_host(tmp_path: Path) -> None:
    console = new_console(record=True)
    with console.capture():
        console.print(table_of("dev", CHECKS))
    file = tmp_path / "picture.svg"
    save_picture(console, file, title="ecrctl verify dev")
    text = file.read_text(encoding="utf-8")
    assert "font-face" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace(
        "https://www.textualize.io", ""
    )
    assert "ecrctl&#160;verify&#160;dev" in text
    assert not re.search(r"[ \t]\n", text)
    assert text.endswith("</svg>\n")


def test_a_picture_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "none" / "picture.svg"
    with pytest.raises(UserError) as refusal:
        save_picture(new_console(record=True), file, title="t")
    assert str(refusal.value) == f"{file} cannot be written: No such file or directory."
