"""The tools of a commit: installed once, and again after an incomplete installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecrctl.cdk import commit_toolchain
from ecrctl.cdk.commit_toolchain import NODE_REQUIREMENTS, PYTHON_REQUIREMENTS, tools_for
from ecrctl.cdk.toolchain import ROOT, present_tools
from ecrctl.errors import UserError


class Interrupted(Exception):
    """Raised by an installation that ends early."""


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a commit with other Python requirements, and an empty cache of tools."""
    monkeypatch.setattr(commit_toolchain, "CACHE", tmp_path / "tools")
    folder = tmp_path / "commit"
    folder.mkdir()
    (folder / PYTHON_REQUIREMENTS).write_text("other==1\n")
    (folder / NODE_REQUIREMENTS).write_bytes((ROOT / NODE_REQUIREMENTS).read_bytes())
    return folder


def test_an_interrupted_installation_is_repeated_from_the_start(
    commit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_before: list[list[str]] = []

    def install(_: Path, home: Path) -> None:
        found_before.append([path.name for path in home.iterdir()])
        (home / "half").touch()
        if len(found_before) == 1:
            raise Interrupted

    monkeypatch.setattr(commit_toolchain, "_install_python", install)
    with pytest.raises(Interrupted):
        tools_for(commit)
    tools_for(commit)
    assert found_before == [[], []]
    tools_for(commit)
    assert len(found_before) == 2


def test_tools_with_the_same_requirements_are_the_installed_ones() -> None:
    assert tools_for(ROOT) == present_tools()


def test_a_commit_without_requirements_is_one_sentence(commit: Path) -> None:
    (commit / PYTHON_REQUIREMENTS).unlink()
    with pytest.raises(UserError) as error:
        tools_for(commit)
    assert str(error.value) == (
        "the commit must have a requirements.txt, which lists the tools of its synth. "
        "Synthesise the commit yourself, and name the folder of the cloud assembly."
    )
