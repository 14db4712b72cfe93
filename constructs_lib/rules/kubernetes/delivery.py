"""When a Job that CloudFormation applies may be deleted, and how long it can be waited for.

Source: Kubernetes documentation, "Automatic Cleanup for Finished Jobs".
"""

from __future__ import annotations

from constructs_lib.rules.faults import Fault

from .job import JobRun

# The function that waits is stopped after 15 minutes; it needs some of them to begin and to end.
LONGEST_WAIT_SECONDS = 14 * 60


def parameter_name(stack_name: str, path: str) -> str:
    """Return the name of the SSM parameter that contains a Job's manifest.

    :param stack_name: CloudFormation's name for the stack that delivers the Job.
    :param path: the Job's path; see ``JobSpec``.
    """
    return f"/{stack_name}/jobs/{path}"


def delivery_faults(
    run: JobRun, *, rollback_window_seconds: int | None, wait_seconds: int | None
) -> list[Fault]:
    """Check a Job's times against those of the deployment that applies it."""
    faults: list[Fault] = []
    ttl = run.ttl_seconds_after_finished
    if ttl is not None and rollback_window_seconds is None:
        faults.append(
            Fault(
                "ttl_seconds_after_finished",
                "a Job that its TTL has deleted is run again by a rollback, so a TTL needs a "
                f"rollback_window no longer than it, got a TTL of {ttl} seconds and no window. "
                "Give the window, or leave the TTL out.",
            )
        )
    if ttl is not None and rollback_window_seconds is not None and ttl < rollback_window_seconds:
        faults.append(
            Fault(
                "ttl_seconds_after_finished",
                f"a Job is kept at least as long as one may roll back to it, got a TTL of {ttl} "
                f"seconds and a rollback_window of {rollback_window_seconds}. Lengthen the TTL: a "
                "rollback would run the Job a second time.",
            )
        )
    if ttl is not None and wait_seconds is not None and ttl < wait_seconds:
        faults.append(
            Fault(
                "ttl_seconds_after_finished",
                "a Job that is waited for is kept at least as long as the waiting, which looks "
                f"for it again and again, got a TTL of {ttl} seconds and {wait_seconds} seconds "
                "of waiting. Lengthen the TTL: a Job that has succeeded and is gone looks failed.",
            )
        )
    if wait_seconds is not None and not 1 <= wait_seconds <= LONGEST_WAIT_SECONDS:
        faults.append(
            Fault(
                "wait_for_completion",
                f"a deployment waits up to {LONGEST_WAIT_SECONDS // 60} minutes for a Job, got "
                f"{wait_seconds} seconds. Wait less, or watch the Job with something else.",
            )
        )
    deadline = run.active_deadline_seconds
    if wait_seconds is not None and (deadline is None or deadline > wait_seconds):
        faults.append(
            Fault(
                "active_deadline_seconds",
                "a Job that is waited for ends before the waiting does, or it would go on after "
                f"its deployment has failed, got {deadline or 'no'} active_deadline_seconds and "
                f"{wait_seconds} seconds of waiting. Give it a deadline no longer than that.",
            )
        )
    return faults


def cron_delivery_faults(*, rollback_window: bool = False, waits: bool = False) -> list[Fault]:
    """Check that nothing is asked of the delivery of a CronJob that is for a Job alone.

    Its own Jobs are the cluster's: no rollback applies one of them again, whatever their TTL.
    """
    asked = (
        (
            "rollback_window",
            rollback_window,
            "a rollback runs no Job of a CronJob again, so it needs no rollback_window.",
        ),
        ("wait_for_completion", waits, "a CronJob never ends, so none can be waited for."),
    )
    return [Fault(path, f"{why} Leave it out.") for path, given, why in asked if given]
