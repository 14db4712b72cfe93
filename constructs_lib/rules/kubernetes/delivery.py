"""The times of a Job that CloudFormation applies: its TTL, the rollback window and the waiting.

Source: Kubernetes documentation, "Automatic Cleanup for Finished Jobs".
"""

from collections.abc import Iterator

from constructs_lib.rules.faults import Fault, faults_unless, under

from .job import JobRun

# The Lambda function that waits times out after 15 minutes, its own start and end included.
LONGEST_WAIT_SECONDS = 14 * 60


def parameter_name(stack_name: str, path: str) -> str:
    """Return the name of the SSM parameter that contains a Job's manifest.

    :param stack_name: CloudFormation's name for the stack that delivers the Job.
    :param path: the Job's path; see ``JobSpec``.
    """
    return f"/{stack_name}/jobs/{path}"


def delivery_faults(
    run: JobRun, *, rollback_window_seconds: int | None, wait_seconds: int | None
) -> Iterator[Fault]:
    """Yield the faults of a Job's times with those of the deployment that applies the Job."""
    ttl = run.ttl_seconds_after_finished
    if ttl is not None:
        found = _ttl_faults(ttl, rollback_window_seconds, wait_seconds)
        yield from under("ttl_seconds_after_finished", found)
    if wait_seconds is None:
        return
    yield from faults_unless(
        1 <= wait_seconds <= LONGEST_WAIT_SECONDS,
        f"a deployment can wait up to {LONGEST_WAIT_SECONDS // 60} minutes for a Job, got "
        f"{wait_seconds} seconds. Wait for less, or watch the Job with another tool.",
        path="wait_for_completion",
    )
    deadline = run.active_deadline_seconds
    yield from faults_unless(
        deadline is not None and deadline <= wait_seconds,
        "a deployment that waits for a Job requires an active_deadline_seconds that is no longer, "
        "because the Job would otherwise run on after the deployment has failed, got "
        f"{deadline or 'no'} active_deadline_seconds and {wait_seconds} seconds of waiting. Write "
        f"active_deadline_seconds {wait_seconds} or less.",
        path="active_deadline_seconds",
    )


def _ttl_faults(ttl: int, window: int | None, wait: int | None) -> Iterator[Fault]:
    if window is None:
        yield Fault(
            "",
            "a TTL requires a rollback window that is no longer, because a rollback runs a deleted "
            f"Job again, got a TTL of {ttl} seconds and no window. Add a rollback window, or "
            "remove the TTL.",
        )
    elif ttl < window:
        yield Fault(
            "",
            "a TTL must be at least as long as the rollback window, because a rollback runs a "
            f"deleted Job again, got a TTL of {ttl} seconds and a window of {window}. Raise the "
            f"TTL to {window} seconds.",
        )
    if wait is not None and ttl < wait:
        yield Fault(
            "",
            "a TTL must be at least as long as the deployment waits, because a Job that is deleted "
            f"meanwhile looks failed, got a TTL of {ttl} seconds and {wait} seconds of waiting. "
            f"Raise the TTL to {wait} seconds.",
        )


def cron_delivery_faults(*, rollback_window: bool = False, waits: bool = False) -> list[Fault]:
    """Return the faults of settings of a delivery that only a Job can have.

    The cluster creates the Jobs of a CronJob: no rollback applies one again, whatever its TTL.
    """
    return faults_unless(
        not rollback_window,
        "a CronJob cannot have a rollback window, because no rollback runs its Jobs again. "
        "Remove it.",
        path="rollback_window",
    ) + faults_unless(
        not waits,
        "a deployment cannot wait for a CronJob, which never ends. Remove it.",
        path="wait_for_completion",
    )
