"""EksImageCronJob, and when it runs."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import ClusterDelivery, CronSchedule, EksImageCronJob, JobPod, JobRun
from tests.constructs_lib.test_eks_workloads import APPLIED, cluster_in, image_in
from tests.support import only, resources, stack_in, template_of


def test_a_cron_job_keeps_its_name_and_runs_alone() -> None:
    stack = stack_in()
    job = EksImageCronJob(
        stack,
        "Nightly",
        name="report",
        schedule=CronSchedule(schedule="15 3 * * mon-fri", time_zone="Europe/Berlin"),
        image=image_in(stack),
        run=JobRun(backoff_limit=1),
        service_account="reader",
        pod=JobPod(args=("s3", "ls")),
    )
    pod = job.manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "reader"
    assert pod["containers"][0]["args"] == ["s3", "ls"]
    assert job.manifest["metadata"]["name"] == "report"
    spec = job.manifest["spec"]
    assert spec["schedule"] == "15 3 * * mon-fri"
    assert spec["timeZone"] == "Europe/Berlin"
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 1
    assert only(template_of(stack), "AWS::SSM::Parameter")["Value"] == job.manifest_yaml


def test_the_name_of_a_cron_job_leaves_room_for_its_jobs() -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match="name: a name must have 1 to 52"):
        EksImageCronJob(
            stack,
            "Nightly",
            name="a" * 53,
            schedule=CronSchedule(schedule="@daily"),
            image=image_in(stack),
        )


@pytest.mark.parametrize(
    "schedule", ["@daily", "*/5 * * * *", "0 0 1,15 jan-jun *", "59 23 31 12 6", "0 3 * * 1-5/2"]
)
def test_a_schedule_that_kubernetes_takes_is_taken(schedule: str) -> None:
    assert CronSchedule(schedule=schedule).schedule == schedule


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"schedule": "15 3 * *"},
            "CronJob '15 3 * *': schedule: a schedule must have five fields (minute, hour, day "
            "of the month, month, day of the week), got 4 in '15 3 * *'. Write it like '15 3 "
            "* * *', or '@daily'.",
        ),
        (
            {"schedule": "60 3 * * *"},
            "CronJob '60 3 * * *': schedule: the minute of a schedule must be 0 to 59, a range "
            "such as 0-59, a list, '*' or a step such as '*/5', got '60'. Change it.",
        ),
        (
            {"schedule": "0 24 * * *"},
            "CronJob '0 24 * * *': schedule: the hour of a schedule must be 0 to 23, a range "
            "such as 0-23, a list, '*' or a step such as '*/5', got '24'. Change it.",
        ),
        (
            {"schedule": "0 0 0 * *"},
            "CronJob '0 0 0 * *': schedule: the day of the month of a schedule must be 1 to 31, "
            "a range such as 1-31, a list, '*' or a step such as '*/5', got '0'. Change it.",
        ),
        (
            {"schedule": "0 0 * foo *"},
            "CronJob '0 0 * foo *': schedule: the month of a schedule must be 1 to 12, a range "
            "such as 1-12, a list, '*' or a step such as '*/5', got 'foo'. Change it.",
        ),
        (
            {"schedule": "0 0 * * 7"},
            "CronJob '0 0 * * 7': schedule: the day of the week of a schedule must be 0 to 6, a "
            "range such as 0-6, a list, '*' or a step such as '*/5', got '7'. Change it.",
        ),
        (
            {"schedule": "5-1 0 * * *"},
            "CronJob '5-1 0 * * *': schedule: the minute of a schedule must be 0 to 59, a range "
            "such as 0-59, a list, '*' or a step such as '*/5', got '5-1'. Change it.",
        ),
        (
            {"schedule": "*/0 0 * * *"},
            "CronJob '*/0 0 * * *': schedule: the minute of a schedule must be 0 to 59, a range "
            "such as 0-59, a list, '*' or a step such as '*/5', got '*/0'. Change it.",
        ),
        (
            {"schedule": "@daily", "time_zone": "Berlin!"},
            "CronJob '@daily': time_zone: time_zone must be a name of the IANA time zone "
            "database, got 'Berlin!'. Write it like 'Europe/Berlin'.",
        ),
        (
            {"schedule": "@daily", "concurrency_policy": "No"},
            "CronJob '@daily': concurrency_policy: concurrency_policy must be one of Forbid, "
            "Allow, Replace, got 'No'.",
        ),
        (
            {"schedule": "@daily", "starting_deadline_seconds": 5},
            "CronJob '@daily': starting_deadline_seconds: starting_deadline_seconds must be at "
            "least 10, got 5. Raise it, or remove it. With less, the controller might never "
            "start a run.",
        ),
    ],
)
def test_a_schedule_that_kubernetes_would_refuse_is_refused(
    arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match="CronJob '") as refusal:
        CronSchedule(**arguments)
    assert str(refusal.value) == sentence


def on_a_cluster(**delivery: Any) -> dict[str, Any]:
    """Return the template of a CronJob that CloudFormation applies."""
    stack = stack_in()
    EksImageCronJob(
        stack,
        "Nightly",
        name="report",
        schedule=CronSchedule(schedule="@daily"),
        image=image_in(stack),
        run=JobRun(ttl_seconds_after_finished=60),
        delivery=ClusterDelivery(cluster=cluster_in(stack), **delivery),
    )
    return template_of(stack)


def test_on_a_cluster_its_jobs_may_have_any_ttl_and_it_is_not_waited_for() -> None:
    template = on_a_cluster()
    assert '"ttlSecondsAfterFinished":60' in only(template, APPLIED)["Manifest"]
    assert len(resources(template, APPLIED)) == 1
    with pytest.raises(ValueError, match="EksImageCronJob") as refusal:
        on_a_cluster(wait_for_completion=cdk.Duration.minutes(5))
    assert str(refusal.value) == (
        "EksImageCronJob 'Nightly': wait_for_completion: a deployment cannot wait for a "
        "CronJob, which never ends. Remove it."
    )
