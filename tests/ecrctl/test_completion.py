"""The completion of a shell: the names of the environments, in every command that takes one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.main import get_command

from ecrctl.cli import app
from tests.ecrctl.test_cli import ecrctl

ENVIRONMENTS = ("ENV", "[ENV]", "[ENV]...", "SRC", "DST")


def completed(*words: str) -> list[str]:
    """Return what bash completes the last word with."""
    asked = {
        "_ECRCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["ecrctl", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = ecrctl(variables=asked)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder of environment files, of which nothing but the names is read."""
    for name in ("dev.yaml", "dev-eu.yaml", "prod.yaml", "dev.images.yaml", ".hidden.yaml"):
        (tmp_path / name).write_text("{")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("verify", "de"), ["dev", "dev-eu"]),
        (("verify", "x"), []),
        (("promote", "dev", "d"), ["dev-eu"]),
        (("check", "dev", "prod", "d"), ["dev-eu"]),
        (("local", "--environment", "p"), ["prod"]),
    ],
)
def test_names_are_those_of_the_files_that_are_not_given_yet(
    files: Path, words: tuple[str, ...], names: list[str]
) -> None:
    assert completed("--environments", str(files), *words) == names


def test_every_argument_that_is_an_environment_is_completed() -> None:
    commands = vars(get_command(app))["commands"]
    found = {
        (name, parameter.name): vars(parameter)["_custom_shell_complete"] is not None
        for name, command in commands.items()
        for parameter in command.params
        if parameter.metavar in ENVIRONMENTS
    }
    assert found == dict.fromkeys(found, True)
    assert len({name for name, _ in found}) > 12
