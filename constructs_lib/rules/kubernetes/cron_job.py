"""The schedule of a CronJob.

Source: Kubernetes documentation, "CronJob".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args
from zoneinfo import available_timezones

from constructs_lib.rules.faults import (
    Fault,
    faults_unless,
    raise_if_any,
    range_faults,
    under,
    word_faults,
)
from constructs_lib.rules.types import checked_types

from .names import dns_label_faults

ConcurrencyPolicy = Literal["Forbid", "Allow", "Replace"]
CONCURRENCY_POLICIES: tuple[ConcurrencyPolicy, ...] = get_args(ConcurrencyPolicy)
# Kubernetes appends eleven characters to a CronJob's name for the name of each of its Jobs.
NAME_LENGTH = 52
CONTROLLER_INTERVAL_SECONDS = 10

_MACROS = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Name, least, largest, and the words that can replace numbers, in the order of those numbers.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(\*|\?|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/(\d+))?")


@checked_types
@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedule:
    """The schedule of a CronJob, and how it treats runs that overlap.

    :param schedule: five fields (minute, hour, day of the month, month and day of the week), such
        as ``15 3 * * *``, or a word such as ``@daily``.
    :param time_zone: a name of the IANA time zone database, such as ``Europe/Berlin``; by default
        the cluster's time zone, usually UTC.
    :param concurrency_policy: ``Forbid`` (the default) skips a run while the previous one lasts;
        ``Replace`` stops the previous one, ``Allow`` runs both.
    :param starting_deadline_seconds: a run that could not start for this many seconds, 10 or more,
        is skipped; no deadline by default.
    :param suspend: ``True`` starts no run; ``False`` by default.
    :raises RuleError: with every rule that is broken.

    >>> CronSchedule(schedule="15 3 * * mon-fri").concurrency_policy
    'Forbid'
    """

    schedule: str
    time_zone: str | None = None
    concurrency_policy: ConcurrencyPolicy = "Forbid"
    starting_deadline_seconds: int | None = None
    suspend: bool = False

    def __post_init__(self) -> None:
        raise_if_any(f"CronJob '{self.schedule}'", schedule_faults(self))


def schedule_faults(cron: CronSchedule) -> Iterator[Fault]:
    """Yield the faults for which Kubernetes would refuse a schedule, or never start a run."""
    yield from under("schedule", _expression_faults(cron.schedule))
    if cron.time_zone is not None:
        yield from faults_unless(
            cron.time_zone in available_timezones(),
            "time_zone must be a name of the IANA time zone database, got "
            f"'{cron.time_zone[:60]}'. Write it like 'Europe/Berlin'.",
            path="time_zone",
        )
    yield from word_faults("concurrency_policy", cron.concurrency_policy, CONCURRENCY_POLICIES)
    yield from range_faults(
        "starting_deadline_seconds",
        cron.starting_deadline_seconds,
        CONTROLLER_INTERVAL_SECONDS,
        None,
        "Raise it, or remove it. With less, the controller might never start a run.",
        optional=True,
    )


def cron_name_faults(name: str) -> list[Fault]:
    """Check the name of a CronJob, to which Kubernetes appends characters for its Jobs."""
    return under("name", dns_label_faults(name, NAME_LENGTH))


def _expression_faults(expression: str) -> Iterator[Fault]:
    if expression in _MACROS:
        return
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        yield Fault(
            "",
            "a schedule must have five fields (minute, hour, day of the month, month, day of the "
            f"week), got {len(fields)} in '{expression[:60]}'. Write it like '15 3 * * *', or "
            "'@daily'.",
        )
        return
    is_valid = True
    for text, (name, least, largest, words) in zip(fields, _FIELDS, strict=True):
        if not all(_is_valid_part(part, least, largest, words) for part in text.lower().split(",")):
            yield Fault(
                "",
                f"the {name} of a schedule must be {least} to {largest}, a range such as "
                f"{least}-{largest}, a list, '*' or a step such as '*/5', got '{text[:40]}'. "
                "Change it.",
            )
            is_valid = False
    if is_valid:
        yield from _never_faults(expression.lower().split())


def _never_faults(fields: list[str]) -> list[Fault]:
    """Check that a month of the schedule has its day; any day of the week is one of each month."""
    _, _, day, month, weekday = fields
    is_limited = weekday in ("*", "?")
    first = min(_numbers(day, _FIELDS[2]))
    longest = max(_LENGTHS[number - 1] for number in _numbers(month, _FIELDS[3]))
    return faults_unless(
        not is_limited or first <= longest,
        f"a schedule must name a day that one of its months has, got day '{day}' of month "
        f"'{month}': no run would ever start. Write 28 or less, or another month.",
    )


def _numbers(text: str, field: tuple[str, int, int, tuple[str, ...]]) -> set[int]:
    """Return the numbers that a valid field of a schedule stands for."""
    _, least, largest, words = field
    found: set[int] = set()
    for part in text.split(","):
        given, _, step = part.partition("/")
        ends = [_number(end, least, words) or least for end in given.split("-")]
        first, last = ends[0], ends[-1]
        if given in ("*", "?"):
            first, last = least, largest
        elif step and len(ends) == 1:
            last = largest
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _is_valid_part(part: str, least: int, largest: int, words: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if found is None or (found[2] is not None and int(found[2]) < 1):
        return False
    if found[1] in ("*", "?"):
        return True
    ends = [_number(end, least, words) for end in found[1].split("-")]
    numbers = [end for end in ends if end is not None and least <= end <= largest]
    return len(numbers) == len(ends) and numbers == sorted(numbers)


def _number(text: str, least: int, words: tuple[str, ...]) -> int | None:
    if text in words:
        return words.index(text) + least
    return int(text) if text.isdigit() else None
