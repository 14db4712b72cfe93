"""``ecrctl scan`` against moto's ECR."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ecrctl import cli
from ecrctl.aws.clients import Aws
from ecrctl.images.scanning import waiting

from .accounts import (
    ACCOUNT,
    REPOSITORY,
    answer,
    basic,
    enhanced,
    image,
    index,
    listed,
    put_manifest,
    put_scan,
)

HIGH = basic("CVE-2026-1", "HIGH")


@dataclass(frozen=True, slots=True)
class End:
    """The end of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., End]


@pytest.fixture
def scan(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Return a function that runs ``ecrctl scan dev`` in the folder."""
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }

    def run(*arguments: str) -> End:
        command = ["ecrctl", "--environments", str(folder), "scan", "dev", *arguments]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            cli.main()
        shown = capsys.readouterr()
        return End(int(end.value.code or 0), shown.out, shown.err)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def digest(moto_aws: Aws) -> str:
    """Return the digest of ``team/api:v1``, which has a finding of high severity."""
    found = put_manifest(moto_aws, image("a"), "v1")
    put_scan(moto_aws, found, answer([HIGH]))
    return found


def test_a_finding_at_the_gate_is_3_and_one_below_it_0(scan: Run, digest: str) -> None:
    assert digest
    failed, passed = scan("team/api:v1"), scan("team/api:v1", "--fail-on", "critical")
    assert (failed.code, passed.code) == (3, 0)
    assert "CVE-2026-1" in failed.out
    assert failed.out.endswith("The gate `--fail-on high` is not met: 1 finding.\n")
    assert passed.out.endswith("The gate `--fail-on critical` is met.\n")


def test_an_image_is_named_by_its_tag_its_digest_its_pin_or_as_the_newest(
    scan: Run, digest: str, folder: Path
) -> None:
    pin = f"api: {{repository: {REPOSITORY}, tag: v1, digest: '{digest}'}}\n"
    (folder / "dev.images.yaml").write_text(pin)
    names = ("team/api:v1", f"team/api@{digest}", f"team/api:v1@{digest}", "api", "team/api")
    for name in names:
        end = scan(name, "--format", "json")
        assert json.loads(end.out)["image"]["digest"] == digest, name


def test_a_pin_is_scanned_in_the_registry_of_its_environment(
    scan: Run, digest: str, folder: Path
) -> None:
    (folder / "registry.yaml").write_text((folder / "dev.yaml").read_text())
    (folder / "dev.yaml").write_text('account: "222222222222"\nregion: eu-west-1\n')
    pin = f"{{registry: registry, repository: {REPOSITORY}, digest: '{digest}'}}"
    (folder / "dev.images.yaml").write_text(f"api: {pin}\n")
    found = json.loads(scan("api", "--format", "json").out)["image"]
    assert (found["account"], found["digest"]) == (ACCOUNT, digest)


def test_an_index_fails_by_one_of_its_platforms(scan: Run, moto_aws: Aws) -> None:
    amd, arm = (put_manifest(moto_aws, image(name)) for name in ("amd", "arm"))
    put_scan(moto_aws, amd, answer())
    package = {"name": "openssl", "version": "3.0.1", "fixedInVersion": "3.0.2"}
    found = [enhanced("CVE-2026-2", "CRITICAL", package)]
    put_scan(moto_aws, arm, answer(found, kind="enhancedFindings"))
    attestation = listed("sha256:1", "unknown/unknown")
    manifests = (listed(amd, "linux/amd64"), listed(arm, "linux/arm64"), attestation)
    put_manifest(moto_aws, index(*manifests), "v1")
    end = scan("team/api:v1", "--format", "json")
    assert end.code == 3
    platforms = json.loads(end.out)["platforms"]
    assert [(one["platform"], len(one["findings"])) for one in platforms] == [
        ("linux/amd64", 0),
        ("linux/arm64", 1),
    ]


@pytest.mark.parametrize(
    ("options", "code"), [((), 2), (("--unscannable", "fail"), 3), (("--unscannable", "allow"), 0)]
)
def test_an_image_without_a_scan_neither_passes_nor_fails(
    scan: Run, moto_aws: Aws, options: tuple[str, ...], code: int
) -> None:
    put_manifest(moto_aws, image("a"), "v1")
    end = scan("team/api:v1", *options)
    assert end.code == code
    assert "The image is not scanned: there is no scan of it.\n" in end.out
    undecided = (
        "ecrctl: team/api:v1: the gate `--fail-on high` cannot be judged: the image has no "
        "complete scan. If the scan can still end, add --wait or raise --time-limit; if not, "
        "decide with --unscannable fail or --unscannable allow.\n"
    )
    assert end.err == ("" if options else undecided)
    # The result is printed once.
    assert (end.out + end.err).count("the gate `--fail-on") + end.out.count("The gate `") == 1


def test_wait_starts_a_scan(scan: Run, moto_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS", 0)
    put_manifest(moto_aws, image("a"), "v1")
    end = scan("team/api:v1", "--wait", "--format", "sarif")
    assert end.code == 3
    assert end.err == "ecrctl: Waiting up to 10 min for the scan of team/api:v1\n"
    (run,) = json.loads(end.out)["runs"]
    assert [one["ruleId"] for one in run["results"]] == ["CVE-9999-9999"]


def test_an_ignored_finding_passes_and_faults_of_the_file_are_1(
    scan: Run, digest: str, folder: Path
) -> None:
    assert digest
    file = folder / "scan-ignore.yaml"
    file.write_text("- {id: CVE-2026-1, reason: It is not called., until: 2999-12-31}\n")
    assert scan("team/api:v1").code == 0
    file.write_text("- {id: CVE-2026-1, reason: It is not called., until: 2020-12-31}\n")
    expired = scan("team/api:v1")
    assert expired.code == 3
    assert (
        "The entry of the ignore file for CVE-2026-1 (until 2020-12-31) is expired" in expired.out
    )
    file.write_text("- {id: CVE-2026-1}\n")
    assert scan("team/api:v1").code == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "team/apy:v1",
            "ecrctl: the environment 'dev' has no pin 'team/apy:v1' and declares no repository "
            "'team/apy'; did you mean 'team/api'? Known: team/api.\n",
        ),
        (
            "team/api@sha256:1",
            "ecrctl: 'team/api@sha256:1' names no image: an image digest must be 'sha256:' and 64 "
            "lower-case hexadecimal digits, got 'sha256:1'. Copy it from the registry, or run "
            "`ecrctl pin`.\n",
        ),
        (
            "team/api:",
            "ecrctl: 'team/api:' names no image: an image tag must have 1 to 128 letters, digits, "
            "'_', '.' and '-', and cannot begin with '.' or '-', got ''. Choose another tag.\n",
        ),
    ],
)
def test_an_image_that_the_files_do_not_have_is_1(scan: Run, name: str, message: str) -> None:
    end = scan(name)
    assert (end.code, end.err) == (1, message)


def test_a_public_image_is_refused(scan: Run, folder: Path) -> None:
    pin = "web: {registry: public.ecr.aws, repository: a/b, tag: v1}\n"
    (folder / "dev.images.yaml").write_text(pin)
    end = scan("web")
    assert end.code == 1
    assert "which ECR does not scan" in end.err


@pytest.mark.usefixtures("moto_aws")
@pytest.mark.parametrize("name", ["team/api", "team/api:v1"])
def test_an_image_that_was_never_pushed_is_2(scan: Run, name: str) -> None:
    end = scan(name)
    assert end.code == 2
    assert end.err.startswith("ecrctl: The repository 'team/api' has no ")
    assert end.err.endswith("irst.\n")


def test_a_repository_that_is_not_deployed_is_2(scan: Run, moto_aws: Aws) -> None:
    moto_aws.ecr.delete_repository(repositoryName=REPOSITORY, force=True)
    end = scan("team/api")
    assert end.code == 2
    assert end.err.endswith("does not exist in account 123456789012, us-east-1. Deploy it first.\n")


def test_a_faulty_file_of_pins_is_1(scan: Run, folder: Path) -> None:
    (folder / "dev.images.yaml").write_text("api: {}\n")
    end: Any = scan("api")
    assert (end.code, "api.repository: this setting is required" in end.err) == (1, True)
