"""What a change does to what runs: images, Jobs, identities and what keeps containers in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ecrctl.policies.wording import listed
from ecrctl.review.diff.comparison import Comparison, ResourceChange, is_true, properties
from ecrctl.review.diff.value_diff import differences
from ecrctl.review.diff.workloads import APPLIED, ImageReference, WorkloadChange, workload_changes
from ecrctl.review.findings import Category, Saying
from ecrctl.review.resource_types import SERVICE, TASK_DEFINITION

from .rule import Look, Rule, about, each

_WORKLOADS = Category.WORKLOADS
# The image has a sentence of its own, and a Job's name follows from what it runs.
_TOLD_ELSEWHERE = ("image", "metadata")


def _each_workload(says: Callable[[WorkloadChange], str | None]) -> Look:
    def look(comparison: Comparison) -> Iterator[Saying]:
        for one in workload_changes(comparison):
            message = says(one)
            if message:
                yield about(one.change, message, subject=one.subject)

    return look


def _images(one: WorkloadChange) -> str | None:
    if one.head is None:
        return None
    before = one.base.images if one.base else {}
    told = [
        _image_told(container, before.get(container), image)
        for container, image in one.head.images.items()
        if before.get(container) != image
    ]
    return "; ".join(told) or None


def _image_told(container: str, before: ImageReference | None, after: ImageReference) -> str:
    if before is None:
        return f"in container `{container}` runs `{after.uri}`{_called(after)}"
    if before.repository != after.repository:
        return f"in container `{container}` runs `{after.uri}` instead of `{before.uri}`"
    if (before.digest, before.tag) == (after.digest, after.tag):
        return f"in container `{container}` runs `{after.uri}`"
    parts = []
    if before.tag != after.tag:
        parts.append(f"tag {_or_none(before.tag)} → {_or_none(after.tag)}")
    if before.digest != after.digest:
        parts.append(f"digest {_or_none(before.digest)} → {_or_none(after.digest)}")
    same = " (the same digest)" if before.digest and before.digest == after.digest else ""
    return f"in container `{container}` runs `{after.repository}`: {', '.join(parts)}{same}"


def _called(image: ImageReference) -> str:
    return f", tag `{image.version}`" if image.digest and image.version else ""


def _or_none(text: str | None) -> str:
    return f"`{text}`" if text else "none"


def _removed(one: WorkloadChange) -> str | None:
    if one.head is not None:
        return None
    if one.change.pair.head is None:
        return "leaves the app with its stack, and runs on"
    if one.base is not None and one.base.kind == "task definition":
        return "is removed: what runs it goes on until it is stopped, and cannot be started again"
    return "is removed from the app: nothing is pruned, so what is in the cluster stays there"


def _service_removed(change: ResourceChange) -> str | None:
    if change.head is None:
        where = change.pair.head is None
        return "leaves the app with its stack, and runs on" if where else "is removed: it stops"
    _, after = change.values("DesiredCount")
    before, _ = change.values("DesiredCount")
    if change.is_update and after == 0 and before != 0:
        return "is scaled to 0: it stops"
    if change.is_replaced and not change.keeps_its_name():
        return f"is replaced ({', '.join(change.replacing)}): a new one starts, the old one stops"
    return None


def _identity_changed(one: WorkloadChange) -> str | None:
    if one.base is None or one.head is None:
        return None
    before, after = one.base.identities, one.head.identities
    told = [
        f"{name} `{before.get(name, 'none')}` → `{after.get(name, 'none')}`"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    return f"acts as another: {', '.join(told)}" if told else None


def _hardening_lost(one: WorkloadChange) -> str | None:
    if one.base is None or one.head is None:
        return None
    # What a container that is new lacks is lost to the workload as well.
    lost = sorted(one.head.faults - one.base.faults)
    return f"is hardened less: {listed(lost)}" if lost else None


def _not_hardened(one: WorkloadChange) -> str | None:
    if one.base is not None or one.head is None or not one.head.faults:
        return None
    return f"is new and not hardened: {listed(sorted(one.head.faults))}"


def _runs_anew(one: WorkloadChange) -> str | None:
    if one.head is None or one.head.kind != "Job":
        return None
    when = "by this deployment" if one.change.type == APPLIED else "when its manifest is applied"
    if one.base is None:
        return f"is new, and runs {when}"
    if one.base.full_name == one.head.full_name:
        return None
    told = differences(one.base.document, one.head.document, besides=_TOLD_ELSEWHERE)
    what = f", because it is another one: {', '.join(told)}" if told else ""
    return f"runs anew {when}, under another name{what}"


def _schedule_changed(one: WorkloadChange) -> str | None:
    if one.base is None or one.head is None or one.head.kind != "CronJob":
        return None
    before, after = (side.document.get("spec", {}) for side in (one.base, one.head))
    told = [
        f"`{key}` {_or_none(_text(before.get(key)))} → {_or_none(_text(after.get(key)))}"
        for key in ("schedule", "timeZone", "suspend", "concurrencyPolicy")
        if before.get(key) != after.get(key)
    ]
    return f"runs at other times: {', '.join(told)}" if told else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _public(change: ResourceChange) -> str | None:
    before, after = change.values("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")
    if after == "ENABLED" and before != "ENABLED":
        return "gives its tasks public addresses"
    return None


def _breaker_off(change: ResourceChange) -> str | None:
    before, after = change.values("DeploymentConfiguration", "DeploymentCircuitBreaker")
    was, now = ((side or {}).get("Enable") is True for side in (before, after))
    if change.is_update and was and not now:
        return "no longer stops and rolls back a deployment whose tasks do not start"
    rolled, rolls = ((side or {}).get("Rollback") is True for side in (before, after))
    if change.is_update and rolled and not rolls:
        return "no longer rolls back a deployment whose tasks do not start"
    return None


def _execute_command(change: ResourceChange) -> str | None:
    before, after = change.values("EnableExecuteCommand")
    if is_true(after) and not is_true(before):
        return "lets whoever may `ecs:ExecuteCommand` have a shell in its containers"
    return None


def _host_access(change: ResourceChange) -> str | None:
    before, after = (
        {
            str(volume.get("Host", {}).get("SourcePath"))
            for volume in properties(side).get("Volumes", [])
            if isinstance(volume, dict) and volume.get("Host", {}).get("SourcePath")
        }
        for side in (change.base, change.head)
    )
    told = [f"the host's `{path}` is mounted" for path in sorted(after - before)]
    for key in ("NetworkMode", "PidMode", "IpcMode"):
        was, now = change.values(key)
        if now == "host" and was != "host":
            told.append(f"`{key}` is the host's")
    return f"reaches into its host: {listed(told)}" if told else None


RULES = (
    Rule(
        id="image-changed",
        category=Category.IMAGES,
        finds="A workload runs another image, by digest and tag",
        look=_each_workload(_images),
    ),
    Rule(
        id="workload-removed",
        category=_WORKLOADS,
        finds="A task definition, Job or CronJob is removed",
        look=_each_workload(_removed),
    ),
    Rule(
        id="service-stopped",
        category=_WORKLOADS,
        finds="A service is removed, replaced or scaled to 0",
        look=each(SERVICE, says=_service_removed),
    ),
    Rule(
        id="identity-changed",
        category=_WORKLOADS,
        finds="A workload gets another task role, execution role or service account",
        look=_each_workload(_identity_changed),
    ),
    Rule(
        id="hardening-lost",
        category=_WORKLOADS,
        finds="A workload is hardened less than before",
        look=_each_workload(_hardening_lost),
    ),
    Rule(
        id="not-hardened",
        category=_WORKLOADS,
        finds="A new workload is not hardened",
        look=_each_workload(_not_hardened),
    ),
    Rule(
        id="host-access",
        category=_WORKLOADS,
        finds="A task reaches into its host: its files, network or processes",
        look=each(TASK_DEFINITION, says=_host_access),
    ),
    Rule(
        id="job-runs-anew",
        category=_WORKLOADS,
        finds="A Job runs, or runs anew",
        look=_each_workload(_runs_anew),
    ),
    Rule(
        id="schedule-changed",
        category=_WORKLOADS,
        finds="A CronJob runs at other times",
        look=_each_workload(_schedule_changed),
    ),
    Rule(
        id="service-public",
        category=_WORKLOADS,
        finds="A service's tasks get public addresses",
        look=each(SERVICE, says=_public),
    ),
    Rule(
        id="execute-command-on",
        category=_WORKLOADS,
        finds="A shell can be had in the containers of a service",
        look=each(SERVICE, says=_execute_command),
    ),
    Rule(
        id="circuit-breaker-off",
        category=_WORKLOADS,
        finds="A service no longer rolls back what does not start",
        look=each(SERVICE, says=_breaker_off),
    ),
)
