"""Promotions of many images between two accounts and regions of the embedded AWS."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

from ecrctl.aws.clients import Aws
from ecrctl.cdk.toolchain import ROOT
from ecrctl.images.copying.run import push_image
from ecrctl.images.oci import MANIFEST_TYPE
from ecrctl.images.stores.registry import Registry
from ecrctl.images.stores.retries import TokenBucket
from ecrctl.local.emulator import Emulator, running
from ecrctl.local.sample_image import sample_image
from tests.ecrctl.images.servers.quirks import Quirks

IMAGES, LEFT, PLANNED = 200, 10, 2_000
ALL_AIM, REST_AIM, PLAN_AIM = 0.05, 0.12, 10
_ENDS = {"dev": ("111111111111", "us-west-2"), "prod": ("222222222222", "eu-west-1")}
_NAME = "bench/api"


def measured() -> str:
    """Return a section of the report: a first promotion, repeated ones, and a large plan."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        with running(
            account="000000000000", region="us-east-1", port=None, directory=work, keep=False
        ) as emulator:
            return _measured(emulator, work)


def _measured(emulator: Emulator, work: Path) -> str:
    _write_files(work)
    for account, region in _ENDS.values():
        _aws(emulator, account, region).ecr.create_repository(
            repositoryName=_NAME, imageTagMutability="IMMUTABLE"
        )
    _push(emulator, range(LEFT, IMAGES))
    with Quirks(emulator.port).running() as proxy:
        _promote(proxy.url, work)
        _push(emulator, range(LEFT))
        rest = _promote(proxy.url, work)
        _recreate(emulator)
        first = _promote(proxy.url, work)
        proxy.requests.clear()
        again = _promote(proxy.url, work)
        blobs = sum("/blobs/" in one for one in proxy.requests)
    _put(emulator, range(IMAGES, PLANNED))
    _recreate(emulator)
    # The counting proxy would add its own time to thousands of requests.
    plan = _promote(emulator.endpoint_url, work, "--plan")
    whole = f"{again:.1f} s | **{again / first:.1%}** | {ALL_AIM:.0%} |"
    few = f"{rest:.1f} s | **{rest / first:.1%}** | {REST_AIM:.0%} |"
    return "\n".join(
        [
            "## Promotions",
            "",
            "`ecrctl promote dev prod --all` between two accounts and regions of the embedded AWS;",
            "whole processes, one run each. ECR's quota of 10 manifests a second, which the client",
            "keeps, bounds the first run.",
            "",
            "| | time | of the first | aim |",
            "|---|---|---|---|",
            f"| {IMAGES} images, none there | {first:.1f} s | | |",
            f"| {IMAGES} images, all there; {blobs} blob requests | {whole}",
            f"| {IMAGES} images, {IMAGES - LEFT} there | {few}",
            f"| plan of {PLANNED:,} images, none there | **{plan:.1f} s** | | {PLAN_AIM} s |",
        ]
    )


def _aws(emulator: Emulator, account: str, region: str) -> Aws:
    session = boto3.Session(account, "local", region_name=region)
    return Aws(session, region, emulator.endpoint_url)


def _push(emulator: Emulator, numbers: range) -> None:
    account, region = _ENDS["dev"]
    registry = Registry.of_account(_aws(emulator, account, region), account)
    quick = dataclasses.replace(registry, budget=TokenBucket(1e6))
    repository = quick.repository(_NAME, writable=True)
    for number in numbers:
        push_image(repository, f"v{number}", sample_image(str(number)))


def _put(emulator: Emulator, numbers: range) -> None:
    """Put manifests alone, which are all that a plan reads of its source."""
    ecr = _aws(emulator, *_ENDS["dev"]).ecr
    for number in numbers:
        image = sample_image(str(number))
        ecr.put_image(
            repositoryName=_NAME,
            imageManifest=image.manifest.decode(),
            imageManifestMediaType=MANIFEST_TYPE,
            imageTag=f"v{number}",
            imageDigest=image.digest,
        )


def _recreate(emulator: Emulator) -> None:
    account, region = _ENDS["prod"]
    ecr = _aws(emulator, account, region).ecr
    ecr.delete_repository(repositoryName=_NAME, force=True)
    ecr.create_repository(repositoryName=_NAME, imageTagMutability="IMMUTABLE")


def _write_files(work: Path) -> None:
    environments = work / "environments"
    environments.mkdir()
    profiles = []
    for name, (account, region) in _ENDS.items():
        (environments / f"{name}.yaml").write_text(
            f'account: "{account}"\nregion: {region}\nrepositories: [{{name: {_NAME}}}]\n'
        )
        profiles.append(f"[{name}]\naws_access_key_id = {account}\naws_secret_access_key = local\n")
    (work / "credentials").write_text("".join(profiles))


def _promote(endpoint: str, work: Path, *options: str) -> float:
    start = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ecrctl", "--environments", str(work / "environments")),
            *("promote", "dev", "prod", "--all", "--src-profile", "dev", "--dst-profile", "prod"),
            *options,
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_SHARED_CREDENTIALS_FILE": str(work / "credentials"),
            "XDG_CACHE_HOME": str(work / f"cache-{time.monotonic_ns()}"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    if done.returncode:
        sys.exit(done.stderr)
    return seconds


if __name__ == "__main__":
    print(measured())
