"""The grants of one resource: in a type of its own, in Kubernetes objects, in any property."""

from collections.abc import Iterator, Mapping
from typing import Any

from ecrctl.review.access.documents import is_policy, text_with_policy
from ecrctl.review.access.policy_sets import Attachment, Kind, Subject
from ecrctl.review.diff.resources import properties
from ecrctl.review.diff.workloads import APPLIED, PARAMETER, documents_of
from ecrctl.review.resolution.texts import Values
from ecrctl.review.resource_types import resource_type
from ecrctl.review.type_names import AWS_CALLS, CERTIFICATE_PROFILE

from . import kubernetes, sharing
from .statements import permission_policy

_OF_MANIFESTS = (APPLIED, PARAMETER)
# Their policies are parts of a call to AWS, which a rule of its own reports.
# A session policy limits, and grants nothing.
_NOT_POLICIES = (AWS_CALLS, CERTIFICATE_PROFILE)


def attachments(
    values: Values, logical_id: str, resource: Mapping[str, Any]
) -> Iterator[tuple[Subject, Attachment]]:
    """Yield the identities that a resource grants permissions as a whole, with those."""
    kind, given = str(resource.get("Type")), properties(resource)
    yield from sharing.attachments(values, logical_id, kind, given)
    if kind in _OF_MANIFESTS:
        for document in documents_of(values, resource):
            yield from kubernetes.attachments_of(document, _cluster(values, given))


def policies(
    values: Values, logical_id: str, resource: Mapping[str, Any]
) -> Iterator[tuple[Kind, Subject, Any]]:
    """Yield the policies in a resource, without the one in its type's own property."""
    kind, given = str(resource.get("Type")), properties(resource)
    permission = permission_policy(values, logical_id, kind, given)
    if permission is not None:
        yield "resource", *permission
    elif kind in _OF_MANIFESTS:
        for document in documents_of(values, resource):
            for subject, policy in kubernetes.policies_of(document, _cluster(values, given)):
                yield "identity", subject, policy
    elif kind not in _NOT_POLICIES:
        own = resource_type(kind).policy_property
        for name, value in given.items():
            for where, policy in _policies_in(values, value, name) if name != own else ():
                yield "resource", Subject(kind, f"{values.path(logical_id)} ({where})"), policy


def _policies_in(values: Values, value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the policies at any depth of a property, with the path of each."""
    text = text_with_policy(values, value)
    if text is not None or is_policy(value):
        yield where, value if text is None else text
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _policies_in(values, one, f"{where}.{name}")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _policies_in(values, one, f"{where}[{index}]")


def _cluster(values: Values, given: Mapping[str, Any]) -> str:
    return values.text(given["ClusterName"]) if "ClusterName" in given else ""
