"""The login of Docker, Podman and Buildah, which read the token from their standard input."""

import shutil
import subprocess
from pathlib import Path
from typing import Literal, get_args

from ecrctl.errors import UserError
from ecrctl.visible import visible

from .tokens import USER, RegistryToken

Tool = Literal["docker", "podman", "buildah"]
TOOLS: tuple[Tool, ...] = get_args(Tool)
_SECONDS = 60
_LONGEST_MESSAGE = 300


def installed_tool(named: Tool | None) -> tuple[Tool, Path]:
    """Return the tool to log in, and its path.

    :param named: the tool on the command line; ``None`` for the one that is installed.
    :raises UserError: where it is not installed, or where several are and none is named.
    """
    paths = {tool: Path(path) for tool in TOOLS if (path := shutil.which(tool))}
    if named:
        if named not in paths:
            raise UserError(f"{named} is not installed. Install it, or name another --tool.")
        return named, paths[named]
    if not paths:
        raise UserError(
            f"None of {', '.join(TOOLS)} is installed. Install one, or write the token to a file "
            "with --auth-file."
        )
    if len(paths) > 1:
        raise UserError(f"{' and '.join(paths)} are installed. Name one of them with --tool.")
    return next(iter(paths.items()))


def log_in(tool: Tool, path: Path, token: RegistryToken) -> None:
    """Log a tool in to the registry.

    The token is written to the tool's standard input, because every process of the machine can read
    arguments.

    :raises UserError: where the tool refuses the token, or cannot store it.
    """
    command = [str(path), "login", "--username", USER, "--password-stdin"]
    if not token.is_encrypted and tool != "docker":  # Docker knows that loopback has no TLS
        command.append("--tls-verify=false")
    try:
        done = subprocess.run(
            [*command, token.address],
            input=token.password.encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"{tool} did not log in to {token.address} within {_SECONDS} seconds. Check the "
            "network and the proxy settings."
        ) from None
    except OSError as error:
        raise UserError(f"{path} cannot be run: {error.strerror}.") from None
    if done.returncode:
        message = _reason(token.redacted(done.stderr.decode(errors="replace")))
        raise UserError(
            f"{tool} could not log in to {token.address}: {message} Run `{tool} logout "
            f"{token.address}` and try again, or use --auth-file."
        )


def _reason(error_output: str) -> str:
    """Return the last line of an error output as a sentence; the lines before it are warnings."""
    lines = [line.strip() for line in error_output.splitlines() if line.strip()]
    if not lines:
        return "it gave no reason."
    return f"{visible(lines[-1])[:_LONGEST_MESSAGE].rstrip('.')}."
