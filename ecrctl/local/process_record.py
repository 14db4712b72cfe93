"""The record of the processes that a local run started, for the run after one that was killed."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ecrctl.file_writing.atomic import replace_text

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_START_TIME = 19  # the field of /proc/PID/stat, counted from the one behind the command's name
_STATE = 0
_ENDED = ("Z", "X")


@dataclass(slots=True)
class ProcessRecord:
    """A file with each process group that runs, and when it was started.

    The time of its start identifies a process, because its number is used again.
    """

    file: Path
    _processes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, pid: int) -> None:
        """Add a process that leads a group of its own."""
        self._processes.append({"pid": pid, "started": start_of(pid)})
        replace_text(self.file, json.dumps(self._processes))

    def clear(self) -> None:
        """Remove the file, because every process has ended or is kept on purpose."""
        self._processes.clear()
        self.file.unlink(missing_ok=True)

    def stop_all(self) -> None:
        """Stop every recorded group whose process still runs, and remove the file."""
        for pid in self._running():
            _stop_group(pid)
        self.clear()

    def _running(self) -> Sequence[int]:
        try:
            recorded = json.loads(self.file.read_bytes())
            processes = [(one["pid"], one["started"]) for one in recorded]
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return ()
        return [pid for pid, started in processes if started and start_of(pid) == started]


def start_of(pid: int) -> str:
    """Return when a process started, as text to compare; empty where it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # The name of the command is in parentheses, and may contain any character.
        fields = stat.rpartition(")")[2].split()
        return "" if fields[_STATE] in _ENDED else f"{_BOOT.read_text()} {fields[_START_TIME]}"
    except FileNotFoundError:
        if _BOOT.exists():
            return ""
    except (OSError, LookupError):
        return ""
    return _start_by_ps(pid)


def _start_by_ps(pid: int) -> str:
    """Return the same on a machine without ``/proc``."""
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _stop_group(pid: int, *, seconds: float = 5) -> None:
    # SIGKILL in any case, because a child that ignores SIGTERM outlives the leader of the group.
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not start_of(pid):
                break
            time.sleep(0.05)
