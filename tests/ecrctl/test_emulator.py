"""The embedded AWS as a process."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ecrctl.emulator import Emulator, running
from ecrctl.errors import UserError

LISTENING = "0A"


def listeners_of(pid: int) -> list[str]:
    """Give the addresses on which a process listens, in the kernel's hexadecimal form."""
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
        "or leave it out and a free one is taken."
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
