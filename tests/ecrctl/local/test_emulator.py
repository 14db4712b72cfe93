"""The embedded AWS as a process."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from http import HTTPStatus
from pathlib import Path

import pytest

from ecrctl.errors import UserError
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
    for name in ("HTTP_PROXY", "https_proxy", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("NO_PROXY", "x")
    monkeypatch.setenv("no_proxy", "x")
    forget_aws_settings()
    left = {name: os.environ.get(name) for name in os.environ if name.startswith("AWS_")}
    assert left == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    assert "HTTP_PROXY" not in os.environ
    assert "https_proxy" not in os.environ
    assert os.environ["no_proxy"] == "localhost,127.0.0.1"


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
