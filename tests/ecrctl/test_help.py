"""The help of the program: commands in the order of work, whole summaries, valid examples."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from ecrctl.cli import ORDER, app
from tests.ecrctl.test_cli import ecrctl

NAMES = [command.name for command in app.registered_commands]


def help_of(*arguments: str, columns: int = 80) -> str:
    """Return the help as a terminal of a width shows it."""
    shown = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, [*arguments, "-h"])
    assert shown.exit_code == 0
    return shown.output


def test_commands_are_listed_in_the_order_of_work_with_whole_summaries() -> None:
    _, _, rest = help_of().partition("Commands:\n")
    listed, _, _ = rest.partition("\n\n")
    names = [line.split()[0] for line in listed.splitlines()]
    assert names == [name for name in ORDER if name in NAMES]
    assert set(names) == set(NAMES)
    assert all(line.endswith(".") and not line.endswith("...") for line in listed.splitlines())


def test_a_wide_terminal_has_lines_of_at_most_100_columns() -> None:
    shown = ecrctl("push", "-h", variables={"COLUMNS": "200"}).stdout
    assert 80 < max(map(len, shown.splitlines())) <= 100


def test_a_shell_completes_commands() -> None:
    asked = {"_ECRCTL_COMPLETE": "complete_bash", "COMP_WORDS": "ecrctl pu", "COMP_CWORD": "1"}
    done = ecrctl(variables=asked)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["push", "pull"], "")


@pytest.mark.parametrize("name", NAMES)
def test_the_example_in_a_help_text_is_a_valid_command(name: str) -> None:
    (example,) = re.findall(r"  Example:\n    (ecrctl .*)\n\n", help_of(name, columns=200))
    program, command, *arguments = shlex.split(example)
    assert (program, command) == ("ecrctl", name)
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    # Raises on an unknown option, on a missing argument and on one too many.
    group.commands[name].make_context(name, arguments)
