"""What the embedded AWS cannot deploy, left out of a cloud assembly.

A type that it does not know would fail the whole stack. The type's resources are left out, and so
is everything that refers to them: other resources, outputs, and what imports those outputs.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.cdk.assemblies import Stack
from ecrctl.verify.check import MISSING, Check

_UNKNOWN = re.compile(r"Unrecognized resource types: \[([^\]]*)\]")
_WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A resource that is not deployed.

    :param because_of: the logical ID or output that it refers to, which is left out as well; empty
        for a resource whose own type is unknown.
    """

    stack: str
    logical_id: str
    type: str
    because_of: str = ""

    def __str__(self) -> str:
        """Return a line for the reader."""
        reason = (
            f"it refers to {self.because_of}"
            if self.because_of
            else f"the embedded AWS does not know {self.type}"
        )
        return f"{self.stack}: {self.logical_id} is left out, because {reason}."


# The embedded AWS knows every custom resource, and not what the function of this one calls.
_CALLING_UNKNOWN = {"Custom::ECRBlobMounting"}
# By the left-out type, the rows of `ecrctl verify` in which it is missed: how their subject begins,
# and their property.
_MISSED: Mapping[str, tuple[str, str]] = {
    "AWS::EKS::PodIdentityAssociation": ("role of the Job ", "association"),
    "AWS::IAM::OIDCProvider": ("GitHub's OIDC provider", "exists"),
    "AWS::IAM::Role": ("pushes by ", "exists"),
}


def explained(check: Check, left_out: Iterable[LeftOut]) -> Check:
    """Return a check, as one that could not be compared where what it misses is left out."""
    missed = [_MISSED[one.type] for one in left_out if one.type in _MISSED]
    is_missed = any(
        check.subject.startswith(start) and check.what == what for start, what in missed
    )
    if check.found == MISSING and is_missed:
        return Check.not_compared(check.subject, check.what, "missing; see what is left out")
    return check


def unknown_types(types: Sequence[str], aws: Aws) -> set[str]:
    """Return the resource types that the embedded AWS does not know, in its own words."""
    resources = {f"Resource{number}": {"Type": name} for number, name in enumerate(types)}
    with as_user_errors("Asking the embedded AWS for its resource types"):
        try:
            aws.cloudformation.validate_template(TemplateBody=json.dumps({"Resources": resources}))
        except ClientError as error:
            found = _UNKNOWN.search(str(error))
            if found is None:
                raise
            return set(found[1].split(", "))
    return set()


def leave_out(stacks: Sequence[Stack], aws: Aws) -> list[LeftOut]:
    """Write the templates of an assembly again, without what the embedded AWS cannot deploy.

    :returns: what is left out, with its reason.
    """
    templates = {one.stack_name: one.as_written for one in stacks}
    types = {item["Type"] for one in templates.values() for item in _resources(one).values()}
    unknown = unknown_types(sorted(types), aws) | (types & _CALLING_UNKNOWN)
    found = [
        LeftOut(stack=stack, logical_id=logical_id, type=item["Type"])
        for stack, template in templates.items()
        for logical_id, item in _resources(template).items()
        if item["Type"] in unknown
    ]
    while dependents := [one for name in templates for one in _dependents(name, templates, found)]:
        found += dependents
    for one in stacks if found else ():
        left = _remaining(one.as_written, _names_without(one.stack_name, templates, found))
        one.file.write_text(json.dumps(left, indent=1), encoding="utf-8")
    return found


def _resources(template: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template.get("Resources", {})
    return found


def _dependents(
    stack: str, templates: Mapping[str, Any], found: Sequence[LeftOut]
) -> Iterator[LeftOut]:
    """Yield the resources of a stack that name what is left out, and are not left out yet."""
    gone = _names_without(stack, templates, found)
    for logical_id, item in _resources(templates[stack]).items():
        named = sorted(_names(item.get("Properties")) & gone)
        if named and logical_id not in gone:
            yield LeftOut(
                stack=stack, logical_id=logical_id, type=item["Type"], because_of=named[0]
            )


def _names_without(stack: str, templates: Mapping[str, Any], found: Sequence[LeftOut]) -> set[str]:
    """Return the names of a stack that mean nothing any more: its own, and outputs of any stack."""
    gone = {name: {one.logical_id for one in found if one.stack == name} for name in templates}
    outputs = {
        key
        for name, template in templates.items()
        for key, output in template.get("Outputs", {}).items()
        if _names(output) & gone[name]
    }
    return gone[stack] | outputs


def _remaining(template: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    resources = {
        logical_id: _without_dependencies(item, gone)
        for logical_id, item in _resources(template).items()
        if logical_id not in gone
    }
    outputs = {
        key: output for key, output in template.get("Outputs", {}).items() if key not in gone
    }
    return {**template, "Resources": resources, "Outputs": outputs}


def _without_dependencies(resource: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    named = resource.get("DependsOn", [])
    kept = [one for one in ([named] if isinstance(named, str) else named) if one not in gone]
    return {**resource, "DependsOn": kept}


def _names(value: object) -> set[str]:
    """Return the words in a value.

    The logical IDs and outputs of the CDK end with a hash, so a word that is one refers to it,
    whichever function it stands in.
    """
    return set(_WORD.findall(json.dumps(value)))
