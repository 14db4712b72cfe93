"""A verification of a fleet, against the same reads with plain boto3."""

from __future__ import annotations

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ecrctl.aws.clients import Aws, or_none
from ecrctl.cdk.assemblies import Stack, stacks_of, synthesise
from ecrctl.local.emulator import running
from ecrctl.verify.command import verify
from environments.loading import load_environment

FLEET, GROUP, RUNS = 2_000, 250, 3
AIM = 1.3
LATENCY_SECONDS = 0.05
PARALLEL = 32
NAME, ACCOUNT, REGION = "fleet", "000000000000", "us-east-1"


def measured(fleet: int = FLEET) -> str:
    """Return a section of the report: both ways of reading, run in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"{NAME}.yaml").write_text(_file(fleet))
        start = time.monotonic()
        assembly = synthesise(NAME, folder, folder)
        synth = time.monotonic() - start
        with _deployed(folder, stacks_of(assembly)) as endpoint:
            runs = [
                (_run("peer", folder, endpoint), _run("ours", folder, endpoint))
                for _ in range(RUNS)
            ]
    peer, ours = (statistics.median(run[side]["seconds"] for run in runs) for side in (0, 1))
    ratio = statistics.median(run[1]["seconds"] / run[0]["seconds"] for run in runs)
    memory = [max(run[side]["memory_mib"] for run in runs) for side in (0, 1)]
    grown = max(run[1]["grown_mib"] for run in runs)
    checks, calls = runs[0][1]["count"], runs[0][0]["count"]
    return "\n".join(
        [
            "## A verification",
            "",
            f"`verify` of {fleet:,} deployed repositories in stacks of {GROUP}, with policies and",
            f"tags, against the same {calls:,} calls by plain boto3 in {PARALLEL} threads; both",
            f"through a proxy that adds {LATENCY_SECONDS * 1000:.0f} ms to each call; medians of",
            f"{RUNS} alternating runs, whole processes. The synth before it, {synth:.1f} s, is not",
            "part of either.",
            "",
            "| | measured | aim |",
            "|---|---|---|",
            f"| the same reads by plain boto3 | {peer:.1f} s, {memory[0]:.0f} MiB | |",
            f"| `verify`, {checks:,} checks | {ours:.1f} s, {memory[1]:.0f} MiB | |",
            f"| ratio | **{ratio:.2f}** | {AIM} |",
            f"| memory that the second half of the repositories adds | {grown:.0f} MiB | |",
        ]
    )


def _file(fleet: int) -> str:
    repositories = [
        {
            "name": f"team-{number // GROUP}/service-{number}",
            "stack": f"team-{number // GROUP}",
            "pull": {"accounts": ["222222222222"]},
            "tags": {"team": f"team-{number // GROUP}"},
        }
        for number in range(fleet)
    ]
    return json.dumps({"account": ACCOUNT, "region": REGION, "repositories": repositories})


@contextmanager
def _deployed(folder: Path, stacks: Sequence[Stack]) -> Iterator[str]:
    """Deploy the stacks to an embedded AWS, and return the address of a slow proxy before it."""
    with running(
        account=ACCOUNT, region=REGION, port=None, directory=folder, keep=False
    ) as emulator:
        aws = emulator.clients()
        aws.ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="33", Type="String")
        # A template of this size cannot be part of the request.
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="templates")
        for stack in sorted(stacks, key=lambda one: "Encryption" not in one.name):
            s3.put_object(
                Bucket="templates", Key=stack.stack_name, Body=json.dumps(stack.template).encode()
            )
            aws.cloudformation.create_stack(
                StackName=stack.stack_name,
                TemplateURL=f"{emulator.endpoint_url}/templates/{stack.stack_name}",
            )
            aws.cloudformation.get_waiter("stack_create_complete").wait(
                StackName=stack.stack_name, WaiterConfig={"Delay": 1}
            )
        port = _free_port()
        target = emulator.endpoint_url.rpartition(":")[2]
        command = ["-m", "bench.slow_proxy", str(port), target, str(LATENCY_SECONDS)]
        proxy = subprocess.Popen([sys.executable, *command])
        try:
            _wait_for(port)
            yield f"http://localhost:{port}"
        finally:
            proxy.terminate()
            proxy.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(port: int) -> None:
    while True:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def _run(side: str, folder: Path, endpoint: str) -> dict[str, float]:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [sys.executable, "-m", "bench.verification", side, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _side(side: str, folder: Path) -> dict[str, float]:
    """Read everything once, in this process, and return what it took."""
    settings = load_environment(NAME, folder)
    stacks = stacks_of(folder / "cdk.out")
    aws = Aws.from_variables(REGION)
    half: list[float] = []

    def progress(done: int, total: int) -> None:
        if done == total // 2:
            half.append(_memory_mib())

    start = time.monotonic()
    if side == "ours":
        count = len(verify(settings, stacks, aws, progress=progress).checks)
    else:
        count = _plain(aws, [one.name for one in settings.repositories], stacks)
    return {
        "seconds": time.monotonic() - start,
        "count": count,
        "memory_mib": _memory_mib(),
        "grown_mib": _memory_mib() - (half[0] if half else _memory_mib()),
    }


def _memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _plain(aws: Aws, names: Sequence[str], stacks: Sequence[Stack]) -> int:
    """Make the calls of a verification without one, and return their number."""
    ecr, cloudformation = aws.ecr, aws.cloudformation

    def of_stack(stack: Stack) -> int:
        name = stack.stack_name
        cloudformation.describe_stacks(StackName=name)
        cloudformation.get_template(StackName=name)
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        return 2 + sum(1 for _ in pages)

    def of_repository(name: str) -> int:
        found: Any = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
        or_none(lambda: ecr.get_repository_policy(repositoryName=name))
        or_none(lambda: ecr.get_lifecycle_policy(repositoryName=name))
        ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])
        return 4

    with ThreadPoolExecutor(PARALLEL) as pool:
        return sum(pool.map(of_stack, stacks)) + sum(pool.map(of_repository, names))


if __name__ == "__main__":
    if len(sys.argv) > 2:  # noqa: PLR2004
        print(json.dumps(_side(sys.argv[1], Path(sys.argv[2]))))
    else:
        print(measured(int(sys.argv[1]) if len(sys.argv) > 1 else FLEET))
