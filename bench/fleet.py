"""Thousands of repositories: ours against the same fleet written by hand with the CDK's own."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile

from ecrctl.toolchain import ROOT, tool_environment

PAIRS = 3
FLEET, SMALL, LARGE = 2_000, 500, 10_000
AIM_PEER, AIM_GROWTH = 0.5, 1.2


def measured() -> str:
    """Measure both ways, alternating, and growth; give a section of the report."""
    pairs = [(_run("by-hand", FLEET), _run("ours", FLEET)) for _ in range(PAIRS)]
    ratio = statistics.median(ours / peer for peer, ours in pairs)
    peer, ours = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    small, large = _run("ours", SMALL), _run("ours", LARGE)
    growth = (large / LARGE) / (small / SMALL)
    # The largest process that was ever waited for: the Node of the last run.
    mebibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return "\n".join(
        [
            "## A fleet of repositories",
            "",
            f"{FLEET:,} repositories, each with KMS, a lifecycle policy and one puller, in stacks",
            f"of 250; in-process time from `App()` to the end of the synth, medians of {PAIRS}",
            "alternating pairs. Ours has three lifecycle rules, the shield among them; by hand",
            "there are two.",
            "",
            "| | measured | aim |",
            "|---|---|---|",
            f"| `ecr.Repository` by hand, Python | {peer:.1f} s | |",
            f"| `PrivateRepository` | {ours:.1f} s | |",
            f"| ratio | **{ratio:.2f}** | {AIM_PEER} |",
            f"| time a repository, {LARGE:,} against {SMALL} | **{growth:.2f}** | {AIM_GROWTH} |",
            f"| peak memory of the largest process, Node, at {LARGE:,} | {mebibytes:.0f} MiB | |",
        ]
    )


def _run(way: str, count: int) -> float:
    context = json.dumps(json.loads((ROOT / "cdk.json").read_text())["context"])
    with tempfile.TemporaryDirectory() as output:
        result = subprocess.run(
            [sys.executable, "-m", "bench.fleet_app", way, str(count)],
            cwd=ROOT,
            env=tool_environment({"CDK_CONTEXT_JSON": context, "CDK_OUTDIR": output}),
            check=True,
            capture_output=True,
            text=True,
        )
    return float(result.stdout)
