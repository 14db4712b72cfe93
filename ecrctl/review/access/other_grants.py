"""Grants outside of IAM's own resource types: groups, clusters, functions, and unknown types."""

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.files import json_value
from ecrctl.review.diff.resources import mappings, properties
from ecrctl.review.diff.workloads import APPLIED, PARAMETER, documents_of
from ecrctl.review.resolution.texts import Values
from ecrctl.review.resource_types import FUNCTION, ROLE, USER

from .policy_sets import Attachment, Subject

_CLUSTER_BINDING = "ClusterRoleBinding"
_BINDINGS = (_CLUSTER_BINDING, "RoleBinding")


def attachments(
    values: Values, resource: Mapping[str, Any]
) -> Iterator[tuple[Subject, Attachment]]:
    """Yield the identities that a resource grants permissions as a whole, with those."""
    kind, given = str(resource.get("Type")), properties(resource)
    if kind == "AWS::IAM::UserToGroupAddition":
        group = values.text(given.get("GroupName", "?"))
        for user in as_list(given.get("Users", [])):
            yield Subject(USER, _bare(values.text(user))), Attachment("group", group)
    elif kind == "AWS::EKS::AccessEntry":
        yield from _access_entry(values, given)
    elif kind in (APPLIED, PARAMETER):
        for document in documents_of(values, resource):
            if document.get("kind") in _BINDINGS:
                yield from _binding(document)


def policies(
    values: Values, logical_id: str, resource: Mapping[str, Any]
) -> Iterator[tuple[Subject, Any]]:
    """Yield the policies in the properties of a type without a row of its own, by subject."""
    kind, given = str(resource.get("Type")), properties(resource)
    if kind == "AWS::Lambda::Permission":
        name = _bare(values.text(given.get("FunctionName", "?")))
        yield Subject(FUNCTION, name), _function_policy(given)
        return
    for name, value in given.items():
        document = policy_document(value)
        if document is not None:
            yield Subject(kind, f"{values.path(logical_id)} ({name})"), document


def _access_entry(values: Values, given: Mapping[str, Any]) -> Iterator[tuple[Subject, Attachment]]:
    arn = values.text(given.get("PrincipalArn", "?"))
    role = Subject(ROLE, _bare(arn.rpartition(":role/")[2] or arn))
    cluster = values.text(given.get("ClusterName", "?"))
    for policy in mappings(given.get("AccessPolicies")):
        scope = policy.get("AccessScope")
        spaces = scope.get("Namespaces", []) if isinstance(scope, Mapping) else []
        name = values.text(policy.get("PolicyArn", "?"))
        yield role, Attachment("access policy", name, cluster, ", ".join(map(str, spaces)))
    for group in as_list(given.get("KubernetesGroups", [])):
        yield role, Attachment("group", values.text(group), cluster)


def _binding(document: Mapping[str, Any]) -> Iterator[tuple[Subject, Attachment]]:
    role, metadata = document.get("roleRef"), document.get("metadata")
    if not isinstance(role, Mapping) or not isinstance(metadata, Mapping):
        return
    is_everywhere = document["kind"] == _CLUSTER_BINDING
    attachment = Attachment(
        str(role.get("kind")),
        str(role.get("name")),
        namespaces="" if is_everywhere else str(metadata.get("namespace", "default")),
    )
    for one in mappings(document.get("subjects")):
        name = "/".join(str(one[key]) for key in ("namespace", "name") if key in one)
        yield Subject(str(one.get("kind")), name), attachment


def _function_policy(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a permission to call a function as the policy that Lambda creates from it."""
    principal = given.get("Principal")
    is_service = isinstance(principal, str) and "." in principal
    source = given.get("SourceArn")
    condition = {"Condition": {"ArnLike": {"aws:SourceArn": source}}} if source else {}
    account = given.get("SourceAccount")
    if account:
        condition.setdefault("Condition", {})["StringEquals"] = {"aws:SourceAccount": account}
    return {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": principal} if is_service else {"AWS": principal},
            "Action": given.get("Action", "lambda:InvokeFunction"),
            **condition,
        }
    }


def policy_document(value: Any) -> Any:
    """Return the policy that a property of any type contains; ``None`` for any other value."""
    if isinstance(value, str) and '"Statement"' in value:
        try:
            value = json_value(value)
        except ValueError:
            return None
    is_policy = isinstance(value, Mapping) and "Statement" in value
    return value if is_policy and "Version" in value else None


def _bare(text: str) -> str:
    """Return a name without the marks of a reference that only the deployment resolves."""
    return text.removeprefix("${").removesuffix(".Arn}").removesuffix("}")
