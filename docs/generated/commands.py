"""The reference of the commands, from the help of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from ecrctl.cli import app

from .markdown import code, plain, row

_ROOT = f"{Path(__file__).parents[2]}/"
_HEAD = """# Commands

`ecrctl` is installed by `make` into `.venv/bin`. `ecrctl -h` lists the commands in the order of
work, and `ecrctl COMMAND -h` prints what is below. `ecrctl --install-completion` completes
commands and options in a shell (bash, zsh, fish or PowerShell) that finds `ecrctl` on its path. A
link in a folder of the path is enough: `ln -s "$PWD/.venv/bin/ecrctl" ~/bin/ecrctl`.

The result of a command is its standard output. Faults, sentences about what was not read, and
progress are printed beside it, on the standard error, and begin with `ecrctl: `. `--quiet` leaves
out success lines and progress. Tables have the width of the terminal or of `COLUMNS`, elsewhere at
least 118 columns. `NO_COLOR` leaves out colours.

"""
_EXIT_CODE = re.compile(r"^\s*(\d+)  (.+)$", re.MULTILINE)
# How Typer writes the limits of a number.
_LIMITS = (
    (re.compile(r"(\d+)<=x<=(\d+)"), r"\1 to \2"),
    (re.compile(r"x>=(\d+)"), r"at least \1"),
)
_ENDING = re.compile(r"\s*\[([^\]]*)\]$")


def page() -> str:
    """Return the page in Markdown."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("ecrctl", [], resilient_parsing=True)
    commands = {name: group.get_command(context, name) for name in group.list_commands(context)}
    text = _HEAD + row(("Command", "Summary")) + row(("---", "---"))
    for name, command in commands.items():
        text += row((f"[`{name}`](#{name})", plain(command.get_short_help_str(200))))
    text += "\n## Options of all commands { #options }\n\n"
    text += "They are written before the command: `ecrctl --environments DIR check`.\n\n"
    text += _parameters(group, context)
    text += "## Exit codes { #exit-codes }\n\n" + row(("Code", "Meaning")) + row(("---", "---"))
    for number, meaning in _EXIT_CODE.findall(group.epilog):
        text += row((code(number), plain(meaning)))
    for name, command in commands.items():
        text += "\n" + "".join(_section(name, command, context))
    return text


def _section(name: str, command: Any, parent: Any) -> Iterator[str]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield f"## `ecrctl {name}` {{ #{name} }}\n\n"
    yield "\n\n".join(plain(part) for part in command.help.split("\n\n")) + "\n\n"
    usage = " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "")
    example, _, codes = command.epilog.partition("Exit codes:")
    lines = [f"ecrctl {name} {usage}"]
    lines += [line.strip() for line in example.splitlines() if line.strip().startswith("ecrctl")]
    yield "```sh\n" + "\n".join(lines) + "\n```\n\n"
    yield _parameters(command, context)
    *first, last = (code(number) for number, _ in _EXIT_CODE.findall(codes))
    yield f"[Exit codes](#exit-codes): {', '.join(first)} and {last}.\n"


def _parameters(command: Any, context: Any) -> str:
    """Return the table of a command's arguments and options."""
    records = (one.get_help_record(context) for one in command.get_params(context))
    rows = [row(_cells(*record)) for record in records if record]
    head = row(("Argument or option", "Meaning", "Limits and default")) + row(("---",) * 3)
    return head + "".join(rows) + "\n"


def _cells(name: str, text: str) -> Sequence[str]:
    # A path in the project is shown as in its folder.
    shown = text.replace(_ROOT, "")
    ending = _ENDING.search(shown)
    meaning = shown[: ending.start()] if ending else shown
    limits = ending[1] if ending else ""
    for pattern, words in _LIMITS:
        limits = pattern.sub(words, limits)
    return (code(name.removesuffix(" <str>")), plain(meaning), plain(limits))
