"""The supervision of a local run: what ends it, and what the next run stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ecrctl.cdk.toolchain import end_group
from ecrctl.errors import UserError
from ecrctl.local import process_record
from ecrctl.local.emulator import SILENT_SECONDS, Emulator, running
from ecrctl.local.process_record import ProcessRecord, start_of
from ecrctl.local.supervision import Supervision, supervised

# A leader whose child ignores SIGTERM.
GROUP = """\
import subprocess, sys, time
child = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); "
child += "time.sleep(60)"
subprocess.Popen([sys.executable, "-c", child])
time.sleep(60)
"""


def run(step: Callable[[Supervision], None], output: Path, minutes: float = 10) -> None:
    """Run a step under supervision."""
    with supervised(output, minutes=minutes, current_step=lambda: "Deploy") as supervision:
        step(supervision)


def run_for(seconds: float, output: Path, minutes: float = 10) -> None:
    """Run a step that takes some time."""
    run(lambda _: time.sleep(seconds), output, minutes)


def test_a_run_ends_at_its_time_limit_and_names_its_step(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(UserError) as refusal:
        run_for(30, tmp_path, minutes=0.3 / 60)
    assert time.monotonic() - start < 15
    assert str(refusal.value) == (
        "`ecrctl local` did not finish within 0.005 min, and was in the step 'Deploy'. Read "
        f"the logs in {tmp_path}, or raise --time-limit."
    )
    assert list(tmp_path.iterdir()) == []


def test_no_timer_is_left_after_a_run(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    threads = {*threading.enumerate()}
    run_for(0, tmp_path)
    deadline = time.monotonic() + 5
    while {*threading.enumerate()} - threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {*threading.enumerate()} - threads == set()
    assert signal.getsignal(signal.SIGUSR1) == before


def test_a_failure_in_a_thread_replaces_the_error_that_follows_from_it(tmp_path: Path) -> None:
    def fail(supervision: Supervision) -> None:
        threading.Thread(target=supervision.fail, args=["The cause."]).start()
        try:
            time.sleep(30)
        finally:
            raise ConnectionError

    with pytest.raises(UserError) as refusal:
        run(fail, tmp_path)
    assert str(refusal.value) == "The cause."


class SlowToFinalize:
    """An object whose finalizer is running while the run fails."""

    def __init__(self, supervision: Supervision) -> None:
        self.supervision = supervision

    def __del__(self) -> None:
        failing = threading.Thread(target=self.supervision.fail, args=["The cause."])
        failing.start()
        time.sleep(1)


def test_a_failure_within_a_finalizer_which_loses_every_error_ends_the_run(tmp_path: Path) -> None:
    def finalize(supervision: Supervision) -> None:
        SlowToFinalize(supervision)
        time.sleep(20)

    start = time.monotonic()
    hook = sys.unraisablehook
    with pytest.raises(UserError) as refusal:
        run(finalize, tmp_path)
    assert str(refusal.value) == "The cause."
    assert time.monotonic() - start < 15
    assert sys.unraisablehook == hook


def test_other_errors_that_python_cannot_raise_are_reported_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty:
        def __del__(self) -> None:
            raise ZeroDivisionError

    reported: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: reported.append(args.exc_type))

    def finalize(_: Supervision) -> None:
        Faulty()

    run(finalize, tmp_path)
    assert reported == [ZeroDivisionError]


def test_an_error_without_a_failure_is_raised_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), supervised(tmp_path, minutes=1, current_step=str):
        raise ZeroDivisionError


def test_a_failure_after_the_run_is_ignored(tmp_path: Path) -> None:
    with supervised(tmp_path, minutes=1, current_step=str) as supervision:
        pass
    supervision.fail("Too late.")
    assert supervision.message == ""


@pytest.fixture
def group() -> Iterator[subprocess.Popen[bytes]]:
    """Return a process with a child that ignores SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-c", GROUP], start_new_session=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    yield process
    process.stdout.close()
    end_group(process, seconds=0.1)


def record_of_a_killed_run(folder: Path, pid: int) -> Path:
    """Write the record that a killed run leaves."""
    ProcessRecord(folder / "processes.json").add(pid)
    return folder / "processes.json"


def test_the_processes_of_a_killed_run_are_stopped_with_their_children(
    tmp_path: Path, group: subprocess.Popen[bytes]
) -> None:
    file = record_of_a_killed_run(tmp_path, group.pid)
    run_for(0, tmp_path)
    assert group.wait(timeout=5) == -signal.SIGTERM
    # End of file: the child, which has the same output, is gone too.
    assert group.stdout is not None
    assert group.stdout.read() == b""
    assert not file.exists()


def test_a_process_with_the_same_number_that_started_later_is_not_stopped(
    tmp_path: Path, group: subprocess.Popen[bytes]
) -> None:
    file = record_of_a_killed_run(tmp_path, group.pid)
    (recorded,) = json.loads(file.read_text())
    file.write_text(json.dumps([{**recorded, "started": recorded["started"] + "0"}]))
    run_for(0, tmp_path)
    assert group.poll() is None
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "[{}]", "[1]", "{"])
def test_a_record_that_cannot_be_read_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "processes.json").write_text(text)
    run_for(0, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_has_ended_has_no_start(group: subprocess.Popen[bytes]) -> None:
    assert start_of(group.pid)
    group.kill()
    while start_of(group.pid):  # until it is a zombie
        time.sleep(0.01)
    group.wait()
    assert start_of(group.pid) == ""


@pytest.mark.skipif(not Path("/bin/ps").exists(), reason="runs ps")
def test_without_proc_ps_returns_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = process_record._start_by_ps(os.getpid())
    assert found == process_record._start_by_ps(os.getpid()) != ""
    monkeypatch.setattr(process_record, "_BOOT", tmp_path / "no /proc")
    assert start_of(2**22 + 1) == ""


def embedded_aws(folder: Path, supervision: Supervision) -> AbstractContextManager[Emulator]:
    """Start an embedded AWS whose silence and whose end are a failure of the run."""
    return running(
        account="000000000000",
        region="us-east-1",
        port=None,
        directory=folder,
        keep=False,
        supervision=supervision,
    )


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_an_embedded_aws_that_stalls_or_ends_is_named_within_five_seconds(
    tmp_path: Path, number: signal.Signals
) -> None:
    started: list[Emulator] = []
    times: list[float] = []

    def use(supervision: Supervision) -> None:
        with embedded_aws(tmp_path, supervision) as emulator:
            started.append(emulator)
            time.sleep(1)
            os.kill(emulator.pid, number)
            times.append(time.monotonic())
            try:
                # A client in another thread waits for an answer, as those of `ecrctl verify` do.
                with ThreadPoolExecutor(1) as pool:
                    while not supervision.message:
                        pool.submit(emulator.clients().account).result()
            finally:
                times.append(time.monotonic())

    with pytest.raises(UserError) as refusal:
        run(use, tmp_path)
    log = f"The end of {tmp_path / 'ministack.log'}:\n"
    assert str(refusal.value).startswith(
        f"The embedded AWS ended with SIGKILL. {log}"
        if number == signal.SIGKILL
        else f"The embedded AWS at {started[0].endpoint_url} did not answer for 4.5 s, so it was "
        f"stopped. {log}"
    )
    assert times[1] - times[0] < 15  # 5 on a machine with nothing else to do


def test_an_embedded_aws_that_answers_is_used_for_as_long_as_the_run_takes(tmp_path: Path) -> None:
    def use(supervision: Supervision) -> None:
        with embedded_aws(tmp_path, supervision) as emulator:
            time.sleep(SILENT_SECONDS + 1.5)
            assert emulator.clients().account() == "000000000000"
        # Its end is no failure.
        time.sleep(0.5)
        assert supervision.message == ""

    run(use, tmp_path)
