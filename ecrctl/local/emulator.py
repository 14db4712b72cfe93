"""The embedded AWS: MiniStack as a child process that listens on loopback."""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import boto3

from ecrctl.aws.clients import Aws
from ecrctl.cdk.toolchain import end_group, end_of, start_group
from ecrctl.errors import UserError

from .supervision import Supervision

HOST = "127.0.0.1"
READY_SECONDS = 60
_PORT_PROBLEMS = {
    errno.EADDRINUSE: "is in use",
    errno.EACCES: "requires a permission that this user lacks, as every port below 1024",
}
# A stalled one is named within 5 seconds: this time, and the pause before the next look.
SILENT_SECONDS = 4.5
_PAUSE_SECONDS = 0.25
_LOOPBACK = dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A running embedded AWS."""

    port: int
    account: str
    region: str
    pid: int

    @property
    def endpoint_url(self) -> str:
        """The endpoint; S3 clients require a host name instead of an IP address."""
        return f"http://localhost:{self.port}"

    def clients(self) -> Aws:
        """Return clients of this embedded AWS."""
        session = boto3.Session(
            aws_access_key_id=self.account,
            aws_secret_access_key="local",  # noqa: S106 - the emulator checks none
            region_name=self.region,
        )
        return Aws(session, self.region, self.endpoint_url)

    def variables(self) -> dict[str, str]:
        """Return the environment variables that point any AWS client at this embedded AWS.

        The access key's twelve digits choose the account; the secret key is not checked.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **_LOOPBACK,
        }


def forget_aws_settings() -> None:
    """Remove every variable of this process with which a client could reach the real AWS.

    Examples are a profile, an endpoint of one service, and a proxy.
    """
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in _PROXIES:
            del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **_LOOPBACK,
    }


@contextmanager
def running(
    *,
    account: str,
    region: str,
    port: int | None,
    directory: Path,
    keep: bool,
    supervision: Supervision | None = None,
) -> Iterator[Emulator]:
    """Run the embedded AWS while the block runs.

    :param port: a port that must be free; any free one when ``None``.
    :param directory: the folder for the log and temporary files.
    :param keep: whether the process keeps running after the block succeeds.
    :param supervision: ends the run when the embedded AWS ends or stops answering.
    """
    chosen = _free_port(port)
    log = directory / "ministack.log"
    command = [sys.executable, "-m", "ministack"]
    variables = _environment(account, region, chosen, directory)
    with log.open("wb") as output:
        process = start_group(command, cwd=directory, variables=variables, output=output)
    finished = False
    try:
        if supervision:
            supervision.started(process.pid)
        emulator = Emulator(port=chosen, account=account, region=region, pid=process.pid)
        _wait_until_ready(emulator, process, log)
        with _watched(emulator, process, log, supervision):
            yield emulator
        finished = True
    finally:
        if not (finished and keep):
            end_group(process)


def _environment(account: str, region: str, port: int, directory: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        # By default both servers, the gateway and IoT's, would listen on every interface.
        "BIND_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": account,
        "MINISTACK_REGION": region,
        "TMPDIR": str(directory),
        "STATE_DIR": str(directory / "state"),
        "PERSIST_STATE": "0",
        "PYTHONUTF8": "1",
    }


def _free_port(port: int | None) -> int:
    with socket.socket() as probe:
        # Connections of an ended server linger for a while; they do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port or 0))
        except OSError as error:
            choose = "Choose another one with --port, or omit --port to use any free one."
            problem = _PORT_PROBLEMS.get(error.errno or 0, f"cannot be used: {error.strerror}")
            raise UserError(f"Port {port} on {HOST} {problem}. {choose}") from None
        number: int = probe.getsockname()[1]
        return number


def _wait_until_ready(emulator: Emulator, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(emulator, seconds=2):
            return
        time.sleep(0.1)
    raise UserError(f"The embedded AWS did not start. {end_of(log, lines=5)}")


def _answers(emulator: Emulator, *, seconds: float) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{emulator.endpoint_url}/_ministack/health", timeout=seconds).close()
    except (OSError, http.client.HTTPException):
        return False
    return True


@contextmanager
def _watched(
    emulator: Emulator,
    process: subprocess.Popen[bytes],
    log: Path,
    supervision: Supervision | None,
) -> Iterator[None]:
    if supervision is None:
        yield
        return
    is_over = threading.Event()
    arguments = (emulator, process, log, supervision, is_over)
    watch = threading.Thread(target=_watch, args=arguments, daemon=True)
    watch.start()
    try:
        yield
    finally:
        is_over.set()
        watch.join()


def _watch(
    emulator: Emulator,
    process: subprocess.Popen[bytes],
    log: Path,
    supervision: Supervision,
    is_over: threading.Event,
) -> None:
    """Fail the run once the embedded AWS has ended, or has not answered for some seconds."""
    answered = time.monotonic()
    while not is_over.wait(_PAUSE_SECONDS):
        status = process.poll()
        if status is not None:
            how = f"exit code {status}" if status >= 0 else signal.Signals(-status).name
            supervision.fail(f"The embedded AWS ended with {how}. {end_of(log, lines=5)}")
            return
        left = answered + SILENT_SECONDS - time.monotonic()
        if left > 0 and _answers(emulator, seconds=min(left, 1)):
            answered = time.monotonic()
        elif time.monotonic() - answered >= SILENT_SECONDS and not is_over.is_set():
            # Its clients would wait for an answer, so their connections are closed.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            supervision.fail(
                f"The embedded AWS at {emulator.endpoint_url} did not answer for "
                f"{SILENT_SECONDS:g} s, so it was stopped. {end_of(log, lines=5)}"
            )
            return
