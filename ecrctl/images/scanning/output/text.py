"""A scan as a table and sentences."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rich.markup import escape
from rich.table import Table

from ecrctl.console import new_table
from ecrctl.images.scanning.findings import Finding, Severity
from ecrctl.images.scanning.gate import GateVerdict, JudgedFinding
from ecrctl.images.scanning.ignores import Ignore

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
}
_WHOLE_IMAGE = "image"


def table_of(title: str, verdict: GateVerdict) -> Table | None:
    """Return every finding once, with the platforms that have it; ``None`` without any."""
    platforms: dict[JudgedFinding, list[str]] = defaultdict(list)
    for platform in verdict.platforms:
        for one in platform.findings:
            platforms[one].append(platform.scan.platform or _WHOLE_IMAGE)
    if not platforms:
        return None
    columns = ("Severity", "Vulnerability", "Package", "Installed", "Fixed in", "Platforms", "Gate")
    table = new_table(escape(title), *columns)
    for one in sorted(platforms, key=lambda judged: judged.finding.order):
        found = one.finding
        texts = (found.id, found.package, found.installed, found.fixed or "-")
        where = ", ".join(dict.fromkeys(platforms[one]))
        table.add_row(_severity(found), *map(escape, (*texts, where)), _gate(one))
    return table


def _severity(finding: Finding) -> str:
    style = _STYLES.get(finding.severity)
    return f"[{style}]{finding.severity}[/]" if style else str(finding.severity)


def _gate(judged: JudgedFinding) -> str:
    if judged.blocks:
        return "[red]blocks[/]"
    if judged.accepted:
        return f"ignored until {judged.accepted.until}"
    return "suppressed" if judged.finding.suppressed else ""


def sentences(verdict: GateVerdict) -> Iterator[str]:
    """Yield what a reader must know beside the findings, then the result.

    A gate that cannot be judged ends the command with an error, which is its result.
    """
    for scan in verdict.unscanned:
        yield f"{scan.platform or 'The image'} is not scanned: {scan.reason}."
    yield from _of_ignores(verdict.expired, "is expired, so it accepts nothing. Remove or renew it")
    yield from _of_ignores(verdict.unused, "accepts nothing in this image. Remove it if it is old")
    if verdict.result != "undecided":
        sentence = verdict.sentence()
        yield sentence[0].upper() + sentence[1:]


def _of_ignores(ignores: Iterable[Ignore], text: str) -> Iterator[str]:
    for one in ignores:
        package = f" in {one.package}" if one.package else ""
        yield f"The entry of the ignore file for {one.id}{package} (until {one.until}) {text}."
