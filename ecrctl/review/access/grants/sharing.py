"""Grants of whole resources, roles and permission sets: what a principal gets, by name.

Source: CloudFormation template reference, the pages of these types.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.review.access.policy_sets import Attachment, Subject
from ecrctl.review.diff.resources import is_false, mappings
from ecrctl.review.findings import canonical_json
from ecrctl.review.resolution.texts import Values
from ecrctl.review.type_names import (
    ACCESS_KEY,
    CERTIFICATE_PROFILE,
    ENDPOINT_SERVICE_PERMISSIONS,
    IDENTITY_POOL,
    INSTANCE_PROFILE,
    ROLE,
    USER,
)

from .kubernetes import identity_name

_ACCOUNT = re.compile(r"\d{12}")
_Found = Iterator[tuple[Subject, Attachment]]


def attachments(values: Values, logical_id: str, kind: str, given: Mapping[str, Any]) -> _Found:
    """Yield the principals that a resource grants something as a whole, with that."""
    read = READERS.get(kind)
    return read(values, logical_id, given) if read else iter(())


def _group_members(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    group = values.text(given.get("GroupName", "?"))
    for user in as_list(given.get("Users", [])):
        yield Subject(USER, identity_name(values.text(user))), Attachment("group", group)


def _access_entry(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    role = Subject(ROLE, identity_name(values.text(given.get("PrincipalArn", "?"))))
    cluster = values.text(given.get("ClusterName", "?"))
    for policy in mappings(given.get("AccessPolicies")):
        scope = policy.get("AccessScope")
        spaces = scope.get("Namespaces", []) if isinstance(scope, Mapping) else []
        name = values.text(policy.get("PolicyArn", "?"))
        yield role, Attachment("access policy", name, cluster, ", ".join(map(str, spaces)))
    for group in as_list(given.get("KubernetesGroups", [])):
        yield role, Attachment("group", values.text(group), cluster)
    if "Username" in given:
        yield role, Attachment("Kubernetes user", values.text(given["Username"]), cluster)
    entry_type = values.text(given.get("Type", "STANDARD"))
    if entry_type != "STANDARD":  # the other types are for nodes, and have groups of their own
        yield role, Attachment("access of the type", entry_type, cluster)


def _access_key(values: Values, logical_id: str, given: Mapping[str, Any]) -> _Found:
    if given.get("Status") != "Inactive":
        user = Subject(USER, identity_name(values.text(given.get("UserName", "?"))))
        yield user, Attachment("access key", values.path(logical_id))


def _instance_profile(values: Values, logical_id: str, given: Mapping[str, Any]) -> _Found:
    profile = Subject(INSTANCE_PROFILE, values.text(given.get("InstanceProfileName", "")))
    profile = profile if profile.name else Subject(INSTANCE_PROFILE, values.path(logical_id))
    for role in as_list(given.get("Roles", [])):
        yield profile, Attachment("role", values.text(role))


def _certificate_profile(values: Values, logical_id: str, given: Mapping[str, Any]) -> _Found:
    profile = Subject(CERTIFICATE_PROFILE, values.path(logical_id))
    for role in as_list(given.get("RoleArns", [])):
        yield profile, Attachment("role", values.text(role))


def _permission_set(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    subject = Subject(
        values.text(given.get("PrincipalType", "principal")).lower(),
        values.text(given.get("PrincipalId", "?")),
    )
    name = values.text(given.get("PermissionSetArn", "?"))
    target = values.text(given.get("TargetId", "?"))
    yield subject, Attachment("permission set", name, namespaces=f"the account {target}")


def _identity_pool_roles(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    pool = Subject(IDENTITY_POOL, values.text(given.get("IdentityPoolId", "?")))
    roles, rules = given.get("Roles"), given.get("RoleMappings")
    for who, role in (roles if isinstance(roles, Mapping) else {}).items():
        yield pool, Attachment(f"role for {who} users", values.text(role))
    for provider, rule in (rules if isinstance(rules, Mapping) else {}).items():
        yield pool, Attachment(f"role mapping of {provider}", canonical_json(rule))


def _resource_share(values: Values, logical_id: str, given: Mapping[str, Any]) -> _Found:
    resources = as_list(given.get("ResourceArns", []))
    rights = as_list(given.get("PermissionArns", []))
    for principal in as_list(given.get("Principals", [])):
        for resource in resources:
            text = values.text(resource)
            yield _principal(values, principal), Attachment("shared resource", text)
        for right in rights:
            permission = Attachment("permission of the share", values.text(right))
            yield _principal(values, principal), permission
    if not is_false(given.get("AllowExternalPrincipals")):
        outside = Subject("every principal", "outside of the organization")
        yield outside, Attachment("invitation to the resource share", values.path(logical_id))
    for source in as_list(given.get("Sources", [])):
        share = Attachment("resource share", values.path(logical_id))
        yield Subject("source account", values.text(source)), share


def _endpoint_service(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    service = values.text(given.get("ServiceId", "?"))
    for principal in as_list(given.get("AllowedPrincipals", [])):
        yield _principal(values, principal), Attachment("endpoint service", service)


def _user_pool_group(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    user = Subject("user", values.text(given.get("Username", "?")))
    yield user, Attachment("group", values.text(given.get("GroupName", "?")))


def _store_group(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    member = given.get("MemberId")
    name = member.get("UserId", "?") if isinstance(member, Mapping) else member
    yield (
        Subject("user", values.text(name)),
        Attachment("group", values.text(given.get("GroupId", "?"))),
    )


def _application(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    kind = values.text(given.get("PrincipalType", "principal")).lower()
    subject = Subject(kind, values.text(given.get("PrincipalId", "?")))
    yield subject, Attachment("application", values.text(given.get("ApplicationArn", "?")))


def _subscription(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    """Yield a subscriber outside of the account, who has no policy that shows it."""
    endpoint = values.text(given.get("Endpoint", "?"))
    if not endpoint.startswith(("${", "arn:")) or _is_foreign(values, endpoint):
        topic = values.text(given.get("TopicArn", "?"))
        yield Subject("subscriber", endpoint), Attachment("messages of the topic", topic)


def _is_foreign(values: Values, arn: str) -> bool:
    accounts = _ACCOUNT.findall(arn)
    return bool(accounts) and values.stack.account not in accounts


def _data_lake(values: Values, _: str, given: Mapping[str, Any]) -> _Found:
    principal = given.get("Principal", given.get("DataLakePrincipal"))
    name = principal.get("DataLakePrincipalIdentifier") if isinstance(principal, Mapping) else "?"
    resource = canonical_json(given.get("Resource"))
    for key in ("Permissions", "PermissionsWithGrantOption"):
        for permission in as_list(given.get(key, [])):
            words = "Lake Formation permission" + (" to grant" if key != "Permissions" else "")
            yield (
                _principal(values, name),
                Attachment(words, f"{values.text(permission)} on {resource}"),
            )


def _principal(values: Values, given: Any) -> Subject:
    text = values.text(given)
    return Subject("account" if _ACCOUNT.fullmatch(text) else "principal", text)


READERS: Mapping[str, Callable[[Values, str, Mapping[str, Any]], _Found]] = {
    ACCESS_KEY: _access_key,
    "AWS::Cognito::IdentityPoolRoleAttachment": _identity_pool_roles,
    "AWS::Cognito::UserPoolUserToGroupAttachment": _user_pool_group,
    ENDPOINT_SERVICE_PERMISSIONS: _endpoint_service,
    "AWS::EKS::AccessEntry": _access_entry,
    INSTANCE_PROFILE: _instance_profile,
    "AWS::IAM::UserToGroupAddition": _group_members,
    "AWS::IdentityStore::GroupMembership": _store_group,
    "AWS::LakeFormation::Permissions": _data_lake,
    "AWS::LakeFormation::PrincipalPermissions": _data_lake,
    "AWS::RAM::ResourceShare": _resource_share,
    CERTIFICATE_PROFILE: _certificate_profile,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SSO::ApplicationAssignment": _application,
    "AWS::SSO::Assignment": _permission_set,
}
