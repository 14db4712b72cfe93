"""The report of an environment: its repositories, read at the same time, and their sums."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path

from checked_files.fault_text import name_hint
from ecrctl import prices
from ecrctl.aws.accounts import check_account
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.unread import Unread
from ecrctl.errors import ExitCode, UserError
from ecrctl.images.scanning.findings import Severity
from ecrctl.images.usage.pins import pins_of_registry
from ecrctl.images.usage.uses import Workloads
from environments.settings import EnvironmentSettings, RepositorySettings

from .document import (
    PriceDocument,
    PricesDocument,
    ReportDocument,
    RepositoryDocument,
    SizeDocument,
    TotalsDocument,
)
from .promotions import ReadPromotions
from .repositories import Scope, read_repository

# Few enough that ECR's limits of calls a second are kept.
_PARALLEL = 8


def chosen_repositories(
    settings: EnvironmentSettings, names: Sequence[str]
) -> list[RepositorySettings]:
    """Return the declared repositories with these names, or all of them.

    :raises UserError: where the environment does not declare one.
    """
    declared = {one.name: one for one in settings.repositories}
    for name in names:
        if name not in declared:
            raise UserError(
                f"The environment '{settings.name}' declares no repository '{name}'"
                f"{name_hint(name, list(declared))}",
                ExitCode.FAULT,
            )
    return [declared[name] for name in dict.fromkeys(names)] or list(declared.values())


def gather_report(
    settings: EnvironmentSettings,
    directory: Path,
    aws: Aws,
    *,
    repositories: Sequence[RepositorySettings],
    look_at_workloads: Callable[[], Workloads] | None,
    read_promotions: ReadPromotions,
    now: datetime,
) -> ReportDocument:
    """Return the report of an environment's repositories.

    What the credentials may not read is listed in the report; every other error is raised.

    :param directory: the folder of environment files.
    :param look_at_workloads: reads the workloads; ``None`` where nobody asks which images are used.
    """
    with as_user_errors(f"Reading the account of '{settings.name}'"):
        check_account(settings, aws)
    unread = Unread()
    pins = pins_of_registry(settings, directory, unread)
    workloads = look_at_workloads() if look_at_workloads else None
    unread.add(*(workloads.unread if workloads else ()))
    scope = Scope(
        settings=settings,
        aws=aws,
        now=now,
        pins=pins,
        workloads=workloads,
        read_promotions=read_promotions,
    )
    found = _read_all(scope, repositories)
    for one in found:
        unread.add(*one.unread)
    return ReportDocument(
        version=1,
        environment=settings.name,
        account=settings.account,
        region=settings.region,
        generated_at=now,
        complete=not unread,
        looked_at=list(workloads.places) if workloads else [],
        unread=unread.sentences,
        totals=_totals(found),
        prices=_prices(),
        repositories=found,
    )


def _read_all(scope: Scope, repositories: Sequence[RepositorySettings]) -> list[RepositoryDocument]:
    pool = ThreadPoolExecutor(_PARALLEL)
    try:
        return list(pool.map(partial(read_repository, scope), repositories))
    finally:
        # After an error, what has not begun is of no use.
        pool.shutdown(wait=True, cancel_futures=True)


def _totals(repositories: Sequence[RepositoryDocument]) -> TotalsDocument:
    sizes = [one.size_bytes for one in repositories if one.size_bytes]
    scans = [one.scan for one in repositories if one.scan]
    severities: Counter[Severity] = Counter()
    for scan in scans:
        severities.update(scan.severities)
    return TotalsDocument(
        repositories=len(repositories),
        images=sum(one.images or 0 for one in repositories),
        size_bytes=SizeDocument(
            standard=sum(one.standard for one in sizes), archive=sum(one.archive for one in sizes)
        ),
        monthly_usd=round(sum(one.monthly_usd or 0 for one in repositories), 4),
        severities={severity: severities[severity] for severity in Severity},
        unscanned=sum(len(scan.unscanned) for scan in scans),
    )


def _prices() -> PricesDocument:
    return PricesDocument(
        as_of=prices.AS_OF,
        region=prices.REGION,
        table=[PriceDocument(item=item, price=price) for item, price in prices.PRICE_TABLE],
    )
