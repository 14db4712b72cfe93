"""Commands that read templates, against the synth of the same templates."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ecrctl.cdk.toolchain import CDK, ROOT, node_binary, present_tools

RUNS, FLEET, GROUPS = 7, 1_000, 4
AIM = 1.1


def measured() -> str:
    """Return a section of the report: the synth and each command, run in turn."""
    with tempfile.TemporaryDirectory() as name:
        rows = [
            row
            for title, folder, environment in (
                ("`dev`", ROOT / "environments", "dev"),
                (f"{FLEET:,} repositories", _fleet(Path(name) / "fleet"), "fleet"),
            )
            for row in _rows(title, folder, environment, Path(name))
        ]
    return "\n".join(
        [
            "## Commands that read templates",
            "",
            "`ecrctl access` and `ecrctl manifests` against `cdk synth --no-validation` of the",
            f"same environment; whole processes, medians of {RUNS} alternating runs.",
            f"Aim: a ratio of at most {AIM}.",
            "",
            "| | `cdk synth` | command | ratio |",
            "|---|---|---|---|",
            *rows,
            "",
            "`ecrctl access --help` is the start of the command line alone, which is the limit:",
            "the rest, such as reading and checking the files, happens during the synth.",
        ]
    )


def _rows(title: str, folder: Path, environment: str, work: Path) -> list[str]:
    ecrctl = [sys.executable, "-m", "ecrctl", "--environments", str(folder)]
    synth = [
        *(str(node_binary()), str(CDK / "bin" / "cdk"), "synth", "--quiet", "--no-validation"),
        *("--app", present_tools().app_command(), "--output", str(work / "cdk.out")),
        *("--context", f"env={environment}", "--context", f"environments={folder}"),
    ]
    commands = [
        [*ecrctl, "access", environment],
        [*ecrctl, "manifests", environment, "--out", str(work / "out")],
        [*ecrctl, "access", "--help"],
    ]
    runs = [[_seconds(one) for one in (synth, *commands)] for _ in range(RUNS + 1)][1:]
    rows: list[str] = []
    for place, name in enumerate(("access", "manifests", "access --help"), start=1):
        alone, command = (statistics.median(run[column] for run in runs) for column in (0, place))
        ratio = statistics.median(run[place] / run[0] for run in runs)
        rows.append(f"| {title}, `{name}` | {alone:.2f} s | {command:.2f} s | **{ratio:.2f}** |")
    return rows


def _fleet(folder: Path) -> Path:
    """Write an environment of repositories in several stacks, and return its folder."""
    folder.mkdir()
    lines = [
        f"  - {{name: team/app-{number}, stack: g{number % GROUPS}, "
        'pull: {accounts: ["222222222222"]}}'
        for number in range(FLEET)
    ]
    head = ['account: "111111111111"', "region: us-west-2", "repositories:"]
    (folder / "fleet.yaml").write_text("\n".join([*head, *lines, ""]), encoding="utf-8")
    return folder


def _seconds(command: Sequence[str]) -> float:
    start = time.monotonic()
    subprocess.run(
        command, cwd=ROOT, env=present_tools().environment({}), check=True, capture_output=True
    )
    return time.monotonic() - start


if __name__ == "__main__":
    print(measured())
