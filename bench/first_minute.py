"""The first minute of a newcomer: ``make local`` in a fresh clone, then once more."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from ecrctl.cdk.toolchain import ROOT

COLD_AIM, WARM_AIM = 120, 30


def measured() -> str:
    """Return a section of the report: both runs in a clone with an empty home."""
    with tempfile.TemporaryDirectory() as folder:
        clone, home = Path(folder, "clone"), Path(folder, "home")
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        cold, warm = (_make_local(clone, home) for _ in range(2))
    return "\n".join(
        [
            "## The first minute",
            "",
            "`make local` in a fresh clone with an empty home folder; the cold run downloads and",
            "installs everything, the warm one finds it installed.",
            "",
            "| | measured | aim |",
            "|---|---|---|",
            f"| cold | **{cold:.0f} s** | {COLD_AIM} s |",
            f"| warm | **{warm:.0f} s** | {WARM_AIM} s |",
        ]
    )


def _make_local(clone: Path, home: Path) -> float:
    # What `make` exported for this run must not reach the other one.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "UV_", "VIRTUAL_ENV", "XDG_")) and name != "MFLAGS"
    }
    start = time.monotonic()
    subprocess.run(
        ["make", "local"],
        cwd=clone,
        env=inherited | {"HOME": str(home)},
        check=True,
        capture_output=True,
    )
    return time.monotonic() - start
