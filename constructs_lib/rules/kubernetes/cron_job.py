"""When a CronJob runs.

Source: Kubernetes documentation, "CronJob".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zoneinfo import available_timezones

from constructs_lib.rules.faults import Fault, raise_if_any

from .names import dns_label_faults

ConcurrencyPolicy = Literal["Forbid", "Allow", "Replace"]
CONCURRENCY_POLICIES: tuple[ConcurrencyPolicy, ...] = ("Forbid", "Allow", "Replace")
# The name of a Job that a CronJob makes is the CronJob's and eleven characters more.
NAME_LENGTH = 52

_MACROS = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Name, least, largest, and words that may stand for numbers, counted from the least.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(\*|\?|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedule:
    """Define when a CronJob runs, and what happens when the last run is not over yet.

    :param schedule: five fields, minute, hour, day of the month, month and day of the week, or a
        word such as ``@daily``.
    :param time_zone: such as ``Europe/Berlin``; by default the cluster's, usually UTC.
    :param concurrency_policy: ``Forbid`` (the default) leaves a run out while the last one lasts;
        ``Replace`` stops that one, ``Allow`` runs both.
    :param starting_deadline_seconds: a run that could not start so long is left out.
    :param suspend: no run starts.
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


def schedule_faults(cron: CronSchedule) -> list[Fault]:
    """Check when a CronJob runs."""
    faults = [fault.under("schedule") for fault in _expression_faults(cron.schedule)]
    if cron.time_zone is not None and cron.time_zone not in available_timezones():
        faults.append(
            Fault(
                "time_zone",
                "time_zone must be a name of the IANA time zone database, got "
                f"'{cron.time_zone[:60]}'. Write it such as 'Europe/Berlin'.",
            )
        )
    if cron.concurrency_policy not in CONCURRENCY_POLICIES:
        faults.append(
            Fault(
                "concurrency_policy",
                f"concurrency_policy is {', '.join(CONCURRENCY_POLICIES)}, "
                f"got '{cron.concurrency_policy}'.",
            )
        )
    # Under ten seconds the controller, which looks every ten, may never start it.
    if cron.starting_deadline_seconds is not None and cron.starting_deadline_seconds < 10:  # noqa: PLR2004
        faults.append(
            Fault(
                "starting_deadline_seconds",
                "starting_deadline_seconds is at least 10, as a CronJob is looked at every 10 "
                f"seconds, got {cron.starting_deadline_seconds}. Raise it, or leave it out.",
            )
        )
    return faults


def cron_name_faults(name: str) -> list[Fault]:
    """Check the name of a CronJob, to which its Jobs add their own."""
    return [fault.under("name") for fault in dns_label_faults(name, NAME_LENGTH)]


def _expression_faults(expression: str) -> Iterator[Fault]:
    if expression in _MACROS:
        return
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        yield Fault(
            "",
            "a schedule has five fields, minute, hour, day of the month, month and day of the "
            f"week, got {len(fields)} in '{expression[:60]}'. Write it such as '15 3 * * *', "
            "or '@daily'.",
        )
        return
    for text, (name, least, largest, words) in zip(fields, _FIELDS, strict=True):
        if not all(_part_holds(part, least, largest, words) for part in text.lower().split(",")):
            yield Fault(
                "",
                f"the {name} of a schedule is {least} to {largest}, a range such as "
                f"{least}-{largest}, a list, '*' or a step such as '*/5', got '{text[:40]}'. "
                "Change it.",
            )


def _part_holds(part: str, least: int, largest: int, words: tuple[str, ...]) -> bool:
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
