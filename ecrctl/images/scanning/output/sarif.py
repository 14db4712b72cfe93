"""A scan in SARIF 2.1.0, which GitHub and other code scanning show.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub, "SARIF
support for code scanning".
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from ecrctl.images.scanning.findings import Finding, Severity
from ecrctl.images.scanning.gate import GateVerdict, JudgedFinding

from .subject import ScannedImage

SCHEMA_URI = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
# GitHub derives the severity from a number. A finding without a score gets the middle of its band.
_SCORES = {
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 8.0,
    Severity.MEDIUM: 5.5,
    Severity.LOW: 2.0,
    Severity.INFORMATIONAL: 0.1,
}


def as_sarif(image: ScannedImage, verdict: GateVerdict) -> str:
    """Return a scan in SARIF: a result for each finding of each platform."""
    rules = _rules(verdict)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "ecrctl scan", "rules": rules}},
        "automationDetails": {"id": f"ecrctl-scan/{image.environment}/{image.repository}/"},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_notifications(image, verdict)),
            }
        ],
        "results": [
            _result(image, platform.scan.platform, platform.scan.digest, one, index)
            for platform in verdict.platforms
            for one in platform.findings
        ],
        "properties": {"result": verdict.result, "verdict": verdict.sentence()},
    }
    return json.dumps({"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}, indent=2)


def _rules(verdict: GateVerdict) -> list[dict[str, Any]]:
    """Return a rule for each vulnerability, which has the severity of its worst finding."""
    findings = [one.finding for platform in verdict.platforms for one in platform.findings]
    worst = {one.id: one for one in sorted(findings, key=lambda one: one.order, reverse=True)}
    return [_rule(one) for one in sorted(worst.values(), key=lambda one: one.order)]


def _rule(finding: Finding) -> dict[str, Any]:
    properties: dict[str, Any] = {"tags": ["security", "vulnerability"]}
    score = finding.score if finding.score is not None else _SCORES.get(finding.severity)
    if score is not None:
        properties["security-severity"] = f"{score:.1f}"
    rule: dict[str, Any] = {
        "id": finding.id,
        "shortDescription": {"text": finding.title or finding.id},
        "defaultConfiguration": {"level": _LEVELS.get(finding.severity, "note")},
        "properties": properties,
    }
    if finding.url.startswith(("https://", "http://")):
        rule["helpUri"] = finding.url
    return rule


def _notifications(image: ScannedImage, verdict: GateVerdict) -> Iterator[dict[str, Any]]:
    for scan in verdict.unscanned:
        name = f"{image.uri_of(scan.digest)} {scan.platform}".rstrip()
        yield {"level": "warning", "message": {"text": f"{name} is not scanned: {scan.reason}."}}


def _result(
    image: ScannedImage, platform: str, digest: str, judged: JudgedFinding, index: dict[str, int]
) -> dict[str, Any]:
    found = judged.finding
    version = f" {found.installed}" if found.installed else ""
    cure = f" Update it to {found.fixed}." if found.fixed else ""
    where = f" ({platform})" if platform else ""
    # The same in the next image of the repository, so that an alert stays one.
    identity = f"{image.repository}\n{platform}\n{found.id}\n{found.package}"
    result: dict[str, Any] = {
        "ruleId": found.id,
        "ruleIndex": index[found.id],
        "level": _LEVELS.get(found.severity, "note"),
        "message": {
            "text": f"{found.package or image.repository}{version} has {found.id}{where}.{cure}"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": image.repository},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [
                    {
                        "name": found.package or image.repository,
                        "fullyQualifiedName": image.uri_of(digest),
                        "kind": "package" if found.package else "module",
                    }
                ],
            }
        ],
        "partialFingerprints": {"vulnerability/v1": sha256(identity.encode()).hexdigest()},
        "properties": {
            "severity": str(found.severity),
            "platform": platform,
            "installed": found.installed,
            "fixed": found.fixed,
            "blocks": judged.blocks,
        },
    }
    if suppressions := list(_suppressions(judged)):
        result["suppressions"] = suppressions
    return result


def _suppressions(judged: JudgedFinding) -> Iterator[dict[str, Any]]:
    if judged.accepted:
        until = f"Until {judged.accepted.until}: {judged.accepted.reason}"
        yield {"kind": "external", "status": "accepted", "justification": until}
    if judged.finding.suppressed:
        reason = "A suppression rule of Amazon Inspector."
        yield {"kind": "external", "status": "accepted", "justification": reason}
