"""The words of a report that its table and its page have in common."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ecrctl import prices
from ecrctl.images.report.document import (
    ImageDocument,
    InUse,
    PinDocument,
    PromotionDocument,
    ReportDocument,
    RepositoryDocument,
    ScanDocument,
    SizeDocument,
    UseDocument,
)
from ecrctl.images.scanning.findings import Severity

NOT_READ = "not read"
_MOST_NAMES = 3
_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000
_IN_USE: Mapping[InUse, str] = {
    "yes": "yes",
    "no": "not by ECS or Kubernetes",
    "unknown": "unknown",
    "not asked": "not asked",
}


def size(count: float) -> str:
    """Return a number of bytes with its unit, such as ``1.2 GB``."""
    for unit in _UNITS:
        if count < _THOUSAND or unit == _UNITS[-1]:
            break
        count /= _THOUSAND
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"


def total_size(sizes: SizeDocument | None) -> str:
    """Return the size of a repository, and how much of it is in the archive."""
    if sizes is None:
        return NOT_READ
    archive = f", {size(sizes.archive)} of it archived" if sizes.archive else ""
    return f"{size(sizes.standard + sizes.archive)}{archive}"


def cost(usd: float | None) -> str:
    """Return a price of a month."""
    if usd is None:
        return NOT_READ
    is_small = 0 < usd < 0.01  # noqa: PLR2004 - a cent
    return "under 0.01 USD" if is_small else f"{usd:,.2f} USD"


def day(moment: datetime | None) -> str:
    """Return a day, or a dash where there is none."""
    return f"{moment:%Y-%m-%d}" if moment else "-"


def count(repository: RepositoryDocument) -> str:
    """Return the number of images, and of the archived ones."""
    if repository.images is None:
        return "not deployed" if repository.deployed is False else NOT_READ
    archived = repository.archived_images
    return f"{repository.images}{f' ({archived} archived)' if archived else ''}"


def newest(repository: RepositoryDocument) -> str:
    """Return the newest image's tag and day."""
    if repository.images is None:
        return NOT_READ
    found = repository.newest
    return f"{found.tag}, {day(found.pushed_at)}" if found else "none with a tag"


def last_pull(repository: RepositoryDocument) -> str:
    """Return the day of the last pull that ECR recorded."""
    if repository.images is None:
        return NOT_READ
    return day(repository.last_pulled_at) if repository.last_pulled_at else "none recorded"


def scan(found: ScanDocument | None, *, images: int | None = None) -> str:
    """Return the number of vulnerabilities by severity, and of images without results."""
    if found is None:
        return NOT_READ
    if not found.images:
        return "no image" if images == 0 else "none to scan"
    parts = [f"{number} {name}" for name in Severity if (number := found.severities[name])]
    if not parts and found.scanned:
        parts = ["no findings"]
    if found.unscanned:
        parts.append(f"{len(found.unscanned)} unscannable")
    return ", ".join(parts)


def promotions(found: Sequence[PromotionDocument] | None) -> str:
    """Return how many records of promotions there are, and the last one's source and day."""
    if found is None:
        return NOT_READ
    if not found:
        return "none"
    last = found[-1]
    more = f", {len(found) - 1} before" if len(found) > 1 else ""
    return f"from {last.source}, {day(last.promoted_at)}{more}"


def image_promotions(image: ImageDocument) -> str:
    """Return the promotions of an image; a dash where they were not asked for."""
    return "-" if image.promotions is None else promotions(image.promotions)


def pins(found: Sequence[PinDocument]) -> str:
    """Return the environments whose pins name an image."""
    return ", ".join(dict.fromkeys(one.environment for one in found)) or "none"


def uses(found: Sequence[UseDocument], in_use: InUse) -> str:
    """Return the workloads that run an image, or why none is named."""
    names = list(dict.fromkeys(f"{one.kind} {one.name}" for one in found))
    if not names:
        return _IN_USE[in_use]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def lifecycle(repository: RepositoryDocument) -> str:
    """Return how many images the policy deletes or archives next."""
    if repository.has_lifecycle_policy is False:
        return "no policy"
    found = repository.lifecycle
    if found is None:
        return NOT_READ
    counts = {"expires": len(found.expires), "archives": len(found.archives)}
    return ", ".join(f"{name} {number}" for name, number in counts.items() if number) or "keeps all"


def image_lifecycle(image: ImageDocument, repository: RepositoryDocument) -> str:
    """Return what the policy does with an image."""
    if image.lifecycle is None:
        return "no policy" if repository.has_lifecycle_policy is False else NOT_READ
    rule = f" by rule {image.lifecycle.rule}" if image.lifecycle.rule else ""
    return f"{image.lifecycle.outcome}{rule}: {image.lifecycle.reason}"


def image_scan(image: ImageDocument) -> str:
    """Return the vulnerabilities of an image; a dash where they were not asked for."""
    if image.scan is None:
        return "-"
    reasons = ", ".join(dict.fromkeys(one.reason for one in image.scan.unscanned))
    return f"{scan(image.scan)}{f' ({reasons})' if reasons else ''}"


def cost_note(report: ReportDocument) -> str:
    """Return what the costs are, as sentences."""
    free = min(prices.FREE_GB * prices.STORAGE_USD["standard"], report.totals.monthly_usd)
    return (
        f"Costs are at most these: AWS charges once for a layer that several images share. Prices "
        f"are those of {report.prices.region} in {report.prices.as_of}. The free tier of an "
        f"account's first year would cover {cost(free)} of them. Transfer, such as pulls from "
        "another region, and scans are not included."
    )


SCAN_NOTE = (
    "Scans are those of the newest image of a repository and of the images that are pinned or in "
    "use. A vulnerability of a package counts once in a repository."
)


def use_note(report: ReportDocument) -> str:
    """Return where workloads were looked for, as sentences."""
    if not report.looked_at:
        return "Workloads were not looked at. Add --in-use."
    return (
        f"Workloads were looked for in: {'; '.join(report.looked_at)}. Other services, such as "
        "Lambda, were not looked at."
    )
