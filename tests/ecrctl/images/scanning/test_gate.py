"""The gate on the findings of an image."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ecrctl.images.scanning.findings import Finding, PlatformScan, Severity, Stage
from ecrctl.images.scanning.gate import FailOn, GateVerdict, Unscannable, gate_verdict, reaches
from ecrctl.images.scanning.ignores import Ignore

TODAY = date(2026, 11, 26)
FINDING = Finding(
    id="CVE-1",
    severity=Severity.HIGH,
    package="openssl",
    installed="1",
    fixed="2",
    title="",
    url="",
    score=None,
)
IGNORE = Ignore(id="CVE-1", reason="It is not called.", until=TODAY)


def scan(*findings: Finding, **others: Any) -> PlatformScan:
    """Return a scan that is complete by default."""
    given = {"platform": "linux/amd64", "digest": "sha256:a", "stage": Stage.DONE, **others}
    return PlatformScan(findings=findings, **given)


def verdict(*scans: PlatformScan, fail_on: FailOn = "high", **options: Any) -> GateVerdict:
    """Return the verdict about an image of ``team/api``."""
    return gate_verdict(scans, repository="team/api", fail_on=fail_on, today=TODAY, **options)


@pytest.mark.parametrize(
    ("severity", "gates"),
    [
        (Severity.CRITICAL, "critical high medium low"),
        (Severity.HIGH, "high medium low"),
        (Severity.MEDIUM, "medium low"),
        (Severity.LOW, "low"),
        (Severity.INFORMATIONAL, ""),
        (Severity.UNKNOWN, "low"),
    ],
)
def test_a_severity_fails_the_gates_at_or_below_it(severity: Severity, gates: str) -> None:
    every: tuple[FailOn, ...] = ("critical", "high", "medium", "low")
    assert [gate for gate in every if reaches(severity, gate)] == gates.split()


def test_an_image_without_findings_passes() -> None:
    found = verdict(scan())
    assert (found.result, found.sentence()) == ("passed", "the gate `--fail-on high` is met.")


def test_a_finding_of_any_platform_fails() -> None:
    found = verdict(scan(), scan(FINDING, platform="linux/arm64"))
    assert found.result == "failed"
    assert found.sentence() == "the gate `--fail-on high` is not met: 1 finding."


def test_a_finding_of_two_platforms_is_counted_once() -> None:
    other = replace(FINDING, package="libssl")
    found = verdict(scan(FINDING, other), scan(FINDING, platform="linux/arm64"))
    assert found.sentence() == "the gate `--fail-on high` is not met: 2 findings."


@pytest.mark.parametrize(
    ("unscannable", "result", "sentence"),
    [
        (
            "undecided",
            "undecided",
            "the gate `--fail-on high` cannot be judged: the image has no complete scan. If the "
            "scan can still end, add --wait or raise --time-limit; if not, decide with "
            "--unscannable fail or --unscannable allow.",
        ),
        (
            "fail",
            "failed",
            "the gate `--fail-on high` is not met: the image has no complete scan, and "
            "`--unscannable fail` is set.",
        ),
        (
            "allow",
            "passed",
            "the gate `--fail-on high` is met, although the image has no complete scan.",
        ),
    ],
)
@pytest.mark.parametrize("stage", [Stage.RUNNING, Stage.MISSING, Stage.IMPOSSIBLE])
def test_an_image_without_a_complete_scan_is_what_the_user_decides(
    stage: Stage, unscannable: Unscannable, result: str, sentence: str
) -> None:
    found = verdict(scan(stage=stage), unscannable=unscannable)
    assert (found.result, found.sentence()) == (result, sentence)


def test_one_platform_without_a_complete_scan_is_enough() -> None:
    found = verdict(scan(), scan(stage=Stage.MISSING))
    assert found.result == "undecided"
    assert "1 of 2 platforms has no complete scan" in found.sentence()
    two = verdict(scan(), *[scan(stage=Stage.MISSING)] * 2)
    assert "2 of 3 platforms have no complete scan" in two.sentence()


def test_no_scan_at_all_does_not_pass() -> None:
    assert verdict().result == "undecided"


@pytest.mark.parametrize("unscannable", ["undecided", "fail", "allow"])
def test_a_finding_of_a_scan_that_is_not_complete_fails(unscannable: Unscannable) -> None:
    found = verdict(scan(FINDING, stage=Stage.RUNNING), unscannable=unscannable)
    assert found.result == "failed"
    assert found.sentence() == "the gate `--fail-on high` is not met: 1 finding."


@pytest.mark.parametrize(
    "ignore",
    [
        IGNORE,
        replace(IGNORE, package="openssl"),
        replace(IGNORE, repository="team/api"),
    ],
)
def test_an_ignored_finding_does_not_count_on_its_last_day(ignore: Ignore) -> None:
    found = verdict(scan(FINDING), ignores=[ignore])
    assert found.result == "passed"
    assert found.platforms[0].findings[0].accepted == ignore
    assert (found.unused, found.expired) == ((), ())


def test_an_expired_entry_accepts_nothing_and_is_reported() -> None:
    expired = replace(IGNORE, until=date(2026, 11, 25))
    found = verdict(scan(FINDING), ignores=[expired])
    assert (found.result, found.expired, found.unused) == ("failed", (expired,), ())


@pytest.mark.parametrize("ignore", [replace(IGNORE, id="CVE-2"), replace(IGNORE, package="libssl")])
def test_an_entry_that_accepts_nothing_is_reported(ignore: Ignore) -> None:
    found = verdict(scan(FINDING), ignores=[ignore])
    assert (found.result, found.unused) == ("failed", (ignore,))


def test_an_entry_may_be_used_by_what_is_not_scanned_yet() -> None:
    assert verdict(scan(stage=Stage.RUNNING), ignores=[IGNORE]).unused == ()


def test_an_entry_of_another_repository_is_of_no_concern() -> None:
    other = replace(IGNORE, repository="team/web")
    old = replace(other, until=date(2020, 1, 1))
    found = verdict(scan(FINDING), ignores=[other, old])
    assert (found.result, found.unused, found.expired) == ("failed", (), ())


def test_a_finding_that_inspector_suppresses_does_not_count() -> None:
    assert verdict(scan(replace(FINDING, suppressed=True))).result == "passed"
