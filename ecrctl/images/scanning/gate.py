"""The gate of a scan: whether the findings of an image are within what a team accepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from .findings import Finding, PlatformScan, Severity
from .ignores import Ignore

FailOn = Literal["critical", "high", "medium", "low"]
# What an image without complete results means to the gate.
Unscannable = Literal["undecided", "fail", "allow"]
Result = Literal["passed", "failed", "undecided"]


@dataclass(frozen=True, slots=True)
class JudgedFinding:
    """A finding, and the reason for which it does not count.

    :param accepted: the entry of the ignore file that accepts it.
    :param blocks: whether it fails the gate.
    """

    finding: Finding
    accepted: Ignore | None
    blocks: bool


@dataclass(frozen=True, slots=True)
class JudgedPlatform:
    """A platform's scan, and each of its findings as the gate sees it."""

    scan: PlatformScan
    findings: tuple[JudgedFinding, ...]


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The result of the gate, and what leads to it.

    :param unused: entries of the ignore file that accept nothing in this image.
    :param expired: entries whose last day is over; they accept nothing.
    """

    result: Result
    fail_on: FailOn
    unscannable: Unscannable
    platforms: tuple[JudgedPlatform, ...]
    unused: tuple[Ignore, ...]
    expired: tuple[Ignore, ...]

    @property
    def blocking(self) -> list[JudgedFinding]:
        """The findings that fail the gate, of all platforms."""
        return [one for platform in self.platforms for one in platform.findings if one.blocks]

    @property
    def unscanned(self) -> list[PlatformScan]:
        """The scans without complete results."""
        return [one.scan for one in self.platforms if not one.scan.is_scanned]

    def sentence(self) -> str:
        """Return the result as a sentence."""
        gate = f"the gate `--fail-on {self.fail_on}`"
        distinct = {(one.finding.id, one.finding.package) for one in self.blocking}
        if distinct:
            count = f"{len(distinct)} {'finding' if len(distinct) == 1 else 'findings'}"
            return f"{gate} is not met: {count}."
        if self.result == "failed":
            return f"{gate} is not met: {self._incomplete()}, and `--unscannable fail` is set."
        if self.result == "undecided":
            return (
                f"{gate} cannot be judged: {self._incomplete()}. If the scan can still end, add "
                "--wait or raise --time-limit; if not, decide with --unscannable fail or "
                "--unscannable allow."
            )
        allowed = f", although {self._incomplete()}" if self.unscanned else ""
        return f"{gate} is met{allowed}."

    def _incomplete(self) -> str:
        count = len(self.platforms)
        if count <= 1:
            return "the image has no complete scan"
        missing = len(self.unscanned)
        return (
            f"{missing} of {count} platforms {'has' if missing == 1 else 'have'} no complete scan"
        )


def gate_verdict(
    scans: Sequence[PlatformScan],
    *,
    repository: str,
    fail_on: FailOn,
    unscannable: Unscannable = "undecided",
    ignores: Sequence[Ignore] = (),
    today: date,
) -> GateVerdict:
    """Return whether the scans of an image meet a gate.

    A finding of any platform fails the gate, also where the scan of that platform is not complete.
    An image without complete results neither passes nor fails, unless ``unscannable`` decides.

    :param scans: the scans of all platforms of one image.
    :param repository: the image's repository, for entries of the ignore file that name one.
    :param today: the day on which entries of the ignore file must be valid.
    """
    known = [one for one in ignores if one.is_for(repository)]
    valid = [one for one in known if today <= one.until]
    platforms = tuple(
        JudgedPlatform(scan, tuple(_judged(one, valid, fail_on) for one in scan.findings))
        for scan in scans
    )
    findings = [one for platform in platforms for one in platform.findings]
    used = {one.accepted for one in findings}
    is_complete = bool(scans) and all(scan.is_scanned for scan in scans)
    return GateVerdict(
        result=_result(
            blocks=any(one.blocks for one in findings),
            is_complete=is_complete,
            unscannable=unscannable,
        ),
        fail_on=fail_on,
        unscannable=unscannable,
        platforms=platforms,
        # An image without complete results may still have what an entry accepts.
        unused=tuple(one for one in valid if one not in used) if is_complete else (),
        expired=tuple(one for one in known if one not in valid),
    )


def _judged(finding: Finding, ignores: Sequence[Ignore], fail_on: FailOn) -> JudgedFinding:
    accepted = next((one for one in ignores if one.accepts(finding)), None)
    counts = accepted is None and not finding.suppressed
    return JudgedFinding(finding, accepted, blocks=counts and reaches(finding.severity, fail_on))


def reaches(severity: Severity, fail_on: FailOn) -> bool:
    """Return whether a severity fails a gate.

    A severity that is not known yet can turn out to be any, so the strictest gate alone counts it.
    """
    least = Severity(fail_on)
    if severity is Severity.UNKNOWN:
        return least is Severity.LOW
    return severity.rank <= least.rank


def _result(*, blocks: bool, is_complete: bool, unscannable: Unscannable) -> Result:
    if blocks or (not is_complete and unscannable == "fail"):
        return "failed"
    return "passed" if is_complete or unscannable == "allow" else "undecided"
