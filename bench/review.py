"""A review of a fleet, against the CDK CLI's diff of one of its stacks."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecrctl.cdk.toolchain import CDK, ROOT, node_binary, present_tools

FLEET, CHANGES, RUNS = 2_000, 20, 7
AIM = 1.0
# Lists what a command took: seconds, and the most memory that it or what it started had.
_CHILD = """
import resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, time.monotonic() - start, usage.ru_maxrss / 1024)
"""


def measured() -> str:
    """Return a section of the report: both commands, run in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base, head = folder / "base", folder / "head"
        _synthesise(base)
        shutil.copytree(base, head)
        _change(head)
        ours = [sys.executable, "-m", "ecrctl", "review", "--base", str(base), "--head", str(head)]
        theirs = [
            *(str(node_binary()), str(CDK / "bin" / "cdk"), "diff", "Stack0"),
            *("--app", str(head), "--template", str(base / "Stack0.template.json")),
        ]
        runs = [(_run(theirs, 0), _run(ours, 3)) for _ in range(RUNS + 1)][1:]
    peer, review = (statistics.median(run[side][0] for run in runs) for side in (0, 1))
    ratio = statistics.median(run[1][0] / run[0][0] for run in runs)
    memory = max(run[1][1] for run in runs)
    return "\n".join(
        [
            "## A review",
            "",
            f"Two assemblies of {FLEET:,} repositories in stacks of 250, with {CHANGES} changes,",
            "against `cdk diff --template` of a single one of these stacks; whole processes,",
            f"medians of {RUNS} alternating runs.",
            "",
            "| | measured | aim |",
            "|---|---|---|",
            f"| `cdk diff --template` of one stack | {peer:.2f} s | |",
            f"| `ecrctl review` of all | {review:.2f} s | |",
            f"| ratio | **{ratio:.2f}** | {AIM} |",
            f"| peak memory of its largest process | {memory:.0f} MiB | |",
        ]
    )


def _synthesise(folder: Path) -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    subprocess.run(
        [sys.executable, "-m", "bench.fleet_app", "ours", str(FLEET)],
        cwd=ROOT,
        env=present_tools().environment(
            {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(folder)}
        ),
        check=True,
        capture_output=True,
    )


def _change(assembly: Path) -> None:
    """Make changes of five kinds, over all stacks."""
    files = sorted(assembly.glob("*.template.json"))
    for number in range(CHANGES):
        file = files[number % len(files)]
        template = json.loads(file.read_text())
        ids = [
            logical_id
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == "AWS::ECR::Repository"
        ]
        _change_one(template["Resources"], ids[number * 7 % len(ids)], number % 5)
        file.write_text(json.dumps(template))


def _change_one(resources: dict[str, Any], logical_id: str, kind: int) -> None:
    properties = resources[logical_id]["Properties"]
    if kind == 0:
        properties["ImageTagMutability"] = "MUTABLE"
    elif kind == 1:
        statement = properties["RepositoryPolicyText"]["Statement"][0]
        statement["Principal"] = {"AWS": "arn:aws:iam::333333333333:root"}
    elif kind == 2:  # noqa: PLR2004
        text = properties["LifecyclePolicy"]["LifecyclePolicyText"]
        properties["LifecyclePolicy"] = {"LifecyclePolicyText": text.replace(":30", ":10")}
    elif kind == 3:  # noqa: PLR2004
        resources[logical_id]["DeletionPolicy"] = "Delete"
    else:
        del resources[logical_id]


def _run(command: Sequence[str], expected: int) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *command],
        cwd=ROOT,
        env=present_tools().environment({"NO_COLOR": "1"}),
        check=True,
        capture_output=True,
        text=True,
    )
    code, seconds, memory = done.stdout.split()
    if int(code) != expected:
        raise SystemExit(f"{' '.join(command)} exited with {code}, not {expected}")
    return float(seconds), float(memory)


if __name__ == "__main__":
    print(measured())
