"""Thousands of repositories: ours against the same fleet written by hand with the CDK's own."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
from importlib.resources import files
from pathlib import Path

from ecrctl.cdk.toolchain import ROOT, node_binary, present_tools

RUNS = 3
FLEET, SMALL, LARGE = 2_000, 500, 10_000
AIM_PYTHON, AIM_JAVASCRIPT, AIM_GROWTH = 0.5, 1.5, 1.2
PEER = Path(__file__).parent / "fleet_peer.js"
ROADS = """\
What a repository costs: the `IRepository` and its resource, 0.8 and 0.9 ms, are two objects in
Node; the removal policy takes 0.5 ms. These were tried, with their cost in clarity:

- Used: the construct is named after the logical ID that the CDK makes by itself, which saves a
  call of 0.4 ms. Equal properties are made once for all repositories, which saves 0.2 ms.
- Rejected: the generic `CfnResource`. It is no faster than `CfnRepository`, and loses its types.
- Rejected: the removal policy by an aspect of the stack. It is one call for all repositories, but
  also affects repositories that other constructs declare there.
- Rejected: the CDK's `MissingRemovalPolicies`, an aspect that skips resources with a policy; it
  takes a tenth of our time. It affects repositories of other constructs too, and the code that
  keeps images would no longer stand beside their repository.
- Rejected: `CfnInclude` of a template for each stack. It takes 0.4 of the time of Python by hand,
  and more than 1.5 of JavaScript's. Python would contain templates beside the construct, and
  there would be no `IRepository`.
- Rejected: one object that is both resource and `IRepository`, 0.7 ms less. Every grant and event
  rule of the CDK's base class would have to be written again.
- Rejected: `python -O`, which drops jsii's type checks, 0.4 ms. Each app can choose it, and it
  helps code by hand as well.

The rest is jsii's own floor: three calls a repository, each a JSON line to Node and back, for
which Python and Node wait in turn. Our own rules take 0.1 ms of it. Two fifths of the time are
the synth in Node, most of it the check against CloudFormation's schemas. This check alone takes
nearly as long as all of JavaScript's run, so a ratio of 1.0 is out of reach from Python. The
ratio 0.5 needs one object for a repository instead of two, 1.5 needs none."""
# The packages that npm has, which those for Python bring along.
PACKAGES = {
    "aws-cdk-lib": "aws_cdk",
    "@aws-cdk/cloud-assembly-schema": "aws_cdk.cloud_assembly_schema",
    "constructs": "constructs",
}


def measured() -> str:
    """Return a section of the report: three ways in turn, and growth."""
    with tempfile.TemporaryDirectory() as folder:
        peer = _javascript(Path(folder))
        runs = [
            (_python("by-hand", FLEET), _seconds_of(peer, FLEET), _python("ours", FLEET))
            for _ in range(RUNS)
        ]
    by_hand, javascript, ours = (statistics.median(column) for column in zip(*runs, strict=True))
    against_python = statistics.median(run[2] / run[0] for run in runs)
    against_javascript = statistics.median(run[2] / run[1] for run in runs)
    small, large = _python("ours", SMALL), _python("ours", LARGE)
    growth = (large / LARGE) / (small / SMALL)
    # The largest process that was ever waited for: the Node of the last run.
    mebibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return "\n".join(
        [
            "## A fleet of repositories",
            "",
            f"{FLEET:,} repositories, each with KMS, a lifecycle policy and one puller, in stacks",
            f"of 250; in-process time from `App()` to the end of the synth, medians of {RUNS}",
            "alternating runs. Ours has three lifecycle rules, the shield among them; by hand",
            "there are two. JavaScript runs npm's `aws-cdk-lib` of the same version in the same",
            "Node, without anything between.",
            "",
            "| | measured | aim |",
            "|---|---|---|",
            f"| `ecr.Repository` by hand, Python | {by_hand:.1f} s | |",
            f"| `ecr.Repository` by hand, JavaScript | {javascript:.1f} s | |",
            f"| `PrivateRepository` | {ours:.1f} s | |",
            f"| ratio to Python | **{against_python:.2f}** | {AIM_PYTHON} |",
            f"| ratio to JavaScript | **{against_javascript:.2f}** | {AIM_JAVASCRIPT} |",
            f"| time a repository, {LARGE:,} against {SMALL} | **{growth:.2f}** | {AIM_GROWTH} |",
            f"| peak memory of the largest process, Node, at {LARGE:,} | {mebibytes:.0f} MiB | |",
            "",
            ROADS,
        ]
    )


def _python(way: str, count: int) -> float:
    return _seconds_of([sys.executable, "-m", "bench.fleet_app", way], count)


def _javascript(folder: Path) -> list[str]:
    """Install npm packages as npm does, and return the command of the peer."""
    for package, module in PACKAGES.items():
        (archive,) = files(module).joinpath("_jsii").glob("*.tgz")  # type: ignore[attr-defined]
        target = folder / "node_modules" / package
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")
        for item in (target / "package").iterdir():
            item.rename(target / item.name)
    script = folder / "fleet_peer.js"
    script.write_text(PEER.read_text(encoding="utf-8"), encoding="utf-8")
    return [str(node_binary()), str(script)]


def _seconds_of(command: list[str], count: int) -> float:
    context = json.dumps(json.loads((ROOT / "cdk.json").read_text())["context"])
    variables = {"CDK_CONTEXT_JSON": context, "NODE_OPTIONS": "--v8-pool-size=0"}
    with tempfile.TemporaryDirectory() as output:
        result = subprocess.run(
            [*command, str(count)],
            cwd=ROOT,
            env=present_tools().environment({**variables, "CDK_OUTDIR": output}),
            check=True,
            capture_output=True,
            text=True,
        )
    return float(result.stdout.split()[0])
