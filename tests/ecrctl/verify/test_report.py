"""Checks as a table, as one line and as a picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from ecrctl.console import new_console
from ecrctl.errors import UserError
from ecrctl.verify.check import NOT_RETURNED, Check, on_or_off
from ecrctl.verify.report import (
    save_picture,
    table_of,
    table_of_stacks,
    verdict,
    without_matches,
)

CHECKS = [
    Check("repository a", "scan on push", "on", "on"),
    Check("repository a", "tag immutability", "IMMUTABLE", "MUTABLE"),
    Check.not_compared("task definition a", "user", NOT_RETURNED),
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


def test_a_check_matches_differs_or_is_not_compared() -> None:
    assert [check.outcome for check in CHECKS] == ["match", "difference", "not compared"]
    assert [check.differs for check in CHECKS] == [False, True, False]
    assert without_matches(CHECKS) == CHECKS[1:]
    unknown = Check.not_compared("a", "b", "c")
    assert (unknown.declared, unknown.found, unknown.reason) == ("", "", "c")


def test_markup_in_what_is_read_back_is_shown_as_it_is() -> None:
    checks = [
        Check("[red]a", "[b]", "[/x]", "[red]"),
        Check.not_compared("[red]a", "[b]", "[/y]"),
    ]
    table = table_of_stacks("t", {"[red]": checks})
    assert table
    for shown in (text_of(table_of("t", checks)), text_of(table)):
        assert all(text in shown for text in ("[red]a", "[b]", "[/x]", "[/y]"))


def text_of(table: Table, width: int = 100) -> str:
    """Return a table as text."""
    console = Console(width=width)
    with console.capture() as shown:
        console.print(table)
    return shown.get()


def cells_of(table: Table | None) -> list[list[str]]:
    """Return the cells of each row of a table, the heading left out."""
    assert table
    lines = [line for line in text_of(table, 200).splitlines() if "│" in line]
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines[1:]]


def complete(stack: str) -> list[Check]:
    """Return the checks of a stack itself."""
    return [
        Check(f"stack {stack}", "status", "complete", "complete"),
        Check(f"stack {stack}", "termination protection", "off", "off"),
    ]


STACKS = {
    "dev-A": [
        *complete("dev-A"),
        Check("dev-A: Key", "Enabled", "true", "true"),
        Check("dev-A: Key", "EnableKeyRotation", "true", "false"),
        Check("dev-A: Topic", "TopicName", "t", "t"),
        Check.not_compared("dev-A: Job", "every property", "no reader"),
        Check.not_compared("dev-A: Task", "ContainerDefinitions.a.Secrets", NOT_RETURNED),
    ],
    "dev-B": [
        *complete("dev-B"),
        Check("dev-B: Topic", "TopicName", "t", "t"),
        Check.not_compared("dev-B: Job", "every property", "no reader"),
        Check.not_compared("dev-B: Task", "ContainerDefinitions.b.Linux", NOT_RETURNED),
        Check.not_compared("dev-B: Task", "Volumes", NOT_RETURNED),
    ],
    "dev-C": [Check("stack dev-C", "exists", "yes", "missing")],
}
DIFFERENCES = [
    ["differs", "dev-A: Key", "EnableKeyRotation", "false"],
    ["", "", "", "declared: true"],
]
MISSING_STACK = [
    ["differs", "stack dev-C", "exists", "missing"],
    ["", "", "", "declared: yes"],
]
NOT_COMPARED = [
    ["?", "2 resources", "every property", "no reader"],
    ["?", "2 resources", "ContainerDefinitions", NOT_RETURNED],
    ["?", "dev-B: Task", "Volumes", NOT_RETURNED],
]


def test_a_stack_has_one_row_and_one_more_for_each_difference() -> None:
    assert cells_of(table_of_stacks("dev", STACKS)) == [
        *DIFFERENCES,
        ["ok", "stack dev-A", "2 resources, 4 properties", "as in the template"],
        ["ok", "stack dev-B", "1 resource, 3 properties", "as in the template"],
        *MISSING_STACK,
        *NOT_COMPARED,
    ]


def test_stacks_as_declared_can_be_left_out() -> None:
    table = table_of_stacks("dev", STACKS, only_differences=True)
    assert cells_of(table) == [*DIFFERENCES, *MISSING_STACK, *NOT_COMPARED]


def test_a_stack_of_which_no_row_matches_is_not_counted_as_a_resource() -> None:
    broken = [
        Check("stack dev-A", "status", "complete", "UPDATE_FAILED"),
        Check("dev-A: Key", "Enabled", "true", "true"),
    ]
    table = table_of_stacks("dev", {"dev-A": broken})
    assert cells_of(table)[-1][2] == "1 resource, 1 property"


def test_no_table_is_shown_without_a_row() -> None:
    assert table_of_stacks("dev", {}) is None
    assert table_of_stacks("dev", {"dev-B": complete("dev-B")}, only_differences=True) is None


def test_the_verdict_names_every_difference() -> None:
    other = Check("key k", "rotation", "on", "off")
    rest = "; 1 more could not be compared, each with its reason."
    assert verdict("dev", [*CHECKS, other, other]) == (
        "dev: 3 of 4 checks differ: repository a, tag immutability; key k, rotation" + rest
    )
    assert verdict("dev", [CHECKS[0], CHECKS[2]]) == (
        "dev: all 1 checks match the declaration" + rest
    )
    assert verdict("dev", [CHECKS[0]] * 1_000) == "dev: all 1,000 checks match the declaration."
    assert verdict("dev", []) == "dev: all 0 checks match the declaration."


def test_the_verdict_names_the_first_ten_differences() -> None:
    checks = [Check(f"key {number}", "state", "on", "off") for number in range(12)]
    named = "; ".join(f"key {number}, state" for number in range(10))
    assert verdict("dev", checks) == f"dev: 12 of 12 checks differ: {named}; 2 more."


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
