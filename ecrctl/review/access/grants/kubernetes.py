"""Grants in Kubernetes objects: roles and bindings, the mapping of IAM identities, annotations.

Sources: Kubernetes documentation, "Using RBAC Authorization"; EKS user guide, "Grant IAM users
access to Kubernetes with a ConfigMap" and "Assign IAM roles to Kubernetes service accounts".
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from constructs_lib.rules.policy.lists import as_list
from ecrctl.review.access.policy_sets import Attachment, Subject
from ecrctl.review.diff.resources import mappings
from ecrctl.review.type_names import ROLE, USER

_CLUSTER_BINDING = "ClusterRoleBinding"
_BINDINGS = (_CLUSTER_BINDING, "RoleBinding")
_ROLES = ("ClusterRole", "Role")
_AGGREGATED_TO = "rbac.authorization.k8s.io/aggregate-to-"
_ROLE_ANNOTATION = "eks.amazonaws.com/role-arn"
_SERVICE_ACCOUNT = "service account"


def attachments_of(
    document: Mapping[str, Any], cluster: str
) -> Iterator[tuple[Subject, Attachment]]:
    """Yield the identities that an object grants permissions, with those."""
    kind, metadata = document.get("kind"), document.get("metadata")
    if not isinstance(metadata, Mapping):
        return
    if kind in _BINDINGS:
        yield from _binding(document, metadata, cluster)
    elif kind == "ConfigMap" and metadata.get("name") == "aws-auth":
        yield from _identity_mapping(document.get("data"), cluster)
    elif kind == "ServiceAccount":
        role = _texts(metadata.get("annotations")).get(_ROLE_ANNOTATION)
        if role:
            yield Subject(_SERVICE_ACCOUNT, _name(metadata)), Attachment("role", role, cluster)
    elif kind == "ClusterRole":
        own = Attachment("ClusterRole", str(metadata.get("name")), cluster)
        for label, value in _texts(metadata.get("labels")).items():
            if label.startswith(_AGGREGATED_TO) and value == "true":
                yield Subject("ClusterRole", label.removeprefix(_AGGREGATED_TO)), own


def policies_of(document: Mapping[str, Any], cluster: str) -> Iterator[tuple[Subject, Any]]:
    """Yield the rules of a role as a policy, with verbs as actions."""
    kind, metadata = document.get("kind"), document.get("metadata")
    if kind not in _ROLES or not isinstance(metadata, Mapping):
        return
    name = str(metadata.get("name")) if kind == "ClusterRole" else _name(metadata)
    of_cluster = f" of cluster {cluster}" if cluster else ""
    statements = [
        {
            "Effect": "Allow",
            "Action": [str(verb) for verb in as_list(one.get("verbs", []))],
            "Resource": [*_resources(one)],
        }
        for one in mappings(document.get("rules"))
    ]
    subject = Subject(str(kind), name + of_cluster)
    yield subject, {"Version": "2012-10-17", "Statement": statements}


def _resources(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield the resources of a role's rule: group, kind and name, or a URL."""
    for group in as_list(one.get("apiGroups", [])):
        for resource in as_list(one.get("resources", [])):
            for name in as_list(one.get("resourceNames") or ["*"]):
                yield f"{group or 'core'}/{resource}:{name}"
    yield from map(str, as_list(one.get("nonResourceURLs", [])))


def _binding(
    document: Mapping[str, Any], metadata: Mapping[str, Any], cluster: str
) -> Iterator[tuple[Subject, Attachment]]:
    role = document.get("roleRef")
    if not isinstance(role, Mapping):
        return
    is_everywhere = document["kind"] == _CLUSTER_BINDING
    attachment = Attachment(
        str(role.get("kind")),
        str(role.get("name")),
        cluster,
        namespaces="" if is_everywhere else str(metadata.get("namespace", "default")),
    )
    for one in mappings(document.get("subjects")):
        name = "/".join(str(one[key]) for key in ("namespace", "name") if key in one)
        yield Subject(str(one.get("kind")), name), attachment


def _identity_mapping(data: Any, cluster: str) -> Iterator[tuple[Subject, Attachment]]:
    """Yield the IAM identities that the ConfigMap ``aws-auth`` maps to groups."""
    given = data if isinstance(data, Mapping) else {}
    for key, kind, arn in (("mapRoles", ROLE, "rolearn"), ("mapUsers", USER, "userarn")):
        for one in mappings(_yaml(given.get(key))):
            subject = Subject(kind, identity_name(str(one.get(arn))))
            if one.get("username"):
                yield subject, Attachment("Kubernetes user", str(one["username"]), cluster)
            for group in as_list(one.get("groups") or []):
                yield subject, Attachment("group", str(group), cluster)
    for account in as_list(_yaml(given.get("mapAccounts")) or []):
        yield Subject("account", str(account)), Attachment("Kubernetes users", "", cluster)


def identity_name(arn: str) -> str:
    """Return the name of a role or user by its ARN or by a reference to it."""
    name = arn.partition(":role/")[2] or arn.partition(":user/")[2] or arn
    return name.removeprefix("${").removesuffix(".Arn}").removesuffix("}")


def _yaml(text: Any) -> Any:
    try:
        return yaml.safe_load(text) if isinstance(text, str) else text
    except yaml.YAMLError:
        return None


def _name(metadata: Mapping[str, Any]) -> str:
    return f"{metadata.get('namespace', 'default')}/{metadata.get('name')}"


def _texts(given: Any) -> Mapping[str, str]:
    found = given if isinstance(given, Mapping) else {}
    return {str(name): str(value) for name, value in found.items()}
