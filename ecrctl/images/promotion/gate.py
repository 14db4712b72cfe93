"""The gate of the environment that an image is promoted to, judged by the scan of its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from ecrctl.errors import ExitCode, UserError
from ecrctl.images.scanning.gate import GateVerdict, gate_verdict
from ecrctl.images.scanning.ignores import Ignore
from ecrctl.images.scanning.platforms import platforms_of
from ecrctl.images.scanning.waiting import read_scans
from environments.model.environment import ScanGateModel

from .ends import End
from .planning import PlannedPromotion

_THREADS = 8
_MOST_NAMED = 5


def check_gate(
    source: End,
    target: End,
    planned: Sequence[PlannedPromotion],
    ignores: Sequence[Ignore],
    today: date,
) -> None:
    """Raise where an image does not meet the gate of the target.

    The target's registry cannot have scanned the image yet, so the source's findings decide.

    :raises UserError: with a sentence for each image that is refused.
    """
    gate = target.settings.scan_gate
    if gate is None:
        return

    def judged(one: PlannedPromotion) -> GateVerdict:
        return _verdict(source, one, gate, ignores, today)

    with ThreadPoolExecutor(_THREADS) as threads:
        verdicts = list(threads.map(judged, planned))
    pairs = list(zip(planned, verdicts, strict=True))
    refused = [_refusal(one, found, target) for one, found in pairs if found.result == "failed"]
    if refused:
        raise UserError("\n".join(refused), ExitCode.DIFFERENCE)
    for one, found in pairs:
        if found.result == "undecided":
            raise UserError(
                f"The gate of '{target.settings.name}' cannot be judged, because '{one.image}' has "
                f"no complete scan in '{one.image.owner}': {_reason(found)}. If the scan can still "
                f"end, run `ecrctl scan {one.image.owner} {one.image} --wait`; if not, decide with "
                "`scan_gate: {unscannable: allow}` or `fail`."
            )


def _verdict(
    source: End,
    one: PlannedPromotion,
    gate: ScanGateModel,
    ignores: Sequence[Ignore],
    today: date,
) -> GateVerdict:
    aws, account, repository = source.aws, source.settings.account, one.image.source
    found = platforms_of(aws, account, repository, one.digest)
    return gate_verdict(
        read_scans(aws, account, repository, found.platforms),
        repository=repository,
        fail_on=gate.fail_on,
        unscannable=gate.unscannable or "undecided",
        ignores=ignores,
        today=today,
    )


def _refusal(one: PlannedPromotion, verdict: GateVerdict, target: End) -> str:
    name = target.settings.name
    head = f"'{one.image}' does not meet the gate of '{name}' (fail_on: {verdict.fail_on})"
    findings = _named(
        f"{judged.finding.id} ({judged.finding.severity}"
        f"{f', {judged.finding.package}' if judged.finding.package else ''})"
        for judged in verdict.blocking
    )
    if not findings:
        return (
            f"{head}: it has no complete scan in '{one.image.owner}' ({_reason(verdict)}), and "
            "`unscannable: fail` is set. If the scan can still end, run `ecrctl scan "
            f"{one.image.owner} {one.image} --wait`."
        )
    return (
        f"{head}: {findings}. Build the image with the fixed packages, or accept a finding in "
        "scan-ignore.yaml with a reason and a last day."
    )


def _named(texts: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(texts))
    more = len(distinct) - _MOST_NAMED
    shown = ", ".join(distinct[:_MOST_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def _reason(verdict: GateVerdict) -> str:
    return _named(one.reason for one in verdict.unscanned) or "there is no scan of it"
