"""Entries of a file that a person accepts: with a reason, until a day."""

from datetime import date, datetime
from typing import Any

from constructs_lib.rules.faults import Fault, faults_unless

_SHORTEST_REASON = 10


def reason_faults(reason: str) -> list[Fault]:
    """Check that a reason can be understood by a later reader."""
    return faults_unless(
        len(reason.strip()) >= _SHORTEST_REASON,
        f"a reason must have at least {_SHORTEST_REASON} characters, got '{reason}'. Explain the "
        "decision to a later reader.",
    )


def day_faults(day: Any) -> list[Fault]:
    """Check that a value is a date. YAML reads 2026-12-31 as one, and other text as text."""
    return faults_unless(
        isinstance(day, date) and not isinstance(day, datetime),
        f"the last day must be a date such as 2026-12-31, got {str(day)[:40]!r}.",
    )
