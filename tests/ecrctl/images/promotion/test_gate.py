"""The gate of the target, judged by the findings of the source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ecrctl.errors import ExitCode
from ecrctl.images.promotion import gate
from ecrctl.images.scanning.findings import Finding, PlatformScan, Severity, Stage
from tests.ecrctl.images.program import End
from tests.ecrctl.images.samples import Bundle

from .conftest import TARGET, WORKLOAD, Pair

Promote = Callable[[str, Sequence[PlatformScan]], End]
GATE = f"{WORKLOAD}scan_gate: "


def scan(*severities: Severity, stage: Stage = Stage.DONE) -> PlatformScan:
    """Return a scan whose findings have these severities."""
    findings = tuple(
        Finding(
            id=f"CVE-2026-{number}",
            severity=severity,
            package="openssl",
            installed="3.0.1",
            fixed="",
            title="",
            url="",
            score=None,
        )
        for number, severity in enumerate(severities)
    )
    reason = "" if stage is Stage.DONE else "there is no scan of it"
    return PlatformScan(
        platform="linux/amd64", digest="sha256:0", stage=stage, reason=reason, findings=findings
    )


@pytest.fixture
def promote(
    pair: Pair, bundle: Bundle, image: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Promote:
    """Return a function that promotes an image with a gate and the scans of its platforms."""
    pair.push(bundle, image)

    def run(declared: str, scans: Sequence[PlatformScan]) -> End:
        pair.write(prod=GATE + declared)
        asked = []

        def read(_aws: Any, account: str, repository: str, platforms: Any) -> Any:
            asked.append((account, repository, len(list(platforms))))
            return tuple(scans)

        monkeypatch.setattr(gate, "read_scans", read)
        pair.quirks.requests.clear()
        end = pair.promote(f"{pair.name}:v1")
        assert asked == [("111111111111", pair.name, 2)]
        if end.code != ExitCode.SUCCESS:
            assert pair.quirks.count("PUT") == pair.quirks.count("POST", "/v2/") == 0
            assert pair.pins == ""
        return end

    return run


def test_findings_that_do_not_meet_the_gate_are_named(pair: Pair, promote: Promote) -> None:
    end = promote("{fail_on: high}", [scan(Severity.LOW, Severity.HIGH), scan(Severity.CRITICAL)])
    assert (end.code, end.sentence) == (
        ExitCode.DIFFERENCE,
        f"'{pair.name}:v1' does not meet the gate of 'prod' (fail_on: high): CVE-2026-1 (high, "
        "openssl), CVE-2026-0 (critical, openssl). Build the image with the fixed packages, or "
        "accept a finding in scan-ignore.yaml with a reason and a last day.",
    )


def test_many_findings_are_counted(promote: Promote) -> None:
    end = promote("{}", [scan(*[Severity.CRITICAL] * 9)])
    assert "CVE-2026-4 (critical, openssl) and 4 more." in end.sentence


@pytest.mark.parametrize(
    ("declared", "severity", "code"),
    [
        ("{fail_on: critical}", Severity.HIGH, 0),
        ("{fail_on: high}", Severity.HIGH, 3),
        ("{fail_on: low}", Severity.LOW, 3),
        ("{}", Severity.MEDIUM, 0),
    ],
)
def test_the_least_severity_decides(
    promote: Promote, declared: str, severity: Severity, code: int
) -> None:
    assert promote(declared, [scan(severity)]).code == code


@pytest.mark.parametrize(("declared", "code"), [("{}", 2), ("fail", 3), ("allow", 0)])
def test_an_image_without_a_scan_is_refused_unless_the_gate_allows_it(
    promote: Promote, declared: str, code: int
) -> None:
    text = declared if declared == "{}" else f"{{unscannable: {declared}}}"
    end = promote(text, [scan(), scan(stage=Stage.MISSING)])
    assert end.code == code
    if code:
        assert "there is no scan of it" in end.sentence
        assert "ecrctl scan dev" in end.sentence


@pytest.mark.parametrize(("until", "code"), [("2999-01-01", 0), ("2020-01-01", 3)])
def test_an_accepted_vulnerability_counts_until_its_last_day(
    pair: Pair, promote: Promote, tmp_path: Path, until: str, code: int
) -> None:
    (tmp_path / "scan-ignore.yaml").write_text(
        f"- {{id: CVE-2026-0, reason: the code is not reachable here, until: {until}, "
        f"repository: {pair.name}}}\n"
    )
    assert promote("{}", [scan(Severity.CRITICAL)]).code == code


def test_without_a_gate_no_finding_is_asked_for(
    pair: Pair, bundle: Bundle, image: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = pair.push(bundle, image)
    monkeypatch.setattr(gate, "read_scans", None)
    assert pair.promote(f"{pair.name}:v1").code == ExitCode.SUCCESS
    assert pair.repository(TARGET).digests_of(["v1"]) == {"v1": digest}
