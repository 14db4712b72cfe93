"""``ecrctl scan``: the findings of an image's platforms, and the gate's result."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import typer

from ecrctl.aws.clients import Aws
from ecrctl.aws.newest_images import newest_image
from ecrctl.console import new_console
from ecrctl.errors import ExitCode, UserError
from ecrctl.output.messages import report_progress, working

from .findings import PlatformScan
from .gate import FailOn, GateVerdict, Unscannable, gate_verdict
from .ignores import read_ignores
from .output import json, sarif, text
from .output.subject import ScannedImage
from .platforms import platforms_of
from .targets import ScanTarget, scan_target
from .waiting import Patience, read_scans, wait_for_scans


def run_scan(
    environment: str,
    image: str,
    directory: Path,
    *,
    fail_on: FailOn,
    minutes: float | None,
    ignore_file: Path | None,
    unscannable: Unscannable,
    output: Literal["text", "json", "sarif"],
) -> None:
    """Print the findings of an image, and end with the gate's exit code.

    :param directory: the folder of environment files.
    :param minutes: how long to wait for a scan; ``None`` reads the results that are there.
    :raises typer.Exit: where the gate is not met.
    :raises UserError: where the gate cannot be judged.
    """
    target = scan_target(environment, image, directory)
    ignores = read_ignores(ignore_file)
    with working(f"Read the scan of '{image}'"):
        subject, scans = _scans(environment, target, minutes)
    verdict = gate_verdict(
        scans,
        repository=target.repository,
        fail_on=fail_on,
        unscannable=unscannable,
        ignores=ignores,
        today=datetime.now(UTC).date(),
    )
    _print(subject, verdict, output)
    if verdict.result == "undecided":
        raise UserError(f"{subject.name}: {verdict.sentence()}")
    if verdict.result == "failed":
        raise typer.Exit(ExitCode.DIFFERENCE)


def _scans(
    environment: str, target: ScanTarget, minutes: float | None
) -> tuple[ScannedImage, tuple[PlatformScan, ...]]:
    account, region, repository = target.owner.account, target.owner.region, target.repository
    aws = Aws.from_variables(region)
    reference = target.reference or newest_image(aws, account, repository).tag
    image = platforms_of(aws, account, repository, reference)
    subject = ScannedImage(
        environment=environment,
        account=account,
        region=region,
        repository=repository,
        reference=reference,
        digest=image.digest,
    )
    if minutes is None:
        return subject, read_scans(aws, account, repository, image.platforms)
    report_progress(f"Waiting up to {minutes:g} min for the scan of {subject.name}")
    patience = Patience(minutes)
    return subject, wait_for_scans(aws, account, repository, image.platforms, patience)


def _print(
    subject: ScannedImage, verdict: GateVerdict, output: Literal["text", "json", "sarif"]
) -> None:
    if output == "json":
        print(json.as_json(subject, verdict))
    elif output == "sarif":
        print(sarif.as_sarif(subject, verdict))
    else:
        console = new_console()
        if table := text.table_of(f"{subject.environment}: {subject.name}", verdict):
            console.print(table)
        for sentence in text.sentences(verdict):
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)
