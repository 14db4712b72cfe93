"""Every property of every resource of a stack, compared with its template."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ecrctl.verify.check import MISSING, NOT_RETURNED, Check, on_or_off
from ecrctl.verify.reading import UnansweredError

from . import forms
from .deployed import DeployedResource, DeployedStack
from .differences import Difference, differences, text_of
from .resolving import Unresolved
from .resource_types import CHOSEN, Live, Property

_COMPLETE = ("CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
# What CloudFormation does with a resource: only the deployed template knows it.
_KEPT_IN_TEMPLATE = ("DeletionPolicy", "UpdateReplacePolicy")
KEPT_PROPERTIES = ("EmptyOnDelete",)
_NOT_DECLARED = "not declared any more: the next deployment deletes it"


def check_stack(stack: DeployedStack) -> Iterator[Check]:
    """Yield the properties of a stack itself, and the resources that are no longer declared."""
    subject = f"stack {stack.stack.stack_name}"
    found = stack.description
    if found is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    status = found["StackStatus"]
    yield Check(subject, "status", "complete", "complete" if status in _COMPLETE else status)
    yield Check(
        subject,
        "termination protection",
        on_or_off(stack.stack.is_protected),
        on_or_off(found.get("EnableTerminationProtection")),
    )
    shown = (text_of(forms.tags(one, None)[0]) for one in (stack.stack.tags, found.get("Tags")))
    yield Check(subject, "tags", *shown)
    declared = {one.logical_id for one in stack.resources}
    for logical_id, summary in stack.summaries.items():
        if logical_id not in declared:
            resource_type = summary["ResourceType"]
            yield Check(f"{subject}: {logical_id}", resource_type, MISSING, _NOT_DECLARED)


def check_resource(resource: DeployedResource) -> Iterator[Check]:
    """Yield every property of a resource, compared, or not compared and why."""
    subject, kind = subject_of(resource), resource.type
    if not resource.physical_id:
        yield Check(subject, "exists", "yes", MISSING)
        return
    yield from _kept_in_template(subject, resource)
    if kind.read is None:
        yield Check.not_compared(subject, "every property", kind.not_compared["*"])
        return
    try:
        live = resource.live
    except Unresolved as unknown:
        reason = f"the properties by which it is found are unknown: {unknown}"
        yield Check.not_compared(subject, "every property", reason)
        return
    except UnansweredError as error:
        yield Check.not_compared(subject, "every property", str(error))
        return
    if live is None:
        yield Check(subject, "exists", "yes", MISSING)
        return
    for name in sorted({*resource.properties, *kind.properties} - {*KEPT_PROPERTIES}):
        yield from _check_property(subject, resource, live, name)
    for what, reason in kind.unseen.items():
        yield Check.not_compared(subject, what, reason)


def subject_of(resource: DeployedResource) -> str:
    """Return the resource's stack and logical ID, by which its template names it."""
    return f"{resource.owner.stack.stack_name}: {resource.logical_id}"


def _check_property(
    subject: str, resource: DeployedResource, live: Live, name: str
) -> Iterator[Check]:
    kind = resource.type
    is_declared = name in resource.properties
    if name not in kind.properties:
        reason = kind.not_compared.get(name, "no reader for this property")
        yield Check.not_compared(subject, name, reason)
        return
    compared = kind.properties[name]
    if not is_declared and compared.default is CHOSEN:
        return
    try:
        declared = _declared(resource, name, compared)
    except Unresolved as unknown:
        yield Check.not_compared(subject, name, f"its declared value is unknown: {unknown}")
        return
    value = live.properties.get(name)
    # AWS leaves out what has its default.
    is_default = value is None and compared.default is not CHOSEN
    left, right = compared.form(declared, compared.default if is_default else value)
    found = list(differences(left, right))
    if not found:
        shown = text_of(left)
        yield Check(subject, name, shown, shown)
    for one in found:
        yield _differing(subject, resource, name, one)


def _declared(resource: DeployedResource, name: str, compared: Property) -> Any:
    value = resource.declared(name) if name in resource.properties else compared.default
    addition = resource.type.additions.get(name)
    declared = addition(resource, value) if addition else value
    if name != "Tags":
        return declared
    # CloudFormation gives a stack's own tags to each of its resources.
    return {**resource.owner.stack.tags, **_tags(declared)}


def _tags(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    return {one["Key"]: one["Value"] for one in value or ()}


def _differing(
    subject: str, resource: DeployedResource, name: str, difference: Difference
) -> Check:
    what = ".".join((name, *difference.path))
    if resource.owner.reading.is_emulated:
        for place, instead in resource.type.not_returned.items():
            if difference.found == instead and fnmatchcase(f"{what}.", f"{place}.*"):
                return Check.not_compared(subject, what, NOT_RETURNED)
    return Check(subject, what, text_of(difference.declared), text_of(difference.found))


def _kept_in_template(subject: str, resource: DeployedResource) -> Iterator[Check]:
    """Yield what CloudFormation itself does with the resource, from the deployed template."""
    template = resource.owner.template
    deployed = (template or {}).get("Resources", {}).get(resource.logical_id, {})
    pairs = [
        *((key, resource.definition.get(key), deployed.get(key)) for key in _KEPT_IN_TEMPLATE),
        *(
            (key, resource.properties.get(key), deployed.get("Properties", {}).get(key))
            for key in KEPT_PROPERTIES
        ),
    ]
    for key, declared, found in pairs:
        if template is None and declared is not None:
            yield Check.not_compared(subject, key, "the deployed template is not in JSON")
        elif declared is not None or found is not None:
            yield Check(subject, key, text_of(declared), text_of(found))
