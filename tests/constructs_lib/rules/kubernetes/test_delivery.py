"""Jobs that CloudFormation applies: their times against those of the deployment."""

from __future__ import annotations

import pytest

from constructs_lib.rules.kubernetes.delivery import (
    LONGEST_WAIT_SECONDS,
    cron_delivery_faults,
    delivery_faults,
    parameter_name,
)
from constructs_lib.rules.kubernetes.job import JobRun

TTL, WAIT, DEADLINE = (
    "ttl_seconds_after_finished",
    "wait_for_completion",
    "active_deadline_seconds",
)


def paths(
    ttl: int | None = None,
    deadline: int | None = None,
    window: int | None = None,
    wait: int | None = None,
) -> list[str]:
    """Return the paths of the faults of a Job with these seconds."""
    run = JobRun(ttl_seconds_after_finished=ttl, active_deadline_seconds=deadline)
    faults = delivery_faults(run, rollback_window_seconds=window, wait_seconds=wait)
    return [fault.path for fault in faults]


def test_the_longest_wait_leaves_a_minute_of_the_functions_fifteen() -> None:
    assert LONGEST_WAIT_SECONDS == 14 * 60


def test_a_job_without_times_has_no_fault() -> None:
    assert paths() == []
    assert paths(window=60) == []
    assert paths(deadline=60) == []


@pytest.mark.parametrize(
    ("ttl", "window", "expected"),
    [
        (60, None, [TTL]),
        (0, None, [TTL]),
        (59, 60, [TTL]),
        (60, 60, []),
        (61, 60, []),
        (0, 0, []),
    ],
)
def test_a_job_is_kept_as_long_as_one_may_roll_back_to_it(
    ttl: int, window: int | None, expected: list[str]
) -> None:
    assert paths(ttl=ttl, window=window) == expected


@pytest.mark.parametrize(("ttl", "expected"), [(59, [TTL]), (60, []), (61, [])])
def test_a_job_is_kept_as_long_as_it_is_waited_for(ttl: int, expected: list[str]) -> None:
    assert paths(ttl=ttl, window=0, wait=60, deadline=60) == expected


def test_a_ttl_that_is_too_short_for_both_has_both_faults() -> None:
    assert paths(ttl=59, window=60, wait=60, deadline=60) == [TTL, TTL]
    assert paths(ttl=59, window=None, wait=60, deadline=60) == [TTL, TTL]


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (0, [WAIT]),
        (1, []),
        (LONGEST_WAIT_SECONDS, []),
        (LONGEST_WAIT_SECONDS + 1, [WAIT]),
    ],
)
def test_a_deployment_waits_as_long_as_its_function_may_run(wait: int, expected: list[str]) -> None:
    assert paths(wait=wait, deadline=min(wait, 1)) == expected


@pytest.mark.parametrize(
    ("deadline", "expected"), [(None, [DEADLINE]), (61, [DEADLINE]), (60, []), (59, [])]
)
def test_a_job_that_is_waited_for_ends_before_the_waiting(
    deadline: int | None, expected: list[str]
) -> None:
    assert paths(wait=60, deadline=deadline) == expected


@pytest.mark.parametrize(
    ("window", "waits", "expected"),
    [
        (False, False, []),
        (True, False, ["rollback_window"]),
        (False, True, ["wait_for_completion"]),
        (True, True, ["rollback_window", "wait_for_completion"]),
    ],
)
def test_a_cron_job_is_neither_rolled_back_to_nor_waited_for(
    *, window: bool, waits: bool, expected: list[str]
) -> None:
    faults = cron_delivery_faults(rollback_window=window, waits=waits)
    assert [fault.path for fault in faults] == expected
    assert len({fault.message for fault in faults}) == len(expected)
    assert cron_delivery_faults() == []


def test_the_parameter_of_a_job_is_under_its_stack() -> None:
    assert parameter_name("dev-EksWorkloads", "team/list") == "/dev-EksWorkloads/jobs/team/list"
