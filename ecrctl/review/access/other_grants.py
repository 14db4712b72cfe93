"""Access that is given by neither a policy of IAM nor one of a resource whose form is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ecrctl.review.diff.comparison import mappings, properties
from ecrctl.review.diff.intrinsics import Values
from ecrctl.review.diff.workloads import APPLIED, PARAMETER, documents_of

_BINDINGS = ("ClusterRoleBinding", "RoleBinding")


def attachments(values: Values, resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give who is given something as a whole, and what that is."""
    kind, given = str(resource.get("Type")), properties(resource)
    if kind == "AWS::IAM::UserToGroupAddition":
        group = values.text(given.get("GroupName", "?"))
        for user in _listed(given.get("Users", [])):
            yield f"user {_bare(values.text(user))}", f"what the group `{group}` may do"
    elif kind == "AWS::EKS::AccessEntry":
        yield from _access_entry(values, given)
    elif kind in (APPLIED, PARAMETER):
        for document in documents_of(values, resource):
            if document.get("kind") in _BINDINGS:
                yield from _binding(document)


def policies(
    values: Values, logical_id: str, resource: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Give policies in the properties of a type that is not known otherwise, by their holder."""
    kind, given = str(resource.get("Type")), properties(resource)
    where = f"{kind} {values.path(logical_id)}"
    if kind == "AWS::Lambda::Permission":
        yield f"function {_bare(values.text(given.get('FunctionName', '?')))}", _function(given)
        return
    for name, value in given.items():
        document = _document(value)
        if document is not None:
            yield f"{where} ({name})", document


def _access_entry(values: Values, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    arn = values.text(given.get("PrincipalArn", "?"))
    who = f"role {_bare(arn.rpartition(':role/')[2] or arn)}"
    cluster = f"cluster `{values.text(given.get('ClusterName', '?'))}`"
    for policy in mappings(given.get("AccessPolicies")):
        scope = policy.get("AccessScope")
        spaces = scope.get("Namespaces", []) if isinstance(scope, Mapping) else []
        within = f" in {', '.join(map(str, spaces))}" if spaces else ""
        yield who, f"`{values.text(policy.get('PolicyArn', '?'))}` of the {cluster}{within}"
    for group in _listed(given.get("KubernetesGroups", [])):
        yield who, f"what the group `{values.text(group)}` may do in the {cluster}"


def _binding(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    role, metadata = document.get("roleRef"), document.get("metadata")
    if not isinstance(role, Mapping) or not isinstance(metadata, Mapping):
        return
    space = (
        f" in {metadata.get('namespace', 'default')}" if document["kind"] != _BINDINGS[0] else ""
    )
    for one in mappings(document.get("subjects")):
        name = "/".join(str(one[key]) for key in ("namespace", "name") if key in one)
        yield f"{one.get('kind')} {name}", f"the {role.get('kind')} `{role.get('name')}`{space}"


def _function(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what allows a function to be called as the statement that Lambda makes of it."""
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


def _document(value: Any) -> Any:
    """Give a policy; ``None`` for any other value."""
    if isinstance(value, str) and '"Statement"' in value:
        try:
            value = json.loads(value)
        except ValueError:
            return None
    is_policy = isinstance(value, Mapping) and "Statement" in value
    return value if is_policy and "Version" in value else None


def _bare(text: str) -> str:
    """Give a name without what marks it as one that only the deployment knows."""
    return text.removeprefix("${").removesuffix(".Arn}").removesuffix("}")


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]
