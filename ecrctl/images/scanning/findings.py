"""Vulnerabilities in the images of one reference, in one form for basic and enhanced scans."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Source = Literal["basic", "enhanced"]


class Severity(StrEnum):
    """The severity of a vulnerability, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFORMATIONAL = "informational"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """The place in the order from the worst on."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A vulnerability of one package.

    :param id: the vulnerability's id, such as ``CVE-2026-1234``.
    :param installed: the package's version in the image; empty where ECR does not return it.
    :param fixed: the version without the vulnerability; empty where none is known.
    :param suppressed: whether a suppression rule of Amazon Inspector hides it.
    """

    id: str
    severity: Severity
    package: str
    installed: str
    fixed: str
    title: str
    url: str
    score: float | None
    suppressed: bool = False

    @property
    def order(self) -> tuple[int, str, str, str]:
        """The key that sorts findings: the worst first."""
        return self.severity.rank, self.id, self.package, self.installed


class Stage(StrEnum):
    """How far the scan of an image is.

    ``MISSING`` and ``RUNNING`` can end by waiting, ``IMPOSSIBLE`` cannot.
    """

    DONE = "done"
    RUNNING = "running"
    MISSING = "missing"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformScan:
    """The scan of one platform's image.

    :param platform: such as ``linux/arm64``; empty for an image that no index lists.
    :param reason: why the image has no complete results; empty where it has.
    :param findings: what ECR returned, the worst first. An image without complete results can have
        findings too, such as those of an earlier scan.
    """

    platform: str
    digest: str
    stage: Stage
    reason: str = ""
    source: Source | None = None
    scanned_at: datetime | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def is_scanned(self) -> bool:
        """Whether the results are complete."""
        return self.stage is Stage.DONE
