"""A scan as a table, as JSON and in SARIF."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from ecrctl.images.scanning.findings import Finding, PlatformScan, Severity, Stage
from ecrctl.images.scanning.gate import GateVerdict, gate_verdict
from ecrctl.images.scanning.ignores import Ignore
from ecrctl.images.scanning.output.json import SCHEMA, as_json, schema
from ecrctl.images.scanning.output.sarif import as_sarif
from ecrctl.images.scanning.output.subject import ScannedImage
from ecrctl.images.scanning.output.text import sentences, table_of

from .sarif_schema import SARIF

IMAGE = ScannedImage(
    environment="dev",
    account="123456789012",
    region="us-east-1",
    repository="team/api",
    reference="v1",
    digest="sha256:0",
)
HIGH = Finding(
    id="CVE-1",
    severity=Severity.HIGH,
    package="openssl",
    installed="3.0.1",
    fixed="3.0.2",
    title="A title",
    url="https://security.example/CVE-1",
    score=8.1,
)
MEDIUM = replace(HIGH, id="CVE-2", severity=Severity.MEDIUM, fixed="", url="", score=None)
IGNORE = Ignore(
    id="CVE-2", reason="It is not called.", until=date(2026, 12, 31), repository="team/api"
)
UNUSED = replace(IGNORE, id="CVE-8", package="zlib")
EXPIRED = replace(IGNORE, id="CVE-9", until=date(2026, 1, 1))


def scan(*findings: Finding, **others: Any) -> PlatformScan:
    """Return a complete scan."""
    given: dict[str, Any] = {
        "platform": "linux/amd64",
        "digest": "sha256:a",
        "stage": Stage.DONE,
        "source": "enhanced",
        "scanned_at": datetime(2026, 11, 20, tzinfo=UTC),
        **others,
    }
    return PlatformScan(findings=findings, **given)


def verdict(*scans: PlatformScan) -> GateVerdict:
    """Return the verdict about some scans."""
    return gate_verdict(
        scans,
        repository="team/api",
        fail_on="high",
        ignores=[IGNORE, UNUSED, EXPIRED],
        today=date(2026, 11, 26),
    )


BOTH = verdict(scan(HIGH, MEDIUM), scan(HIGH, platform="linux/arm64", digest="sha256:b"))
INCOMPLETE = verdict(
    scan(HIGH),
    scan(platform="linux/arm64", stage=Stage.MISSING, reason="there is no scan of it"),
)


def shown(found: GateVerdict) -> str:
    """Return the table and the sentences as text."""
    console = Console(file=io.StringIO(), width=160)
    if table := table_of("dev: team/api:v1", found):
        console.print(table)
    for sentence in sentences(found):
        console.print(sentence, markup=False, soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def rows(found: GateVerdict) -> list[list[str]]:
    """Return the cells of the table."""
    lines = [
        line
        for line in shown(found).splitlines()
        if line.startswith("│") and "Severity" not in line
    ]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def test_a_finding_of_two_platforms_is_one_row() -> None:
    assert rows(BOTH) == [
        ["high", "CVE-1", "openssl", "3.0.1", "3.0.2", "linux/amd64, linux/arm64", "blocks"],
        ["medium", "CVE-2", "openssl", "3.0.1", "-", "linux/amd64", "ignored until 2026-12-31"],
    ]


def test_what_is_ignored_in_vain_is_reported_before_the_result() -> None:
    assert list(sentences(BOTH)) == [
        "The entry of the ignore file for CVE-9 (until 2026-01-01) is expired, so it accepts "
        "nothing. Remove or renew it.",
        "The entry of the ignore file for CVE-8 in zlib (until 2026-12-31) accepts nothing in "
        "this image. Remove it if it is old.",
        "The gate `--fail-on high` is not met: 1 finding.",
    ]


def test_an_image_without_a_scan_is_named_with_the_reason() -> None:
    assert "linux/arm64 is not scanned: there is no scan of it." in list(sentences(INCOMPLETE))


def test_an_image_without_findings_has_no_table() -> None:
    assert table_of("", verdict(scan())) is None


def test_text_of_others_is_not_read_as_markup() -> None:
    assert "[red]x[/]" in shown(verdict(scan(replace(HIGH, package="[red]x[/]"))))


def document(found: GateVerdict) -> Any:
    """Return the JSON document, which is valid by the published schema."""
    text = as_json(IMAGE, found)
    assert text.isascii()
    parsed = json.loads(text)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(parsed)
    return parsed


def test_the_json_has_the_image_the_result_and_every_finding() -> None:
    found = document(BOTH)
    first, second = found["platforms"]
    ignored = {
        "id": "CVE-2",
        "package": None,
        "repository": "team/api",
        "reason": "It is not called.",
        "until": "2026-12-31",
    }
    assert first["findings"] == [
        {
            "id": "CVE-1",
            "severity": "high",
            "package": "openssl",
            "installed": "3.0.1",
            "fixed": "3.0.2",
            "title": "A title",
            "url": "https://security.example/CVE-1",
            "score": 8.1,
            "suppressed": False,
            "ignored": None,
            "blocks": True,
        },
        {
            "id": "CVE-2",
            "severity": "medium",
            "package": "openssl",
            "installed": "3.0.1",
            "fixed": "",
            "title": "A title",
            "url": "",
            "score": None,
            "suppressed": False,
            "ignored": ignored,
            "blocks": False,
        },
    ]
    assert {name: one for name, one in second.items() if name != "findings"} == {
        "platform": "linux/arm64",
        "digest": "sha256:b",
        "scanned": True,
        "reason": "",
        "source": "enhanced",
        "scanned_at": "2026-11-20T00:00:00+00:00",
    }
    assert {name: one for name, one in found.items() if name != "platforms"} == {
        "version": 1,
        "environment": "dev",
        "image": {
            "account": "123456789012",
            "region": "us-east-1",
            "repository": "team/api",
            "reference": "v1",
            "digest": "sha256:0",
        },
        "result": "failed",
        "verdict": "the gate `--fail-on high` is not met: 1 finding.",
        "fail_on": "high",
        "unscannable": "undecided",
        "unused_ignores": [ignored | {"id": "CVE-8", "package": "zlib"}],
        "expired_ignores": [ignored | {"id": "CVE-9", "until": "2026-01-01"}],
    }


def test_the_published_schema_is_that_of_the_document() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema() + "\n", "Write it again: make snapshot"


def sarif(found: GateVerdict) -> Any:
    """Return the one run of the SARIF document, which has the structure of the standard."""
    text = as_sarif(IMAGE, found)
    assert text.isascii()
    parsed = json.loads(text)
    jsonschema.Draft202012Validator(SARIF).validate(parsed)
    (run,) = parsed["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


@pytest.mark.parametrize("found", [BOTH, INCOMPLETE, verdict(), verdict(scan())])
def test_the_sarif_has_the_structure_of_the_standard(found: GateVerdict) -> None:
    sarif(found)


def test_the_sarif_has_a_rule_for_each_vulnerability() -> None:
    assert sarif(BOTH)["tool"]["driver"]["rules"] == [
        {
            "id": "CVE-1",
            "shortDescription": {"text": "A title"},
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["security", "vulnerability"], "security-severity": "8.1"},
            "helpUri": "https://security.example/CVE-1",
        },
        {
            "id": "CVE-2",
            "shortDescription": {"text": "A title"},
            "defaultConfiguration": {"level": "warning"},
            # It has no score, so that of its severity is shown.
            "properties": {"tags": ["security", "vulnerability"], "security-severity": "5.5"},
        },
    ]


def test_a_rule_of_the_sarif_has_the_severity_of_its_worst_finding() -> None:
    low = replace(HIGH, severity=Severity.LOW, score=1.0, package="a")
    for found in (scan(low, HIGH), scan(HIGH, low)):
        (rule,) = sarif(verdict(found))["tool"]["driver"]["rules"]
        assert rule["properties"]["security-severity"] == "8.1"


def test_the_sarif_has_a_result_for_each_finding_of_each_platform() -> None:
    results = sarif(BOTH)["results"]
    assert [(one["ruleId"], one["level"], one["message"]["text"]) for one in results] == [
        ("CVE-1", "error", "openssl 3.0.1 has CVE-1 (linux/amd64). Update it to 3.0.2."),
        ("CVE-2", "warning", "openssl 3.0.1 has CVE-2 (linux/amd64)."),
        ("CVE-1", "error", "openssl 3.0.1 has CVE-1 (linux/arm64). Update it to 3.0.2."),
    ]
    (logical,) = results[2]["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == (
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/api@sha256:b"
    )
    prints = [one["partialFingerprints"]["vulnerability/v1"] for one in results]
    assert len(set(prints)) == 3


def test_the_fingerprint_is_the_same_in_the_next_image() -> None:
    newer = verdict(scan(replace(HIGH, installed="3.0.1-1"), digest="sha256:c"))
    first, second = (sarif(one)["results"][0]["partialFingerprints"] for one in (BOTH, newer))
    assert first == second


def test_the_sarif_marks_what_is_accepted() -> None:
    suppressed = verdict(scan(MEDIUM, replace(HIGH, suppressed=True)))
    assert [one.get("suppressions") for one in sarif(suppressed)["results"]] == [
        [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "Until 2026-12-31: It is not called.",
            }
        ],
        [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "A suppression rule of Amazon Inspector.",
            }
        ],
    ]
    assert "suppressions" not in sarif(BOTH)["results"][0]


def test_the_sarif_names_an_image_without_a_scan() -> None:
    (invocation,) = sarif(INCOMPLETE)["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == (
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/api@sha256:a linux/arm64 is not "
        "scanned: there is no scan of it."
    )


def test_an_address_that_is_no_link_is_not_in_the_sarif() -> None:
    (rule,) = sarif(verdict(scan(replace(HIGH, url="javascript:x"))))["tool"]["driver"]["rules"]
    assert "helpUri" not in rule
