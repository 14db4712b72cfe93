"""When a CronJob runs."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.rules.ecr.images import ImageSpec
from constructs_lib.rules.faults import RuleError
from constructs_lib.rules.kubernetes.cron_job import CronSchedule, cron_name_faults
from constructs_lib.rules.kubernetes.job import JobRun, JobSpec
from constructs_lib.rules.kubernetes.manifest import cron_job_manifest

JOB = JobSpec(name="list")
IMAGE = ImageSpec(
    account="111111111111", region="eu-west-1", repository="team/api", tag="v1", digest=None
)


def refused(**fields: Any) -> list[str]:
    """Return the paths of the faults of a schedule."""
    with pytest.raises(RuleError) as refusal:
        CronSchedule(**fields)
    return [fault.path for fault in refusal.value.faults]


@pytest.mark.parametrize(
    "schedule",
    [
        "0 0 1 1 0",
        "59 23 31 12 6",
        "? * ? * ?",
        "*/5 0-23/2 1,15 jan-dec sun-sat",
        "0 0 1 jan sun",
        "0 0 1 JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC SUN,MON,TUE,WED,THU,FRI,SAT",
        "5-5 * * feb-3 mon-1",
        "*/1 * * * *",
        "0 0 1 1-2 1-2",
        "0 0 29 2 *",
        "0 0 31 1,2 *",
        "0 0 28-31 feb *",
        "0 0 30/5 4 *",
        # Every Monday of February too: a day of the week is a day of its own.
        "0 0 31 2 mon",
        "@hourly",
        "@daily",
        "@midnight",
        "@weekly",
        "@monthly",
        "@yearly",
        "@annually",
    ],
)
def test_a_schedule_that_kubernetes_takes_is_taken(schedule: str) -> None:
    assert CronSchedule(schedule=schedule).schedule == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "* * * * 7",
        "*/0 * * * *",
        "5-1 * * * *",
        "5-60 * * * *",
        "60-5 * * * *",
        "* * * * fri-mon",
        "jan * * * *",
        "* * * mon *",
        "-1 * * * *",
        "1- * * * *",
        "1,,2 * * * *",
        "a * * * *",
        "* * * *",
        "* * * * * *",
        "@reboot",
        "",
    ],
)
def test_a_schedule_that_kubernetes_refuses_has_one_fault(schedule: str) -> None:
    assert refused(schedule=schedule) == ["schedule"]


def test_each_field_that_is_wrong_has_a_fault_of_its_own() -> None:
    assert refused(schedule="60 24 1 1 0") == ["schedule", "schedule"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Port-au-Prince", "Etc/GMT+5"])
def test_a_time_zone_is_taken_by_its_form(zone: str) -> None:
    assert CronSchedule(schedule="@daily", time_zone=zone).time_zone == zone


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"time_zone": ""}, "time_zone"),
        ({"time_zone": "TZ=UTC"}, "time_zone"),
        ({"concurrency_policy": "forbid"}, "concurrency_policy"),
        ({"starting_deadline_seconds": 9}, "starting_deadline_seconds"),
    ],
)
def test_what_else_kubernetes_refuses_of_a_schedule_is_refused(
    fields: dict[str, Any], path: str
) -> None:
    assert refused(schedule="@daily", **fields) == [path]


@pytest.mark.parametrize("policy", ["Forbid", "Allow", "Replace"])
def test_every_field_of_a_schedule_arrives_in_the_manifest(policy: Any) -> None:
    schedule = CronSchedule(
        schedule="@daily",
        time_zone="UTC",
        concurrency_policy=policy,
        starting_deadline_seconds=10,
        suspend=True,
    )
    manifest = cron_job_manifest(JOB, IMAGE, schedule)
    template = manifest["spec"].pop("jobTemplate")
    assert manifest == {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "list"},
        "spec": {
            "schedule": "@daily",
            "timeZone": "UTC",
            "concurrencyPolicy": policy,
            "startingDeadlineSeconds": 10,
            "suspend": True,
        },
    }
    assert template["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGE.uri


def test_what_a_schedule_leaves_out_is_left_to_kubernetes() -> None:
    manifest = cron_job_manifest(JOB, IMAGE, CronSchedule(schedule="0 3 * * *"))
    del manifest["spec"]["jobTemplate"]
    assert manifest["spec"] == {"schedule": "0 3 * * *", "concurrencyPolicy": "Forbid"}


def test_the_name_of_a_cron_job_leaves_room_for_those_of_its_jobs() -> None:
    assert cron_name_faults("a" * 52) == []
    assert [fault.path for fault in cron_name_faults("a" * 53)] == ["name"]


def test_the_numbers_of_a_run_may_be_at_their_limits() -> None:
    most = 2**31 - 1
    run = JobRun(
        backoff_limit=0,
        active_deadline_seconds=1,
        ttl_seconds_after_finished=0,
        parallelism=1,
        completions=1,
    )
    assert JobSpec(name="list", run=run).run == run
    run = JobRun(backoff_limit=most, parallelism=most, completions=most)
    assert JobSpec(name="list", run=run).run == run
    with pytest.raises(RuleError) as refusal:
        JobSpec(name="list", run=JobRun(backoff_limit=most + 1))
    assert [fault.path for fault in refusal.value.faults] == ["backoff_limit"]


@pytest.mark.parametrize(
    ("day", "month"),
    [("30", "2"), ("31", "2,4,6,9,11"), ("30-31", "feb"), ("31", "jun-jun"), ("30/1", "2")],
)
def test_a_schedule_that_never_starts_a_run_is_refused(day: str, month: str) -> None:
    with pytest.raises(RuleError) as refusal:
        CronSchedule(schedule=f"0 0 {day} {month} *")
    (fault,) = refusal.value.faults
    assert str(fault) == (
        "schedule: a schedule must name a day that one of its months has, got day "
        f"'{day}' of month '{month}': no run would ever start. Write 28 or less, or another month."
    )
