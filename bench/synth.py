"""The synth of ``dev`` against that of an empty app, whole processes, alternating."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping

from ecrctl.cdk.toolchain import CDK, ROOT, node_binary, present_tools

PAIRS = 9
AIM = 1.25
# What app.py sets for itself.
NODE_OPTIONS = "--v8-pool-size=0"


def measured() -> str:
    """Return a section of the report: both ways of running an app."""
    by_cli, by_python, alike = _pairs(_by_cli), _pairs(_by_python), _pairs(_by_cli_alike)
    return "\n".join(
        [
            "## Synth of `dev` against an empty CDK app in Python",
            "",
            f"{PAIRS} pairs, alternating, whole processes, the same `cdk.json`; medians.",
            f"Aim: a ratio of at most {AIM}.",
            "",
            "| | empty app | `dev` | ratio |",
            "|---|---|---|---|",
            _row("`cdk synth`, as a person waits for it", by_cli),
            _row("`python app.py` alone, without the CLI around it", by_python),
            _row("`cdk synth`, the empty app given `app.py`'s setting for Node too", alike),
            "",
            "The first row compares a person's wait with that of a default CDK app. Part of the",
            "gain is the setting for Node that `app.py` makes and an empty app does not. The last",
            "row is without that advantage.",
        ]
    )


def _row(name: str, pairs: list[tuple[float, float]]) -> str:
    empty = statistics.median(pair[0] for pair in pairs)
    dev = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    return f"| {name} | {empty:.2f} s | {dev:.2f} s | **{ratio:.2f}** |"


def _pairs(measure: Callable[[bool], float]) -> list[tuple[float, float]]:
    for empty in (True, False):  # the first pair fills caches
        measure(empty)
    return [(measure(True), measure(False)) for _ in range(PAIRS)]


def _by_cli(empty: bool, variables: Mapping[str, str] | None = None) -> float:
    app = present_tools().app_command()
    if empty:
        app = app.replace("app.py", "bench/empty_app.py")
    with tempfile.TemporaryDirectory() as output:
        return _seconds(
            [
                *(str(node_binary()), str(CDK / "bin" / "cdk"), "synth", "--quiet"),
                *("--app", app, "--output", output, "--context", "env=dev"),
            ],
            variables or {},
        )


def _by_cli_alike(empty: bool) -> float:
    return _by_cli(empty, {"NODE_OPTIONS": NODE_OPTIONS})


def _by_python(empty: bool) -> float:
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | {"env": "dev"}
    with tempfile.TemporaryDirectory() as output:
        return _seconds(
            [sys.executable, "bench/empty_app.py" if empty else "app.py"],
            {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": output},
        )


def _seconds(command: list[str], variables: Mapping[str, str]) -> float:
    start = time.monotonic()
    subprocess.run(
        command,
        cwd=ROOT,
        env=present_tools().environment(variables),
        check=True,
        capture_output=True,
    )
    return time.monotonic() - start
