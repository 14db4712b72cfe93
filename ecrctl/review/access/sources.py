"""Where an assembly's policies are, and whose: every place of a template that grants something."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.rules.policy.statements import canonical
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.permissions import Kind, Permission, permissions_of
from ecrctl.review.diff.comparison import properties
from ecrctl.review.diff.intrinsics import Values
from ecrctl.review.resource_types import (
    IDENTITIES,
    REGISTRY_POLICY,
    ROLE,
    policy_subject_of,
    resource_type,
)

from . import other_grants as elsewhere

_IDENTITY_POLICIES = (
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
)
# What an endpoint without a policy has.
_OPEN_ENDPOINT = {
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
}
Source = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Pool:
    """Define all that grants something on one subject, or to one identity, on one side.

    :param unreadable: policies whose form is not known, each as one text.
    :param attached: managed policies that are known by their ARN alone.
    :param boundary: the permissions boundary, as text.
    :param sources: the resources that this comes from, as stack and logical ID.
    """

    permissions: list[Permission] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    attached: set[str] = field(default_factory=set)
    boundary: str | None = None
    stacks: set[str] = field(default_factory=set)
    sources: set[Source] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Define whose policies a pool holds.

    :param environment: the environment it is deployed to.
    :param where: its account and region; of an identity, which has no region, its account.
    :param kind: what the policies do: a resource's own say who may use it, an identity's what it
        may do, a trust policy who may act as it, and a boundary limits it.
    :param name: such as ``repository team/api`` or ``role dev/GitHubAccess/Role``.
    """

    environment: str
    where: str
    kind: Kind
    name: str


def pools_of(
    stacks: Sequence[Stack], side: Sequence[Stack], skipped: frozenset[Source]
) -> dict[Holder, Pool]:
    """Gather the policies of some stacks by their holder.

    :param side: every stack of that side, for what the stacks refer to.
    :param skipped: resources that are the same on both sides and grant to nobody else's pool.
    """
    gathering = _Gathering()
    for stack in stacks:
        values = Values(stack=stack, side=side)
        for logical_id, resource in stack.template.get("Resources", {}).items():
            if isinstance(resource, Mapping) and (stack.name, logical_id) not in skipped:
                gathering.add(values, logical_id, resource)
    return gathering.pools


class _Gathering:
    """Hold the pools while they fill."""

    def __init__(self) -> None:
        self.pools: dict[Holder, Pool] = {}

    def add(self, values: Values, logical_id: str, resource: Mapping[str, Any]) -> None:
        """Add what one resource grants."""
        kind, given = str(resource.get("Type")), properties(resource)
        row = resource_type(kind)
        if row.policy_property:
            holder = f"{policy_subject_of(kind)} {_resource_name(values, logical_id, kind, given)}"
            document = given.get(row.policy_property)
            self._policy(values, logical_id, resource, (row.policy_kind, holder, None), document)
        elif kind in IDENTITIES:
            self._identity(values, logical_id, resource)
        elif kind in _IDENTITY_POLICIES:
            self._identity_policy(values, logical_id, resource)
        elif kind == "AWS::EKS::PodIdentityAssociation":
            self._pod_identity(values, logical_id, given)
        else:
            for name, what in elsewhere.attachments(values, resource):
                self._pool(values, logical_id, ("identity", name)).attached.add(what)
            for name, document in elsewhere.policies(values, logical_id, resource):
                self._policy(values, logical_id, resource, ("resource", name, None), document)

    def _identity(self, values: Values, logical_id: str, resource: Mapping[str, Any]) -> None:
        given, name = properties(resource), identity_name(values, logical_id)
        if "AssumeRolePolicyDocument" in given:
            trust = given["AssumeRolePolicyDocument"]
            self._policy(values, logical_id, resource, ("trust", name, None), trust)
        pool = self._pool(values, logical_id, ("identity", name))
        for policy in _listed(given.get("Policies", [])):
            document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else policy
            self._policy(values, logical_id, resource, ("identity", name, name), document)
        for attached in _listed(given.get("ManagedPolicyArns", [])):
            document = _own_policy(values, attached)
            if document is None:
                pool.attached.add(f"the managed policy `{values.text(attached)}`")
            else:
                self._policy(values, logical_id, resource, ("identity", name, name), document)
        for group in _listed(given.get("Groups", [])):
            pool.attached.add(f"what the group `{values.text(group)}` may do")
        if "PermissionsBoundary" in given:
            pool.boundary = values.text(given["PermissionsBoundary"])
            document = _own_policy(values, given["PermissionsBoundary"])
            if document is not None:
                boundary: tuple[Kind, str, str] = ("boundary", name, name)
                self._policy(values, logical_id, resource, boundary, document)

    def _identity_policy(
        self, values: Values, logical_id: str, resource: Mapping[str, Any]
    ) -> None:
        given = properties(resource)
        holders = [
            _referred(values, kind, one)
            for kind, names in (
                ("role", [*_listed(given.get("Roles", [])), *_listed(given.get("RoleName", []))]),
                ("user", [*_listed(given.get("Users", [])), *_listed(given.get("UserName", []))]),
                (
                    "group",
                    [*_listed(given.get("Groups", [])), *_listed(given.get("GroupName", []))],
                ),
            )
            for one in names
        ]
        is_managed = resource.get("Type") == "AWS::IAM::ManagedPolicy"
        if is_managed and not holders and not _is_attached(values.stack, logical_id):
            holders = [f"whoever has the policy {values.path(logical_id)}"]
        for name in holders:
            document = given.get("PolicyDocument")
            self._policy(values, logical_id, resource, ("identity", name, name), document)

    def _pod_identity(self, values: Values, logical_id: str, given: Mapping[str, Any]) -> None:
        account, namespace, cluster = (
            values.text(given.get(key, "?"))
            for key in ("ServiceAccount", "Namespace", "ClusterName")
        )
        role = _referred(values, "role", given.get("RoleArn", "?"))
        pool = self._pool(values, logical_id, ("trust", role))
        who = f"service account {namespace}/{account} of cluster {cluster}"
        pool.permissions.append(
            Permission(
                is_deny=False,
                principal=(False, frozenset({who})),
                action=(False, frozenset({"sts:assumerole"})),
                resource=(False, frozenset({"*"})),
                conditions=frozenset(),
            )
        )

    def _policy(
        self,
        values: Values,
        logical_id: str,
        resource: Mapping[str, Any],
        holder: tuple[Kind, str, str | None],
        document: Any,
    ) -> None:
        kind, name, principal = holder
        pool = self._pool(values, logical_id, (kind, name))
        if document is None and kind == "endpoint":
            document = _OPEN_ENDPOINT
        if document is None:
            return
        read = _with_values(values, _parsed(document))
        permissions = permissions_of(read, values.text, principal=principal)
        # A resource, or a statement, that is there under a condition is there perhaps.
        perhaps = "Condition" in resource or _is_conditional(read)
        if permissions is None or perhaps:
            pool.unreadable.add(canonical(read))
        else:
            pool.permissions += permissions

    def _pool(self, values: Values, logical_id: str, holder: tuple[Kind, str]) -> Pool:
        kind, name = holder
        stack = values.stack
        has_region = kind in {"resource", "endpoint"}
        key = Holder(
            environment=stack.environment,
            where=f"{stack.account}/{stack.region}" if has_region else stack.account,
            kind=kind,
            name=name,
        )
        pool = self.pools.setdefault(key, Pool())
        pool.stacks.add(values.stack.name)
        pool.sources.add((values.stack.name, logical_id))
        return pool


def grants_something(resource: Any) -> bool:
    """Say whether a resource holds a policy, or is an identity that has some."""
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    if resource_type(kind).policy_property:
        return resource_type(kind).policy_property in properties(resource)
    return kind in IDENTITIES or kind in _IDENTITY_POLICIES


def identity_name(values: Values, logical_id: str) -> str:
    """Give what an identity is called: by its own name, or else by its path in the app."""
    resource = values.stack.template.get("Resources", {}).get(logical_id)
    resource = resource if isinstance(resource, Mapping) else {}
    kind = str(resource.get("Type"))
    kind = kind if kind in IDENTITIES else ROLE
    given = properties(resource).get(resource_type(kind).name_property)
    return (
        f"{policy_subject_of(kind)} {given if isinstance(given, str) else values.path(logical_id)}"
    )


def _resource_name(values: Values, logical_id: str, kind: str, given: Mapping[str, Any]) -> str:
    if kind == REGISTRY_POLICY:
        return values.text({"Fn::Sub": "${AWS::AccountId} in ${AWS::Region}"})
    name = given.get(resource_type(kind).name_property)
    return values.text(name) if name is not None else values.path(logical_id)


def _referred(values: Values, kind: str, given: Any) -> str:
    """Give an identity that another resource refers to, by the name it has itself."""
    if isinstance(given, Mapping):
        target = given.get("Ref") or _first(given.get("Fn::GetAtt"))
        if isinstance(target, str) and target in values.stack.template.get("Resources", {}):
            return identity_name(values, target)
    text = values.text(given)
    name = text.rpartition(":role/")[2] if ":role/" in text else text
    return f"{kind} {name.removeprefix('${').removesuffix('.Arn}').removesuffix('}')}"


def _own_policy(values: Values, given: Any) -> Any:
    """Give the document of a managed policy of the same stack; ``None`` for any other."""
    target = given.get("Ref") if isinstance(given, Mapping) else None
    resource = values.stack.template.get("Resources", {}).get(target, {}) if target else {}
    is_own = resource.get("Type") == "AWS::IAM::ManagedPolicy"
    return properties(resource).get("PolicyDocument") if is_own else None


def _is_attached(stack: Stack, logical_id: str) -> bool:
    """Say whether an identity of the same stack has a managed policy, and is told of it there."""
    return any(
        reference in (given, *_listed(properties(resource).get("ManagedPolicyArns", [])))
        for reference in ({"Ref": logical_id},)
        for kind in IDENTITIES
        for _, resource in stack.resources(kind)
        for given in (properties(resource).get("PermissionsBoundary"),)
    )


def _parsed(document: Any) -> Any:
    """Read a policy that is given as a JSON string."""
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except ValueError:
        return document


def _with_values(values: Values, document: Any) -> Any:
    """Put in the JSON that the CDK hands through a resource, as keys of conditions need it."""
    if isinstance(document, list):
        return [_with_values(values, item) for item in document]
    if not isinstance(document, Mapping):
        return document
    given = document.get("Fn::GetAtt")
    resources = values.stack.template.get("Resources", {})
    resource = resources.get(given[0]) if isinstance(given, list) and len(given) > 1 else None
    if isinstance(resource, Mapping) and resource.get("Type") == "Custom::AWSCDKCfnJson":
        return _parsed(values.text(properties(resource).get("Value")))
    return {key: _with_values(values, item) for key, item in document.items()}


def _is_conditional(document: Any) -> bool:
    if isinstance(document, Mapping):
        return "Fn::If" in document or any(map(_is_conditional, document.values()))
    return isinstance(document, list) and any(map(_is_conditional, document))


def _first(given: Any) -> Any:
    return given[0] if isinstance(given, list) and given else given


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]
