"""The charts of a report as bars: what each is about, its parts and the text at its end."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ecrctl.images.report.document import ReportDocument, RepositoryDocument
from ecrctl.images.scanning.findings import Severity

from . import wording

# More bars than a reader compares are one bar together.
_MOST_BARS = 15
_AGES = {
    "up to 7 days": 7,
    "8 to 30 days": 30,
    "31 to 90 days": 90,
    "91 to 365 days": 365,
}
_OLDER = "over a year"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar.

    :param kind: the class of its style.
    :param start: where it begins, in percent of the longest bar; so is its width.
    """

    kind: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart."""

    label: str
    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart.

    :param legend: for each class of style the name of its parts; empty where there is one.
    """

    id: str
    title: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    # By the class of style.
    values: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.values.values())


def charts_of(report: ReportDocument) -> list[Chart]:
    """Return the charts of a report."""
    read = [one for one in report.repositories if one.size_bytes is not None]
    return [
        Chart(
            "cost",
            "Cost of storage a month, by repository",
            _bars(_longest(map(_cost, read)), wording.cost),
        ),
        Chart(
            "size",
            "Size by repository",
            _bars(_longest(map(_size, read)), wording.size),
            (("standard", "standard storage"), ("archive", "archive")),
        ),
        Chart("severity", "Findings of scans, by severity", _bars(_severities(report), _number)),
        Chart("age", "Images by age", _bars(_ages(report), _number)),
    ]


def _cost(repository: RepositoryDocument) -> _Row:
    return _Row(repository.name, {"standard": repository.monthly_usd or 0})


def _size(repository: RepositoryDocument) -> _Row:
    sizes = repository.size_bytes
    values = {"standard": sizes.standard, "archive": sizes.archive} if sizes else {}
    return _Row(repository.name, {kind: float(value) for kind, value in values.items()})


def _severities(report: ReportDocument) -> list[_Row]:
    rows = [_Row(str(name), {name: report.totals.severities[name]}) for name in Severity]
    return [*rows, _Row("unscannable images", {"unscannable": report.totals.unscanned})]


def _ages(report: ReportDocument) -> list[_Row]:
    counts: Counter[str] = Counter()
    for repository in report.repositories:
        for image in repository.details:
            age = report.generated_at - image.pushed_at
            known = (name for name, days in _AGES.items() if age <= timedelta(days=days))
            counts[next(known, _OLDER)] += 1
    return [_Row(name, {"standard": counts[name]}) for name in (*_AGES, _OLDER)]


def _longest(rows: Iterable[_Row]) -> list[_Row]:
    """Return the longest rows, and the sum of the others as the last one."""
    ordered = sorted(rows, key=lambda row: (-row.total, row.label))
    if len(ordered) <= _MOST_BARS:
        return ordered
    others = ordered[_MOST_BARS - 1 :]
    kinds = dict.fromkeys(kind for row in others for kind in row.values)
    sums = {kind: sum(row.values.get(kind, 0) for row in others) for kind in kinds}
    return [*ordered[: _MOST_BARS - 1], _Row(f"{len(others)} others", sums)]


def _bars(rows: Sequence[_Row], text: Callable[[float], str]) -> tuple[Bar, ...]:
    longest = max((row.total for row in rows), default=0) or 1
    return tuple(Bar(row.label, text(row.total), _parts(row, longest)) for row in rows)


def _parts(row: _Row, longest: float) -> tuple[Part, ...]:
    parts, start = [], 0.0
    for kind, value in row.values.items():
        width = round(100 * value / longest, 2)
        if width:
            parts.append(Part(kind, round(start, 2), width))
        start += width
    return tuple(parts)


def _number(value: float) -> str:
    return f"{value:.0f}"
