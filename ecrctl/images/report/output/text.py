"""A report as tables and sentences."""

from collections.abc import Iterator

from rich.markup import escape
from rich.table import Table

from ecrctl.console import new_table
from ecrctl.images.report.document import ReportDocument, RepositoryDocument

from . import wording

_SHORT_DIGEST = 19


def table_of(report: ReportDocument) -> Table:
    """Return a row for each repository."""
    table = new_table(
        f"{escape(report.environment)}: images in account {report.account}, {report.region}",
        *("Repository", "Images", "Size", "Newest", "Last pull", "Scan", "Promoted"),
        *("Pinned by", "In use", "Lifecycle", "A month"),
    )
    for one in report.repositories:
        table.add_row(*map(escape, _row(one)))
    return table


def _row(repository: RepositoryDocument) -> tuple[str, ...]:
    return (
        repository.name,
        wording.count(repository),
        wording.total_size(repository.size_bytes),
        wording.newest(repository),
        wording.last_pull(repository),
        wording.scan(repository.scan, images=repository.images),
        wording.promotions(repository.promotions),
        wording.pins(repository.pinned_by),
        wording.uses(repository.used_by, repository.in_use),
        wording.lifecycle(repository),
        wording.cost(repository.monthly_usd),
    )


def table_of_images(repository: RepositoryDocument) -> Table:
    """Return a row for each image of a repository."""
    table = new_table(
        f"{escape(repository.name)}: images",
        *("Image", "Tags", "Status", "Pushed", "Last pull", "Size", "Scan", "Promoted"),
        *("Pinned by", "In use", "Lifecycle"),
    )
    for one in repository.details:
        cells = (
            one.digest[:_SHORT_DIGEST],
            ", ".join(one.tags) or "untagged",
            one.status,
            wording.day(one.pushed_at),
            wording.day(one.last_pulled_at),
            wording.size(one.size_bytes),
            wording.image_scan(one),
            wording.image_promotions(one),
            wording.pins(one.pinned_by),
            wording.uses(one.used_by, one.in_use),
            wording.image_lifecycle(one, repository),
        )
        table.add_row(*map(escape, cells))
    return table


def sentences(report: ReportDocument) -> Iterator[str]:
    """Yield what a reader must know beside the tables."""
    totals = report.totals
    repositories = "repository" if totals.repositories == 1 else "repositories"
    images = "image" if totals.images == 1 else "images"
    yield (
        f"{totals.repositories} {repositories}, {totals.images} {images}, "
        f"{wording.total_size(totals.size_bytes)}, {wording.cost(totals.monthly_usd)} a month."
    )
    yield wording.cost_note(report)
    yield wording.SCAN_NOTE
    yield wording.use_note(report)
    for repository in report.repositories:
        yield from repository.notes
        if repository.lifecycle:
            yield from repository.lifecycle.warnings
    for sentence in report.unread:
        yield f"Not read: {sentence}"
