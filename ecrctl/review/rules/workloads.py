"""Rules about workloads: their images, Jobs, identities and hardening."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.wording import distinct_short_digests, listed, short_digests
from ecrctl.review.diff.comparison import Comparison, ResourceChange
from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.diff.resources import (
    Resource,
    is_true,
    mappings,
    number_of,
    properties,
    resources_of,
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
from ecrctl.review.findings import Category, Finding, ImageMove, canonical_json
from ecrctl.review.resolution.canonical import is_decided, stack_of_reference
from ecrctl.review.resolution.texts import Values, is_unknown
from ecrctl.review.type_names import SERVICE, TASK_DEFINITION

from .rule import Rule, about, resource_rule, rule

_WORKLOADS = Category.WORKLOADS
OfWorkload = Callable[[WorkloadChange], Iterable[str]]
# Another rule reports the image, and a Job's name follows from its pod.
_REPORTED_ELSEWHERE = ("image", "metadata")
_SCHEDULE_FIELDS = ("schedule", "timeZone", "suspend", "concurrencyPolicy")
_HOST_MODES = ("NetworkMode", "PidMode", "IpcMode")


def workload_rule(category: Category) -> Callable[[OfWorkload], Rule]:
    """Return a decorator that makes a rule of a function that takes one workload at a time."""

    def rule_of(messages: OfWorkload) -> Rule:
        @wraps(messages)
        def find(comparison: Comparison) -> Iterator[Finding]:
            for one in workload_changes(comparison):
                for message in messages(one):
                    yield _about_workload(one, message)

        return rule(category)(find)

    return rule_of


def _about_workload(one: WorkloadChange, message: str) -> Finding:
    finding = about(one.change, message, detail=one.evidence)
    key = canonical_json([finding.key, *one.workload.key])
    return replace(finding, subject=one.subject, key=key)


@rule(Category.IMAGES)
def image_changed(comparison: Comparison) -> Iterator[Finding]:
    """A workload runs another image, by digest and tag."""
    for one in workload_changes(comparison):
        old, new = (side.images if side else {} for side in (one.base, one.head))
        changed = [
            (container, old.get(container), image)
            for container, image in new.items()
            if old.get(container) != image
        ]
        if changed:
            message = "; ".join(_image_change(*each) for each in changed)
            moves = [_move(before, after) for _, before, after in changed]
            is_undecided = any(is_unknown(image.uri) for _, _, image in changed)
            yield replace(
                _about_workload(one, message),
                is_undecided=is_undecided,
                moves=tuple(filter(None, dict.fromkeys(moves))),
            )


def _move(before: ImageReference | None, after: ImageReference) -> ImageMove | None:
    """Return an image's move to another version; ``None`` where it is another image."""
    if before is None or before.repository != after.repository:
        return None
    tags, digests = (before.tag, after.tag), (before.digest, after.digest)
    if tags[0] == tags[1] and digests[0] == digests[1]:
        return None
    return ImageMove(registry=after.registry, repository=after.name, tags=tags, digests=digests)


def _image_change(container: str, before: ImageReference | None, after: ImageReference) -> str:
    where = f"in container `{container}`"
    if before is None:
        version = f", tag `{after.version}`" if after.digest and after.version else ""
        return f"runs `{short_digests(after.uri)}` {where}{version}"
    if before.repository != after.repository:
        old, new = distinct_short_digests(before.uri, after.uri)
        return f"runs `{new}` {where} instead of `{old}`"
    if (before.digest, before.tag) == (after.digest, after.tag):
        return f"runs `{short_digests(after.uri)}` {where}"
    digests = distinct_short_digests(before.digest or "", after.digest or "")
    old_values, new_values = (
        {"tag": one.tag, "digest": digest or None}
        for one, digest in zip((before, after), digests, strict=True)
    )
    same = " (the same digest)" if before.digest and before.digest == after.digest else ""
    changes = ", ".join(_changed_values(old_values, new_values))
    return f"runs `{after.repository}` {where}: {changes}{same}"


def _changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} {_or_none(before.get(name))} → {_or_none(after.get(name))}"
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]


def _or_none(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "none" if value is None else f"`{text}`"


@rule(Category.IMAGES)
def task_definition_switched(comparison: Comparison) -> Iterator[Finding]:
    """A service, a schedule or a rule starts the tasks of another task definition."""
    for change in comparison.changes:
        before, after = change.both(_task_definitions)
        if change.is_update and before != after:
            old, new = (
                listed([f"`{_task_text(side, one)}`" for one in tasks]) or "none"
                for side, tasks in ((change.pair.base, before), (change.pair.head, after))
            )
            message = f"runs the task definition {new} instead of {old}"
            yield about(change, message, detail=[before, after], is_undecided=not is_decided(after))


def _task_definitions(resource: Resource | None) -> list[Any]:
    """Return every task definition that a resource refers to, wherever it names one."""
    return [*_named(properties(resource), ("TaskDefinition", "TaskDefinitionArn"))]


def _named(value: Any, names: Sequence[str]) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name in names:
                yield item
            else:
                yield from _named(item, names)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item, names)


def _task_text(stack: Stack | None, value: Any) -> str:
    """Return a task definition by its family, or else as the template refers to it."""
    if stack is None or not isinstance(value, Mapping):
        return str(value)
    _, logical_id = stack_of_reference(str(value.get("Ref")))
    family = properties(resources_of(stack).get(logical_id)).get("Family")
    return family if isinstance(family, str) else Values(stack=stack).text(value)


@workload_rule(_WORKLOADS)
def workload_removed(one: WorkloadChange) -> Iterator[str]:
    """A task definition, function, Job or another workload is removed."""
    if one.head is not None:
        return
    if one.change.pair.head is None:
        yield "leaves the app with its stack, and keeps running"
    elif one.workload.kind == TASK_DEFINITION:
        yield "is removed: its running tasks continue until they stop, and cannot start again"
    elif one.workload.kind in IMAGE_PROPERTIES or _is_deleted_from_cluster(one):
        yield "is removed: it no longer runs"
    else:
        yield "is removed from the app, but not from the cluster. Delete it there"


def _is_deleted_from_cluster(one: WorkloadChange) -> bool:
    return one.change.type == APPLIED and one.change.impact != "WILL_ORPHAN"


@resource_rule(_WORKLOADS, SERVICE)
def service_stopped(change: ResourceChange) -> Iterator[str]:
    """A service is removed, replaced or stopped."""
    before, after = change.values("DesiredCount")
    if change.pair.head is None:
        yield "leaves the app with its stack, and keeps running"
    elif change.head is None:
        yield "is removed: it stops"
    elif change.is_update and number_of(after) == 0 and number_of(before) != 0:
        yield "is scaled to 0: it stops"
    elif change.is_replaced and not change.keeps_its_name():
        yield f"is replaced ({', '.join(change.replacing)}): a new one starts, the old one stops"


@workload_rule(_WORKLOADS)
def identity_changed(one: WorkloadChange) -> Iterator[str]:
    """A workload gets another task role, execution role or service account."""
    if one.base is None or one.head is None:
        return
    before, after = (
        {IDENTITY_WORDS.get(name, f"`{name}`"): value for name, value in side.identities.items()}
        for side in (one.base, one.head)
    )
    if before != after:
        yield f"changes identity: {', '.join(_changed_values(before, after))}"


@workload_rule(_WORKLOADS)
def hardening_lost(one: WorkloadChange) -> Iterator[str]:
    """A workload is hardened less than before."""
    # The faults of an added container count: the workload did not have them before.
    lost = sorted(one.head.faults - one.base.faults) if one.base and one.head else []
    if lost:
        yield f"is hardened less: {listed(lost)}"


@workload_rule(_WORKLOADS)
def not_hardened(one: WorkloadChange) -> Iterator[str]:
    """A new workload is not hardened."""
    if one.base is None and one.workload.faults:
        yield f"is new and not hardened: {listed(sorted(one.workload.faults))}"


@resource_rule(_WORKLOADS, TASK_DEFINITION)
def host_access(change: ResourceChange) -> Iterator[str]:
    """A task gets access to its host's files, network or processes."""
    before, after = change.both(_host_paths)
    found = [f"the host's `{path}` is mounted" for path in sorted(after - before)]
    for name in _HOST_MODES:
        old, new = change.values(name)
        if new == "host" and old != "host":
            found.append(f"`{name}` is `host`")
    if found:
        yield f"gets access to its host: {listed(found)}"


def _host_paths(resource: Resource | None) -> set[str]:
    return {
        str(volume.get("Host", {}).get("SourcePath"))
        for volume in mappings(value_at(resource, "Volumes"))
        if volume.get("Host", {}).get("SourcePath")
    }


@workload_rule(_WORKLOADS)
def job_runs_again(one: WorkloadChange) -> Iterator[str]:
    """A Job runs for the first time, or again."""
    if one.head is None or one.head.kind != "Job":
        return
    when = (
        "during this deployment" if one.change.type == APPLIED else "when its manifest is applied"
    )
    if one.base is None:
        yield f"is new, and runs {when}"
    elif one.base.full_name != one.head.full_name:
        found = differences(one.base.document, one.head.document, without=_REPORTED_ELSEWHERE)
        changed = f": {', '.join(found)}" if found else ""
        yield f"runs again under a new name {when}{changed}"


@workload_rule(_WORKLOADS)
def schedule_changed(one: WorkloadChange) -> Iterator[str]:
    """A CronJob runs at other times."""
    if one.base is None or one.head is None or one.head.kind != "CronJob":
        return
    before, after = (
        {f"`{field}`": side.document.get("spec", {}).get(field) for field in _SCHEDULE_FIELDS}
        for side in (one.base, one.head)
    )
    if before != after:
        yield f"runs at other times: {', '.join(_changed_values(before, after))}"


@resource_rule(_WORKLOADS, SERVICE)
def service_public(change: ResourceChange) -> Iterator[str]:
    """A service's tasks get public IP addresses."""
    before, after = change.values("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")
    if after == "ENABLED" and before != "ENABLED":
        yield "assigns public IP addresses to its tasks"


@resource_rule(_WORKLOADS, SERVICE)
def execute_command_on(change: ResourceChange) -> Iterator[str]:
    """A service's containers allow an interactive shell."""
    before, after = change.values("EnableExecuteCommand")
    if is_true(after) and not is_true(before):
        yield "allows principals with `ecs:ExecuteCommand` to open a shell in its containers"


@resource_rule(_WORKLOADS, SERVICE)
def circuit_breaker_off(change: ResourceChange) -> Iterator[str]:
    """A service no longer rolls back a failed deployment."""
    before, after = change.both(_circuit_breaker)
    if change.is_update and before["Enable"] and not after["Enable"]:
        yield "no longer stops and rolls back a deployment whose tasks do not start"
    elif change.is_update and before["Rollback"] and not after["Rollback"]:
        yield "no longer rolls back a deployment whose tasks do not start"


def _circuit_breaker(resource: Resource | None) -> dict[str, bool]:
    path = ("DeploymentConfiguration", "DeploymentCircuitBreaker")
    return {name: is_true(value_at(resource, *path, name)) for name in ("Enable", "Rollback")}
