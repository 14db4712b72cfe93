"""The embedded AWS as a process."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ecrctl.errors import UserError
from ecrctl.local import emulator as emulator_module
from ecrctl.local.emulator import Emulator, forget_aws_settings, running

LISTENING = "0A"


def listeners_of(pid: int) -> list[str]:
    """Return the addresses on which a process listens, in the kernel's hexadecimal form."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = str(entry.readlink())
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [line[1] for line in lines if line[3] == LISTENING and line[9] in sockets]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc")
def test_it_listens_on_loopback_and_nowhere_else(emulator: Emulator) -> None:
    loopback = f"0100007F:{emulator.port:04X}"
    assert listeners_of(emulator.pid) == [loopback]


def test_its_second_server_is_off(emulator: Emulator) -> None:
    with urllib.request.urlopen(f"{emulator.endpoint_url}/_ministack/health") as answer:  # noqa: S310
        assert json.load(answer)["iot_mtls"] == "disabled"


def test_a_port_that_an_ended_server_had_is_free(tmp_path: Path) -> None:
    ports: list[int] = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        port = ports[0] if ports else None
        with running(
            account="000000000000", region="us-east-1", port=port, directory=folder, keep=False
        ) as started:
            ports.append(started.port)
            health = f"{started.endpoint_url}/_ministack/health"
            with urllib.request.urlopen(health) as answer:  # noqa: S310
                assert answer.status == HTTPStatus.OK
    assert ports == [ports[0], ports[0]]


def test_no_setting_for_the_real_aws_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        monkeypatch.setenv(name, "x")
    proxies = ("HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy")
    for name in (*proxies, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("KEPT", "x")
    forget_aws_settings()
    left = {name: os.environ.get(name) for name in os.environ if name.startswith("AWS_")}
    assert left == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    assert {name: os.environ[name] for name in (*proxies, "KEPT") if name in os.environ} == {
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        "KEPT": "x",
    }


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(UserError) as refusal,
            running(
                account="000000000000",
                region="us-east-1",
                port=port,
                directory=tmp_path,
                keep=False,
            ),
        ):
            pass
    assert str(refusal.value) == (
        f"Port {port} on 127.0.0.1 is in use. Choose another one with --port, "
        "or omit --port to use any free one."
    )


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (errno.EACCES, "requires a permission that this user lacks, as every port below 1024"),
        (errno.EADDRNOTAVAIL, "cannot be used: Cannot assign requested address"),
    ],
)
def test_a_port_that_cannot_be_opened_is_not_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, problem: str
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", refuse)
    started = running(
        account="000000000000", region="us-east-1", port=80, directory=tmp_path, keep=False
    )
    with pytest.raises(UserError) as refusal, started:
        pass
    assert str(refusal.value) == (
        f"Port 80 on 127.0.0.1 {problem}. Choose another one with --port, or omit --port to use "
        "any free one."
    )


def test_it_is_stopped_when_the_block_fails(tmp_path: Path) -> None:
    pids: list[int] = []

    def fail() -> None:
        with running(
            account="000000000000", region="us-east-1", port=None, directory=tmp_path, keep=True
        ) as started:
            pids.append(started.pid)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


STOPPED = Emulator(port=4566, account="111111111111", region="eu-west-1", pid=1)


def test_the_variables_point_every_client_at_the_embedded_aws() -> None:
    assert STOPPED.variables() == {
        "AWS_ENDPOINT_URL": "http://localhost:4566",
        "AWS_ACCESS_KEY_ID": "111111111111",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
    }


def test_its_clients_have_its_account_region_and_endpoint() -> None:
    aws = STOPPED.clients()
    credentials = aws.session.get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.secret_key) == ("111111111111", "local")
    assert (aws.session.region_name, aws.region) == ("eu-west-1", "eu-west-1")
    assert aws.endpoint_url == "http://localhost:4566"


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Start a script in place of the embedded AWS, and return the options of its start."""
    started: list[dict[str, Any]] = []
    start = subprocess.Popen

    def start_script(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        assert command == [sys.executable, "-m", "ministack"]
        started.append(options)
        script = (
            "import json, os, sys\n"
            "open('variables.json', 'w').write(json.dumps(dict(os.environ)))\n"
            "print(*range(9), sep='\\n', flush=True)\n"
            "sys.stdout.buffer.write(b'\\xff')\n"
            "sys.stdout.flush()\n"
            "print('the reason', file=sys.stderr)\n"
        )
        return start([sys.executable, "-c", script], **options)

    monkeypatch.setattr(subprocess, "Popen", start_script)
    return started


def start_and_fail(folder: Path) -> str:
    """Start an embedded AWS that ends at once, and return the message."""
    with (
        pytest.raises(UserError) as refusal,
        running(account="111111111111", region="eu-west-1", port=None, directory=folder, keep=True),
    ):
        raise AssertionError
    return str(refusal.value)


@pytest.mark.usefixtures("replaced")
def test_an_embedded_aws_that_ends_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    assert start_and_fail(tmp_path) == (
        f"The embedded AWS did not start. The end of {tmp_path / 'ministack.log'}:\n"
        "    5\n    6\n    7\n    8\n    \N{REPLACEMENT CHARACTER}the reason"
    )


def test_it_has_no_variable_of_the_real_aws_and_writes_into_its_folder(
    tmp_path: Path, replaced: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("KEPT", "x")
    start_and_fail(tmp_path)
    variables = json.loads((tmp_path / "variables.json").read_text())
    assert variables.pop("GATEWAY_PORT").isdigit()
    added = {
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": "111111111111",
        "MINISTACK_REGION": "eu-west-1",
        "TMPDIR": str(tmp_path),
        "STATE_DIR": str(tmp_path / "state"),
        "PERSIST_STATE": "0",
        "PYTHONUTF8": "1",
        "KEPT": "x",
    }
    assert {name: variables.get(name) for name in added} == added
    assert [name for name in variables if name.startswith("AWS_")] == []
    (options,) = replaced
    assert options["start_new_session"] is True
    assert options["stdin"] == subprocess.DEVNULL


def test_one_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processes: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def start_script(_command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        processes.append(start([sys.executable, "-c", "import time; time.sleep(60)"], **options))
        return processes[0]

    monkeypatch.setattr(subprocess, "Popen", start_script)
    monkeypatch.setattr(emulator_module, "READY_SECONDS", 0.5)
    assert start_and_fail(tmp_path).startswith("The embedded AWS did not start. ")
    assert processes[0].returncode == -signal.SIGTERM


@pytest.mark.parametrize("keep", [True, False])
def test_it_keeps_running_after_a_success_only_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool
) -> None:
    processes: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def start_and_record(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        processes.append(start(command, **options))
        return processes[0]

    monkeypatch.setattr(subprocess, "Popen", start_and_record)
    with running(
        account="111111111111", region="eu-west-1", port=None, directory=tmp_path, keep=keep
    ) as started:
        assert started.clients().account() == "111111111111"
        assert (started.account, started.region) == ("111111111111", "eu-west-1")
    (process,) = processes
    assert (started.pid, process.poll() is None) == (process.pid, keep)
    if keep:
        with urllib.request.urlopen(f"{started.endpoint_url}/_ministack/health") as answer:  # noqa: S310
            assert answer.status == HTTPStatus.OK
        process.kill()
        process.wait()
