"""Pushes of ``ecrctl`` against ``skopeo copy``, to Debian's registry."""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ecrctl.cdk.toolchain import ROOT
from tests.ecrctl.images.samples import Bundle
from tests.ecrctl.images.servers.debian import docker_registry
from tests.ecrctl.images.servers.serving import Handler, serving
from tests.installed_tools import require_tool

RUNS = 5
LAYERS, BYTES = 12, 500_000_000
COLD_AIM, MOUNT_AIM, MEMORY_AIM = 1.0, 0.6, 32
_KIB = 2**10
_GZIP_WINDOW = 31
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
_FILE = """\
account: "111111111111"
region: us-west-2
repositories: [{name: bench/one}, {name: bench/two}]
"""
# The command line as it is, with its registry at another address than its AWS.
_PROGRAM = """\
import os, dataclasses
from ecrctl import cli
from ecrctl.images.stores.registry import Registry

of_account = Registry.of_account


def at(aws, account):
    found = of_account(aws, account)
    http = dataclasses.replace(found.http, base_url=os.environ["BENCH_REGISTRY"])
    return dataclasses.replace(found, http=http)


Registry.of_account = staticmethod(at)
cli.main()
"""
# A program inherits the peak of the process that starts it, so a small one does.
_LAUNCHER = """\
import resource, subprocess, sys, time

start = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.monotonic() - start
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a program: its seconds, and its peak memory in MiB."""

    seconds: float
    memory: float


def measured() -> str:
    """Return a section of the report: cold pushes, mounted ones, and memory."""
    with tempfile.TemporaryDirectory() as name, _aws() as aws:
        work = Path(name)
        source = _image(work / "image", [BYTES // LAYERS] * LAYERS)
        # The first run of each reads the programs from the disk.
        runs = [_pair(work / str(number), source, aws) for number in range(RUNS + 1)][1:]
        version = _run([sys.executable, "-m", "ecrctl", "--version"], {}).memory
        small, large = (
            _memory(work / label, _image(work / f"image-{label}", [size] * count), aws)
            for label, size, count in (("small", 5_000_000, 12), ("large", 1_000_000_000, 1))
        )
    seconds = [[one.seconds for one in run] for run in runs]
    theirs, ours, theirs_mounted, ours_mounted = map(statistics.median, zip(*seconds, strict=True))
    ratio = statistics.median(run[1] / run[0] for run in seconds)
    more = statistics.median(run[3] - run[2] for run in seconds)
    added = f"**+{more:.2f} s** | +{MOUNT_AIM} s"
    peak = statistics.median(run[1].memory for run in runs)
    return "\n".join(
        [
            "## Pushes",
            "",
            f"`ecrctl push` of {BYTES // 10**6} MB in {LAYERS} layers from an OCI layout, against",
            f"`skopeo copy`, to Debian's `docker-registry`; whole processes, {RUNS} alternating",
            "pairs, each with a new registry and empty caches; medians. The second repository is",
            "one of the same registry, which mounts the blobs.",
            "",
            "| | `skopeo copy` | `ecrctl push` | | aim |",
            "|---|---|---|---|---|",
            f"| cold | {theirs:.2f} s | {ours:.2f} s | ratio **{ratio:.2f}** | {COLD_AIM} |",
            f"| second repository | {theirs_mounted:.2f} s | {ours_mounted:.2f} s | {added} |",
            "",
            "| peak memory | MiB | above `ecrctl --version` | aim |",
            "|---|---|---|---|",
            f"| `ecrctl --version` | {version:.0f} | | |",
            f"| {LAYERS} layers of 42 MB | {peak:.0f} | **{peak - version:.0f}** | {MEMORY_AIM} |",
            f"| {LAYERS} layers of 5 MB | {small:.0f} | **{small - version:.0f}** | {MEMORY_AIM} |",
            f"| a layer of 1 GB | {large:.0f} | **{large - version:.0f}** | {MEMORY_AIM} |",
        ]
    )


def _pair(work: Path, source: Path, aws: str) -> list[Run]:
    """Return the runs of one new registry each: skopeo's and ours, cold and mounted."""
    skopeo = require_tool("skopeo")
    runs: list[Run] = []
    with docker_registry(work / "theirs") as port:
        runs += [
            _run(
                [
                    *(skopeo, "copy", "--quiet", "--dest-tls-verify=false"),
                    *(f"oci:{source}:v1", f"docker://127.0.0.1:{port}/bench/{name}:v1"),
                ],
                {},
            )
            for name in ("one", "two")
        ]
    with docker_registry(work / "ours") as port:
        runs += [_push(work, source, aws, port, name) for name in ("one", "two")]
    return [runs[0], runs[2], runs[1], runs[3]]


def _memory(work: Path, source: Path, aws: str) -> float:
    with docker_registry(work / "registry") as port:
        return _push(work, source, aws, port, "one").memory


def _push(work: Path, source: Path, aws: str, port: int, name: str) -> Run:
    environments = work / "environments"
    environments.mkdir(parents=True, exist_ok=True)
    (environments / "dev.yaml").write_text(_FILE, encoding="utf-8")
    command = [
        *(sys.executable, "-c", _PROGRAM, "--environments", str(environments)),
        *("push", "dev", f"bench/{name}:v1", "--from", f"oci:{source}"),
    ]
    variables = {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "111111111111",
        "AWS_SECRET_ACCESS_KEY": "local",
        "BENCH_REGISTRY": f"http://127.0.0.1:{port}",
        "XDG_CACHE_HOME": str(work / "cache"),
    }
    return _run(command, variables)


def _run(command: Sequence[str], variables: dict[str, str]) -> Run:
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", _LAUNCHER, *command],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    seconds, memory = done.stdout.split()[-2:]
    return Run(float(seconds), float(memory) / _KIB)


def _image(folder: Path, sizes: Sequence[int]) -> Path:
    """Write an image whose layers are random, and packed by gzip as a registry has them."""
    bundle = Bundle()
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layers = []
    for size in sizes:
        packer = zlib.compressobj(0, wbits=_GZIP_WINDOW)
        content = packer.compress(os.urandom(size)) + packer.flush()
        described = bundle.add(content, _LAYER_TYPE)
        (blobs / described["digest"].partition(":")[2]).write_bytes(content)
        bundle.contents.clear()
        layers.append(described)
    image = bundle.image(packed=layers)
    bundle.write(folder, {"v1": image})
    return folder


@contextmanager
def _aws() -> Iterator[str]:
    """Run an AWS that knows one operation, GetAuthorizationToken; yield its URL."""
    token = base64.b64encode(b"AWS:password").decode()

    class Tokens(Handler):
        def do_POST(self) -> None:  # noqa: N802
            self.body()
            answer = {"authorizationData": [{"authorizationToken": token}]}
            headers = {"Content-Type": "application/x-amz-json-1.1"}
            self.reply(200, json.dumps(answer).encode(), headers)

    with serving(Tokens) as port:
        yield f"http://localhost:{port}"


if __name__ == "__main__":
    print(measured())
