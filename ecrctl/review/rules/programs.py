"""Rules about what runs beside an image: commands, code, scripts, charts, and whether it runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.image_properties import IMAGE_PROPERTIES
from ecrctl.review.diff.json_properties import HELM_CHART, KUBERNETES_PATCH, properties_with_json
from ecrctl.review.diff.resources import is_false, mappings, number_of
from ecrctl.review.diff.value_diff import differing_values
from ecrctl.review.diff.workloads import WorkloadChange, pod_of
from ecrctl.review.findings import Category

from .rule import resource_rule
from .workloads import workload_rule

_WORKLOADS = Category.WORKLOADS
_MOST_SHOWN = 4
# The properties that say what runs, by their names, which many types have in common.
_PROGRAMS = frozenset(
    {
        "BootstrapActions",
        "BuildCommand",
        "BuildSpec",
        "CodeContent",
        "CodeRepository",
        "Command",
        "ContainerOverrides",
        "Definition",
        "DefinitionS3Location",
        "DefinitionString",
        "EntryPoint",
        "ImageConfig",
        "InlineRecipe",
        "LaunchTemplate",
        "Layers",
        "S3Bucket",
        "S3Key",
        "S3ObjectVersion",
        "ScriptLocation",
        "Secrets",
        "StartCommand",
        "UserData",
        "ZipFile",
    }
)
# Further ones of single types.
_OF_TYPE: Mapping[str, Sequence[str]] = {
    "AWS::CodeBuild::Project": ("Source",),
    "AWS::CodePipeline::Pipeline": ("Stages",),
    "AWS::EMR::Cluster": ("Steps",),
    "AWS::Events::Rule": ("Input", "InputTransformer"),
    "AWS::Lambda::Alias": ("FunctionVersion", "RoutingConfig"),
    "AWS::Lambda::EventSourceMapping": ("FunctionName",),
    "AWS::Lambda::Function": ("Handler",),
    "AWS::SSM::Association": ("Name", "Parameters"),
    "AWS::SSM::Document": ("Content",),
    "AWS::Scheduler::Schedule": ("Arn", "Input"),
    HELM_CHART: ("Chart", "ChartAssetURL", "Repository", "Values", "Version"),
    KUBERNETES_PATCH: ("ApplyPatchJson", "ResourceName", "ResourceNamespace"),
}
# The CDK names a file by the hash of its content, which the change of the repository shows.
_ASSET = re.compile(r"[0-9a-f]{64}\.\w+")
# The switches of what starts other resources: the property, and whether its value means on.
_SWITCHES: Mapping[str, tuple[str, str]] = {
    "AWS::Events::Rule": ("State", "DISABLED"),
    "AWS::Lambda::EventSourceMapping": ("Enabled", "false"),
    "AWS::Pipes::Pipe": ("DesiredState", "STOPPED"),
    "AWS::Scheduler::Schedule": ("State", "DISABLED"),
}
_SCALED = {
    "AWS::AutoScaling::AutoScalingGroup": ("DesiredCapacity", "MaxSize"),
    "AWS::Lambda::Function": ("ReservedConcurrentExecutions",),
}


@resource_rule(_WORKLOADS)
def program_changed(change: ResourceChange) -> Iterator[str]:
    """A resource runs another command, code, script or chart."""
    if not change.is_update or change.is_another_type:
        return
    names = _PROGRAMS.union(_OF_TYPE.get(change.type, ()))
    before, after = change.both(properties_with_json)
    images = IMAGE_PROPERTIES[change.type].images if change.type in IMAGE_PROPERTIES else ()
    found = [
        _until(path, names)
        for path, old, new in differing_values(before, after)
        if not names.isdisjoint(path.split(".")) and not _is_asset(old, new)
        if path not in images
    ]
    if found:
        shown = first_few([f"`{path}`" for path in dict.fromkeys(found)], _MOST_SHOWN)
        verb = "differs" if len(shown) == 1 else "differ"
        yield f"runs something else: {listed(shown)} {verb}"


def _until(path: str, names: frozenset[str]) -> str:
    """Return a path up to the name that says what runs, without the numbers of list items."""
    steps = path.split(".")
    end = next(index for index, step in enumerate(steps) if step in names)
    return ".".join(step for step in steps[: end + 1] if not step.isdigit())


def _is_asset(before: Any, after: Any) -> bool:
    return all(isinstance(one, str) and _ASSET.fullmatch(one) for one in (before, after))


@workload_rule(_WORKLOADS)
def container_program_changed(one: WorkloadChange) -> Iterator[str]:
    """A container in Kubernetes runs another command, or reads other secrets."""
    if one.base is None or one.head is None or one.head.kind in {"Job", "AWS::SSM::Parameter"}:
        return
    if one.head.kind.startswith("AWS::"):
        return
    before, after = (_programs(side.document) for side in (one.base, one.head))
    found = [name for name in after if name in before and before[name] != after[name]]
    if found:
        names = listed([f"`{name}`" for name in found])
        yield f"runs another command, or reads other secrets, in {names}"


def _programs(document: Mapping[str, Any]) -> dict[str, Any]:
    pod = pod_of(document)
    containers = [*mappings(pod.get("initContainers")), *mappings(pod.get("containers"))]
    return {
        str(one.get("name")): [one.get("command"), one.get("args"), [*_secrets(one)]]
        for one in containers
    }


def _secrets(container: Mapping[str, Any]) -> Iterator[Any]:
    for one in mappings(container.get("envFrom")):
        if "secretRef" in one:
            yield one["secretRef"]
    for one in mappings(container.get("env")):
        source = one.get("valueFrom")
        if isinstance(source, Mapping) and "secretKeyRef" in source:
            yield [one.get("name"), source["secretKeyRef"]]


@resource_rule(_WORKLOADS, *_SWITCHES, *_SCALED)
def workload_stopped(change: ResourceChange) -> Iterator[str]:
    """A function, a group of instances, or what starts a workload, is switched off."""
    if not change.is_update:
        return
    for name in _SCALED.get(change.type, ()):
        before, after = change.values(name)
        if number_of(after) == 0 and number_of(before) != 0:
            yield f"no longer runs: `{name}` is 0"
    name, off = _SWITCHES.get(change.type, ("", ""))
    before, after = change.values(name)
    is_off = is_false(after) if off == "false" else after == off
    was_off = is_false(before) if off == "false" else before == off
    if name and is_off and not was_off:
        yield f"no longer starts anything: `{name}` is `{off}`"


@workload_rule(_WORKLOADS)
def pods_stopped(one: WorkloadChange) -> Iterator[str]:
    """A workload in Kubernetes is scaled to 0."""
    before, after = (_replicas(side.document) if side else None for side in (one.base, one.head))
    if one.base and one.head and after == 0 and before != 0:
        yield "is scaled to 0: it stops"


def _replicas(document: Mapping[str, Any]) -> int | None:
    spec = document.get("spec")
    return number_of(spec.get("replicas")) if isinstance(spec, Mapping) else None
