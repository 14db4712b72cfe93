"""Every place in an assembly's templates that grants something, as policies by their holder."""

from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.statements import canonical
from ecrctl.cdk.assemblies import Stack
from ecrctl.policies.patterns import EVERYTHING, PatternSet
from ecrctl.policies.permissions import Permission, permissions_of
from ecrctl.policies.principals import OWN_ACCOUNT, Principal, PrincipalSet
from ecrctl.review.diff.resources import properties, resources_of
from ecrctl.review.findings import Place
from ecrctl.review.resolution.texts import Values
from ecrctl.review.resolution.variants import variants_of
from ecrctl.review.resource_types import resource_type
from ecrctl.review.type_names import (
    CERTIFICATE_PROFILE,
    ENDPOINT,
    GROUP,
    IDENTITIES,
    KEY,
    MANAGED_POLICY,
    PERMISSION_SET,
    POD_IDENTITY,
    REGISTRY_POLICY,
    REPOSITORY,
    ROLE,
    USER,
)

from .documents import is_conditional, readable
from .grants.resources import attachments, policies
from .identities import identity_of, referenced_identity
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
_ALLOWED = {"Effect": "Allow", "Action": "*", "Resource": "*"}


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
        """Add the grants of one resource, whatever its unknown conditions turn out to be."""
        variants = variants_of(resource)
        if len(variants) == 1 and variants[0].resource is not None:
            self._add(values, logical_id, variants[0].resource)
            return
        if not variants:
            self._add(values, logical_id, resource)
        collected = []
        for variant in variants:
            other = _PolicyCollector(self._managed_policies)
            if variant.resource is not None:
                other._add(values, logical_id, variant.resource)
            collected.append((variant.conditions, other.policy_sets))
        for holder in {holder: None for _, found in collected for holder in found}:
            found = [(names, sets.get(holder, PolicySet())) for names, sets in collected]
            self.policy_sets.setdefault(holder, PolicySet()).add_variants(found)

    def _add(self, values: Values, logical_id: str, resource: Mapping[str, Any]) -> None:
        kind, given = str(resource.get("Type")), properties(resource)
        row = resource_type(kind)
        if row.policy_property:
            subject = Subject(kind, _resource_name(values, logical_id, kind, given))
            document = given.get(row.policy_property, _default_policy(values, kind))
            self._add_policy(values, logical_id, (row.policy_kind, subject), document)
        if kind in IDENTITIES:
            self._add_identity(values, logical_id, resource)
        elif kind == PERMISSION_SET:
            self._add_permission_set(values, logical_id, given)
        elif kind in _IDENTITY_POLICIES:
            document = given.get("PolicyDocument")
            for subject in self._attached_to(values, logical_id, resource):
                self._add_policy(values, logical_id, ("identity", subject), document)
        elif kind == POD_IDENTITY:
            self._add_pod_identity(values, logical_id, given)
        elif kind != REPOSITORY:  # nearly all resources of a fleet, which have no other policy
            self._add_grants(values, logical_id, resource)

    def _add_grants(self, values: Values, logical_id: str, resource: Mapping[str, Any]) -> None:
        if resource.get("Type") == CERTIFICATE_PROFILE:
            self._add_session_policies(values, logical_id, properties(resource))
        for subject, attachment in attachments(values, logical_id, resource):
            found = self._policy_set(values, logical_id, ("identity", subject))
            found.attached.add(attachment)
        for policy_kind, subject, document in policies(values, logical_id, resource):
            self._add_policy(values, logical_id, (policy_kind, subject), document)

    def _add_identity(self, values: Values, logical_id: str, resource: Mapping[str, Any]) -> None:
        given, subject = properties(resource), identity_of(values, logical_id)
        if "AssumeRolePolicyDocument" in given:
            trust = given["AssumeRolePolicyDocument"]
            self._add_policy(values, logical_id, ("trust", subject), trust)
        found = self._policy_set(values, logical_id, ("identity", subject))
        for policy in as_list(given.get("Policies", [])):
            is_known = isinstance(policy, Mapping) and "PolicyDocument" in policy
            document = policy["PolicyDocument"] if is_known else policy
            self._add_policy(values, logical_id, ("identity", subject), document)
        self._add_managed_policies(values, logical_id, subject, given.get("ManagedPolicyArns", []))
        for group in as_list(given.get("Groups", [])):
            found.attached.add(Attachment("group", values.text(group)))
        if "LoginProfile" in given:
            found.attached.add(Attachment("password for the console", ""))
        if "PermissionsBoundary" in given:
            self._add_boundary(values, logical_id, subject, given["PermissionsBoundary"])

    def _add_permission_set(
        self, values: Values, logical_id: str, given: Mapping[str, Any]
    ) -> None:
        name = values.text(given.get("Name", values.path(logical_id)))
        subject = Subject(PERMISSION_SET, name)
        self._add_policy(values, logical_id, ("identity", subject), given.get("InlinePolicy"))
        self._add_managed_policies(values, logical_id, subject, given.get("ManagedPolicies", []))
        found = self._policy_set(values, logical_id, ("identity", subject))
        for one in as_list(given.get("CustomerManagedPolicyReferences", [])):
            found.attached.add(Attachment("managed policy", _policy_name(values, one)))
        boundary = given.get("PermissionsBoundary")
        if isinstance(boundary, Mapping):
            own = boundary.get("CustomerManagedPolicyReference")
            arn = boundary.get("ManagedPolicyArn", boundary)
            found.boundary = values.text(arn) if own is None else _policy_name(values, own)

    def _add_managed_policies(
        self, values: Values, logical_id: str, subject: Subject, arns: Any
    ) -> None:
        found = self._policy_set(values, logical_id, ("identity", subject))
        for attached in as_list(arns):
            own = self._managed_policies.document(values, attached)
            if own is None:
                found.attached.add(Attachment("managed policy", values.text(attached)))
            else:
                self._add_policy(values, logical_id, ("identity", subject), own[1], own[0])

    def _add_boundary(
        self, values: Values, logical_id: str, subject: Subject, boundary: Any
    ) -> None:
        found = self._policy_set(values, logical_id, ("identity", subject))
        found.boundary = values.text(boundary)
        own = self._managed_policies.document(values, boundary)
        if own is not None:
            self._add_policy(values, logical_id, ("boundary", subject), own[1], own[0])

    def _add_session_policies(
        self, values: Values, logical_id: str, given: Mapping[str, Any]
    ) -> None:
        """Add the policies that limit every session of a profile as a boundary does."""
        names = ("ManagedPolicyArns", "SessionPolicy")
        limits = [canonical(readable(values, given[name])) for name in names if given.get(name)]
        subject = Subject(CERTIFICATE_PROFILE, values.path(logical_id))
        found = self._policy_set(values, logical_id, ("identity", subject))
        found.boundary = " ".join(limits) or None

    def _add_pod_identity(self, values: Values, logical_id: str, given: Mapping[str, Any]) -> None:
        account, namespace, cluster = (
            values.text(given.get(key, "?"))
            for key in ("ServiceAccount", "Namespace", "ClusterName")
        )
        pod = Principal("service account", f"{namespace}/{account} of cluster {cluster}")
        # EKS assumes the first role, and with it the second one, whose credentials the pod gets.
        for name in ("RoleArn", "TargetRoleArn"):
            if name in given:
                role = referenced_identity(values, ROLE, given[name])
                found = self._policy_set(values, logical_id, ("trust", role))
                found.permissions.append(_may_assume(pod))

    def _add_policy(
        self,
        values: Values,
        logical_id: str,
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
        if document is None:
            return
        read = readable(reader, document)
        names_principals = kind not in {"identity", "boundary"}
        permissions = permissions_of(read, reader.text, names_principals=names_principals)
        # A condition in another resource, such as a managed policy, or one of too many.
        if permissions is None or is_conditional(read):
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
            referenced_identity(values, kind, one)
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


def _default_policy(values: Values, kind: str) -> Any:
    """Return the policy of a resource that is given none; ``None`` for types without a default.

    Sources: KMS developer guide, "Default key policy"; VPC endpoints guide, "Control access to VPC
    endpoints using endpoint policies".
    """
    if kind == ENDPOINT:
        return {"Statement": [{**_ALLOWED, "Principal": "*"}]}
    if kind in KEY:
        account = values.stack.account
        owner = account if account.isdigit() else OWN_ACCOUNT
        return {"Statement": [{**_ALLOWED, "Action": "kms:*", "Principal": {"AWS": owner}}]}
    return None


def _resource_name(values: Values, logical_id: str, kind: str, given: Mapping[str, Any]) -> str:
    if kind == REGISTRY_POLICY:
        stack = values.stack
        account = stack.account if stack.account.isdigit() else "${AccountId}"
        region = "${Region}" if stack.region.startswith("unknown") else stack.region
        return f"{account} in {region}"
    name = given.get(resource_type(kind).name_property)
    return values.text(name) if name is not None else values.path(logical_id)


def _policy_name(values: Values, reference: Any) -> str:
    """Return the name of a managed policy of the account that a permission set is assigned in."""
    given = reference if isinstance(reference, Mapping) else {}
    return values.text(given.get("Path", "/")) + values.text(given.get("Name", "?"))


def _may_assume(principal: Principal) -> Permission:
    return Permission(
        is_deny=False,
        principal=PrincipalSet.of(principal),
        action=PatternSet.of_actions("sts:AssumeRole"),
        resource=PatternSet.of(EVERYTHING),
        conditions=frozenset(),
    )
