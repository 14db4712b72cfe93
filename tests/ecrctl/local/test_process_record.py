"""The record of started processes, and the time by which a process is recognised."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ecrctl.local import process_record
from ecrctl.local.process_record import ProcessRecord, start_of

NO_PROCESS = 2**22 + 1


def test_a_record_that_was_cleared_begins_again(tmp_path: Path) -> None:
    record = ProcessRecord(tmp_path / "processes.json")
    record.add(os.getppid())
    record.clear()
    assert not record.file.exists()
    record.add(os.getpid())
    recorded = json.loads(record.file.read_text())
    assert recorded == [{"pid": os.getpid(), "started": start_of(os.getpid())}]


def test_a_command_whose_name_is_not_utf_8_has_a_start(tmp_path: Path) -> None:
    program = tmp_path / os.fsdecode(b"sleep \xff) (")
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "60"]) as process:
        found = start_of(process.pid)
        process.kill()
    assert found == f"{found.partition(' ')[0]} {found.split()[-1]}"
    assert found.split()[-1].isdigit()


def test_a_group_that_has_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    monkeypatch.setattr(process_record, "start_of", lambda _: "")
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        process_record._stop_group(process.pid)
    assert pauses == []


def test_a_process_that_does_not_exist_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_record, "_start_by_ps", lambda pid: f"{pid} by ps")
    assert start_of(NO_PROCESS) == ""


def test_a_machine_without_proc_asks_ps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_record, "_BOOT", tmp_path / "none")
    monkeypatch.setattr(process_record, "_start_by_ps", lambda pid: f"{pid} by ps")
    assert start_of(NO_PROCESS) == f"{NO_PROCESS} by ps"
