"""The lines of a command about its progress, which depend on the speed of the machine."""

from __future__ import annotations

import re
import subprocess

_PROGRESS = re.compile(r"^ecrctl: .+ \.\.\.\n", re.MULTILINE)


def without_progress(stderr: str) -> str:
    """Return what a command printed beside its result, without progress."""
    return _PROGRESS.sub("", stderr)


def run_without_progress(
    done: subprocess.CompletedProcess[str],
) -> subprocess.CompletedProcess[str]:
    """Return a process that has ended, without the progress that it printed."""
    done.stderr = without_progress(done.stderr)
    return done
