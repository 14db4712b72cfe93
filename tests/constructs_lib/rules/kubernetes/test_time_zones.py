"""The time zone of a CronJob: a name of the IANA database, spelled as there."""

from __future__ import annotations

import pytest

from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes.cron_job import CronSchedule


@pytest.mark.parametrize(
    "zone", [None, "UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]
)
def test_a_zone_of_the_database_has_no_fault(zone: str | None) -> None:
    assert CronSchedule(schedule="@daily", time_zone=zone).time_zone == zone


@pytest.mark.parametrize(
    "zone", ["europe/berlin", "Europe/Berlin ", "Berlin", "Europe", "Local", "../UTC", "+01:00", ""]
)
def test_any_other_text_is_refused(zone: str) -> None:
    with pytest.raises(RuleError) as caught:
        CronSchedule(schedule="@daily", time_zone=zone)
    (fault,) = caught.value.faults
    assert str(fault) == (
        "time_zone: time_zone must be a name of the IANA time zone database, got "
        f"'{zone}'. Write it like 'Europe/Berlin'."
    )
