"""Rules about workloads: their images, Jobs, identities and hardening."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import (
    Comparison,
    Resource,
    ResourceChange,
    is_true,
    properties,
    value_at,
)
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import (
    APPLIED,
    IDENTITY_WORDS,
    ImageReference,
    WorkloadChange,
    workload_changes,
)
from ecrctl.review.findings import Category, Finding, canonical_json
from ecrctl.review.resource_types import SERVICE, TASK_DEFINITION

from .rule import OfComparison, about, rule

_WORKLOADS = Category.WORKLOADS
# Another rule reports the image, and a Job's name follows from its pod.
_REPORTED_ELSEWHERE = ("image", "metadata")
_SCHEDULE_FIELDS = ("schedule", "timeZone", "suspend", "concurrencyPolicy")
_HOST_MODES = ("NetworkMode", "PidMode", "IpcMode")


def about_workload(workload: WorkloadChange, message: str) -> Finding:
    """Return a finding about a workload."""
    finding = about(workload.change, message, detail=workload.evidence)
    return replace(
        finding, subject=workload.subject, key=canonical_json([finding.key, *workload.workload.key])
    )


def each_workload(message_of: Callable[[WorkloadChange], str | None]) -> OfComparison:
    """Make a function of a workload one of a whole comparison."""

    def find(comparison: Comparison) -> Iterator[Finding]:
        for one in workload_changes(comparison):
            message = message_of(one)
            if message:
                yield about_workload(one, message)

    return find


@rule("image-changed", Category.IMAGES, finds="A workload runs another image, by digest and tag")
@each_workload
def image_changed(one: WorkloadChange) -> str | None:
    """Return the images that change."""
    if one.head is None:
        return None
    before = one.base.images if one.base else {}
    changed = [
        _image_change(container, before.get(container), image)
        for container, image in one.head.images.items()
        if before.get(container) != image
    ]
    return "; ".join(changed) or None


def _image_change(container: str, before: ImageReference | None, after: ImageReference) -> str:
    where = f"in container `{container}`"
    if before is None:
        version = f", tag `{after.version}`" if after.digest and after.version else ""
        return f"runs `{after.uri}` {where}{version}"
    if before.repository != after.repository:
        return f"runs `{after.uri}` {where} instead of `{before.uri}`"
    if (before.digest, before.tag) == (after.digest, after.tag):
        return f"runs `{after.uri}` {where}"
    parts = []
    if before.tag != after.tag:
        parts.append(f"tag {_or_none(before.tag)} → {_or_none(after.tag)}")
    if before.digest != after.digest:
        parts.append(f"digest {_or_none(before.digest)} → {_or_none(after.digest)}")
    same = " (the same digest)" if before.digest and before.digest == after.digest else ""
    return f"runs `{after.repository}` {where}: {', '.join(parts)}{same}"


def _or_none(value: object) -> str:
    return "none" if value is None else f"`{value}`"


@rule("workload-removed", _WORKLOADS, finds="A task definition, Job or CronJob is removed")
@each_workload
def workload_removed(one: WorkloadChange) -> str | None:
    """Return the consequence of removing a workload."""
    if one.head is not None:
        return None
    if one.change.pair.head is None:
        return "leaves the app with its stack, and keeps running"
    if one.base is not None and one.base.kind == TASK_DEFINITION:
        return "is removed: its running tasks continue until they stop, and cannot start again"
    return "is removed from the app, but not from the cluster: nothing is pruned there"


@rule("service-stopped", _WORKLOADS, on=SERVICE, finds="A service is removed, replaced or stopped")
def service_stopped(change: ResourceChange) -> str | None:
    """Return why a service stops."""
    if change.head is None:
        if change.pair.head is None:
            return "leaves the app with its stack, and keeps running"
        return "is removed: it stops"
    before, after = change.values("DesiredCount")
    if change.is_update and after == 0 and before != 0:
        return "is scaled to 0: it stops"
    if change.is_replaced and not change.keeps_its_name():
        return f"is replaced ({', '.join(change.replacing)}): a new one starts, the old one stops"
    return None


@rule(
    "identity-changed",
    _WORKLOADS,
    finds="A workload gets another task role, execution role or service account",
)
@each_workload
def identity_changed(one: WorkloadChange) -> str | None:
    """Return the roles or service accounts that change."""
    if one.base is None or one.head is None:
        return None
    before, after = one.base.identities, one.head.identities
    changed = [
        f"{IDENTITY_WORDS[name]} {_or_none(before.get(name))} → {_or_none(after.get(name))}"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    return f"changes identity: {', '.join(changed)}" if changed else None


@rule("hardening-lost", _WORKLOADS, finds="A workload is hardened less than before")
@each_workload
def hardening_lost(one: WorkloadChange) -> str | None:
    """Return the hardening that a workload loses."""
    if one.base is None or one.head is None:
        return None
    # The faults of an added container count: the workload did not have them before.
    lost = sorted(one.head.faults - one.base.faults)
    return f"is hardened less: {listed(lost)}" if lost else None


@rule("not-hardened", _WORKLOADS, finds="A new workload is not hardened")
@each_workload
def not_hardened(one: WorkloadChange) -> str | None:
    """Return the hardening that a new workload lacks."""
    if one.base is not None or one.head is None or not one.head.faults:
        return None
    return f"is new and not hardened: {listed(sorted(one.head.faults))}"


@rule(
    "host-access",
    _WORKLOADS,
    on=TASK_DEFINITION,
    finds="A task gets access to its host's files, network or processes",
)
def host_access(change: ResourceChange) -> str | None:
    """Return the parts of the host that a task gets access to."""
    before, after = change.both(_host_paths)
    found = [f"the host's `{path}` is mounted" for path in sorted(after - before)]
    for name in _HOST_MODES:
        old, new = change.values(name)
        if new == "host" and old != "host":
            found.append(f"`{name}` is `host`")
    return f"gets access to its host: {listed(found)}" if found else None


def _host_paths(resource: Resource | None) -> set[str]:
    return {
        str(volume.get("Host", {}).get("SourcePath"))
        for volume in properties(resource).get("Volumes", [])
        if isinstance(volume, dict) and volume.get("Host", {}).get("SourcePath")
    }


@rule("job-runs-again", _WORKLOADS, finds="A Job runs for the first time, or again")
@each_workload
def job_runs_again(one: WorkloadChange) -> str | None:
    """Return when and why a Job runs."""
    if one.head is None or one.head.kind != "Job":
        return None
    when = "by this deployment" if one.change.type == APPLIED else "when its manifest is applied"
    if one.base is None:
        return f"is new, and runs {when}"
    if one.base.full_name == one.head.full_name:
        return None
    found = differences(one.base.document, one.head.document, without=_REPORTED_ELSEWHERE)
    changed = f": {', '.join(found)}" if found else ""
    return f"will run again under a new name {when}{changed}"


@rule("schedule-changed", _WORKLOADS, finds="A CronJob runs at other times")
@each_workload
def schedule_changed(one: WorkloadChange) -> str | None:
    """Return the schedule that changes."""
    if one.base is None or one.head is None or one.head.kind != "CronJob":
        return None
    before, after = (side.document.get("spec", {}) for side in (one.base, one.head))
    changed = [
        f"`{field}` {_or_none(before.get(field))} → {_or_none(after.get(field))}"
        for field in _SCHEDULE_FIELDS
        if before.get(field) != after.get(field)
    ]
    return f"runs at other times: {', '.join(changed)}" if changed else None


@rule("service-public", _WORKLOADS, on=SERVICE, finds="A service's tasks get public IP addresses")
def service_public(change: ResourceChange) -> str | None:
    """Return whether a service's tasks get public addresses."""
    before, after = change.values("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")
    if after == "ENABLED" and before != "ENABLED":
        return "assigns public IP addresses to its tasks"
    return None


@rule(
    "execute-command-on",
    _WORKLOADS,
    on=SERVICE,
    finds="A service's containers allow an interactive shell",
)
def execute_command_on(change: ResourceChange) -> str | None:
    """Return who may open a shell."""
    before, after = change.values("EnableExecuteCommand")
    if is_true(after) and not is_true(before):
        return "allows principals with `ecs:ExecuteCommand` to open a shell in its containers"
    return None


@rule(
    "circuit-breaker-off",
    _WORKLOADS,
    on=SERVICE,
    finds="A service no longer rolls back a failed deployment",
)
def circuit_breaker_off(change: ResourceChange) -> str | None:
    """Return the protection of deployments that a service loses."""
    before, after = change.both(_circuit_breaker)
    if change.is_update and before.get("Enable") is True and after.get("Enable") is not True:
        return "no longer stops and rolls back a deployment whose tasks do not start"
    if change.is_update and before.get("Rollback") is True and after.get("Rollback") is not True:
        return "no longer rolls back a deployment whose tasks do not start"
    return None


def _circuit_breaker(resource: Resource | None) -> Mapping[str, Any]:
    found = value_at(resource, "DeploymentConfiguration", "DeploymentCircuitBreaker")
    return found if isinstance(found, Mapping) else {}
