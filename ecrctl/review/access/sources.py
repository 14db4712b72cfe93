"""Every place in an assembly's templates that grants something, as policies by their holder."""

from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.statements import canonical
from ecrctl.cdk.assemblies import Stack
from ecrctl.files import json_value
from ecrctl.policies.patterns import EVERYTHING, PatternSet
from ecrctl.policies.permissions import Permission, permissions_of
from ecrctl.policies.principals import Principal, PrincipalSet
from ecrctl.review.diff.resources import properties, resources_of
from ecrctl.review.findings import Place
from ecrctl.review.resolution.canonical import stack_of_reference
from ecrctl.review.resolution.texts import Values
from ecrctl.review.resource_types import (
    GROUP,
    IDENTITIES,
    MANAGED_POLICY,
    REGISTRY_POLICY,
    ROLE,
    USER,
    resource_type,
)

from . import other_grants
from .managed_policies import ManagedPolicies
from .policy_sets import Attachment, Holder, Kind, PolicySet, Subject

_IDENTITY_POLICIES = (
    "AWS::IAM::GroupPolicy",
    MANAGED_POLICY,
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
)
# The properties of such a policy that name the identities it is for.
_ATTACHED_TO = (
    (ROLE, "Roles"),
    (ROLE, "RoleName"),
    (USER, "Users"),
    (USER, "UserName"),
    (GROUP, "Groups"),
    (GROUP, "GroupName"),
)
# The default policy of an endpoint.
_OPEN_ENDPOINT = {
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]
}


def policy_sets(
    stacks: Sequence[Stack], side: Sequence[Stack], skipped: frozenset[Place] = frozenset()
) -> dict[Holder, PolicySet]:
    """Return the policies of some stacks by their holder.

    :param side: every stack of that side, in which references are resolved.
    :param skipped: resources that are the same on both sides and grant nothing to other holders.
    """
    collector = _PolicyCollector(ManagedPolicies(side))
    for stack in stacks:
        values = Values(stack=stack, side=side)
        for logical_id, resource in resources_of(stack).items():
            if isinstance(resource, Mapping) and (stack.id, logical_id) not in skipped:
                collector.add(values, logical_id, resource)
    return collector.policy_sets


class _PolicyCollector:
    """Policies by their holder, collected resource by resource."""

    def __init__(self, managed_policies: ManagedPolicies) -> None:
        self._managed_policies = managed_policies
        self.policy_sets: dict[Holder, PolicySet] = {}

    def add(self, values: Values, logical_id: str, resource: Mapping[str, Any]) -> None:
        """Add the grants of one resource."""
        kind, given = str(resource.get("Type")), properties(resource)
        row = resource_type(kind)
        if row.policy_property:
            subject = Subject(kind, _resource_name(values, logical_id, kind, given))
            document = given.get(row.policy_property)
            self._add_policy(values, logical_id, resource, (row.policy_kind, subject), document)
        elif kind in IDENTITIES:
            self._add_identity(values, logical_id, resource)
        elif kind in _IDENTITY_POLICIES:
            document = given.get("PolicyDocument")
            for subject in self._attached_to(values, logical_id, resource):
                self._add_policy(values, logical_id, resource, ("identity", subject), document)
        elif kind == "AWS::EKS::PodIdentityAssociation":
            self._add_pod_identity(values, logical_id, given)
        else:
            for subject, attachment in other_grants.attachments(values, resource):
                found = self._policy_set(values, logical_id, ("identity", subject))
                found.attached.add(attachment)
            for subject, document in other_grants.policies(values, logical_id, resource):
                self._add_policy(values, logical_id, resource, ("resource", subject), document)

    def _add_identity(self, values: Values, logical_id: str, resource: Mapping[str, Any]) -> None:
        given, subject = properties(resource), identity_of(values, logical_id)
        if "AssumeRolePolicyDocument" in given:
            trust = given["AssumeRolePolicyDocument"]
            self._add_policy(values, logical_id, resource, ("trust", subject), trust)
        found = self._policy_set(values, logical_id, ("identity", subject))
        for policy in as_list(given.get("Policies", [])):
            document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else policy
            self._add_policy(values, logical_id, resource, ("identity", subject), document)
        for attached in as_list(given.get("ManagedPolicyArns", [])):
            own = self._managed_policies.document(values, attached)
            if own is None:
                found.attached.add(Attachment("managed policy", values.text(attached)))
            else:
                self._add_policy(
                    values, logical_id, resource, ("identity", subject), own[1], own[0]
                )
        for group in as_list(given.get("Groups", [])):
            found.attached.add(Attachment("group", values.text(group)))
        if "PermissionsBoundary" in given:
            found.boundary = values.text(given["PermissionsBoundary"])
            own = self._managed_policies.document(values, given["PermissionsBoundary"])
            if own is not None:
                self._add_policy(
                    values, logical_id, resource, ("boundary", subject), own[1], own[0]
                )

    def _add_pod_identity(self, values: Values, logical_id: str, given: Mapping[str, Any]) -> None:
        account, namespace, cluster = (
            values.text(given.get(key, "?"))
            for key in ("ServiceAccount", "Namespace", "ClusterName")
        )
        role = _referenced_identity(values, ROLE, given.get("RoleArn", "?"))
        pod = Principal("service account", f"{namespace}/{account} of cluster {cluster}")
        self._policy_set(values, logical_id, ("trust", role)).permissions.append(
            Permission(
                is_deny=False,
                principal=PrincipalSet.of(pod),
                action=PatternSet.of_actions("sts:AssumeRole"),
                resource=PatternSet.of(EVERYTHING),
                conditions=frozenset(),
            )
        )

    def _add_policy(
        self,
        values: Values,
        logical_id: str,
        resource: Mapping[str, Any],
        holder: tuple[Kind, Subject],
        document: Any,
        reader: Values | None = None,
    ) -> None:
        """Add one policy.

        :param reader: the values of the document, if it stands in another stack.
        """
        reader = reader or values
        kind, _ = holder
        found = self._policy_set(values, logical_id, holder)
        if document is None and kind != "endpoint":
            return
        document = _OPEN_ENDPOINT if document is None else document
        read = _with_values(reader, _parsed(document))
        names_principals = kind not in {"identity", "boundary"}
        permissions = permissions_of(read, reader.text, names_principals=names_principals)
        # A resource or statement with a condition may be absent.
        if permissions is None or "Condition" in resource or _is_conditional(read):
            found.unreadable.add(canonical(read))
        else:
            found.permissions += permissions

    def _attached_to(
        self, values: Values, logical_id: str, resource: Mapping[str, Any]
    ) -> list[Subject]:
        """Return the identities that a policy is attached to.

        A managed policy without any is a subject itself: other apps may attach it.
        """
        given = properties(resource)
        identities = [
            _referenced_identity(values, kind, one)
            for kind, name in _ATTACHED_TO
            for one in as_list(given.get(name, []))
        ]
        is_managed = resource.get("Type") == MANAGED_POLICY
        if (
            is_managed
            and not identities
            and not self._managed_policies.is_attached(values.stack, logical_id)
        ):
            return [Subject(MANAGED_POLICY, values.path(logical_id))]
        return identities

    def _policy_set(
        self, values: Values, logical_id: str, holder: tuple[Kind, Subject]
    ) -> PolicySet:
        kind, subject = holder
        stack = values.stack
        has_region = kind in {"resource", "endpoint"}
        key = Holder(
            environment=stack.environment,
            where=f"{stack.account}/{stack.region}" if has_region else stack.account,
            kind=kind,
            subject=subject,
        )
        found = self.policy_sets.setdefault(key, PolicySet())
        found.stacks[stack.id] = stack.name
        found.sources.add((stack.id, logical_id))
        return found


def identity_of(values: Values, logical_id: str) -> Subject:
    """Return an identity by its own name, or else by its path in the app."""
    resource = resources_of(values.stack).get(logical_id)
    resource = resource if isinstance(resource, Mapping) else {}
    kind = str(resource.get("Type"))
    kind = kind if kind in IDENTITIES else ROLE
    given = properties(resource).get(resource_type(kind).name_property)
    return Subject(kind, given if isinstance(given, str) else values.path(logical_id))


def _resource_name(values: Values, logical_id: str, kind: str, given: Mapping[str, Any]) -> str:
    if kind == REGISTRY_POLICY:
        stack = values.stack
        account = stack.account if stack.account.isdigit() else "${AccountId}"
        region = "${Region}" if stack.region.startswith("unknown") else stack.region
        return f"{account} in {region}"
    name = given.get(resource_type(kind).name_property)
    return values.text(name) if name is not None else values.path(logical_id)


def _referenced_identity(values: Values, kind: str, given: Any) -> Subject:
    """Return an identity that another resource refers to."""
    if isinstance(given, Mapping):
        target = given.get("Ref") or _first(given.get("Fn::GetAtt"))
        if isinstance(target, str):
            stack_name, logical_id = stack_of_reference(target)
            for stack in values.side if stack_name else (values.stack,):
                is_there = logical_id in resources_of(stack)
                if is_there and stack_name in {"", stack.stack_name}:
                    return identity_of(Values(stack=stack, side=values.side), logical_id)
            return Subject(kind, logical_id)
    text = values.text(given)
    name = text.rpartition(":role/")[2] if ":role/" in text else text
    return Subject(kind, name.removeprefix("${").removesuffix(".Arn}").removesuffix("}"))


def _parsed(document: Any) -> Any:
    """Return a policy that may be a JSON string as a mapping."""
    if not isinstance(document, str):
        return document
    try:
        return json_value(document)
    except ValueError:
        return document


def _with_values(values: Values, document: Any) -> Any:
    """Return a document with the values of the CDK's ``CfnJson`` resources, often conditions."""
    if isinstance(document, list):
        return [_with_values(values, item) for item in document]
    if not isinstance(document, Mapping):
        return document
    given = document.get("Fn::GetAtt")
    resources = resources_of(values.stack)
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
