"""IAM roles, their policies and OIDC providers, as they are deployed."""

from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.statements import statements_of
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

_POLICY = "AWS::IAM::Policy"


def read_role(reading: Reading, resource: Resource) -> Live | None:
    """Return a role by its name, with every policy that it has."""
    name = resource.physical_id
    answer = reading.call("iam", "get_role", RoleName=name)
    if answer is None:
        return None
    found = answer["Role"]
    inline = reading.listed("iam", "list_role_policies", "PolicyNames[]", RoleName=name)
    managed = reading.listed(
        "iam", "list_attached_role_policies", "AttachedPolicies[].PolicyArn", RoleName=name
    )
    return Live(
        properties={
            "AssumeRolePolicyDocument": found["AssumeRolePolicyDocument"],
            "Description": found.get("Description"),
            "ManagedPolicyArns": managed,
            "MaxSessionDuration": found.get("MaxSessionDuration"),
            "Path": found.get("Path"),
            "PermissionsBoundary": found.get("PermissionsBoundary", {}).get(
                "PermissionsBoundaryArn"
            ),
            "Policies": [
                {"PolicyName": policy, "PolicyDocument": _document(reading, name, policy)}
                for policy in inline
            ],
            "RoleName": found["RoleName"],
            "Tags": reading.listed("iam", "list_role_tags", "Tags[]", RoleName=name),
        },
        attributes={"Arn": found["Arn"], "RoleId": found["RoleId"]},
    )


def _document(reading: Reading, role: str, policy: str) -> Any:
    answer = reading.call("iam", "get_role_policy", RoleName=role, PolicyName=policy)
    return answer["PolicyDocument"] if answer else None


def read_policy(reading: Reading, resource: Resource) -> Live | None:
    """Return an inline policy, which IAM knows by its name and its roles."""
    name, roles = resource.declared("PolicyName"), as_list(resource.declared("Roles") or [])
    documents = {role: _document(reading, role, name) for role in roles}
    having = [role for role, document in documents.items() if document is not None]
    if roles and not having:
        return None
    return Live(
        {
            "PolicyName": name,
            "Roles": having,
            # The documents are alike unless someone changed one of them; then each is shown.
            "PolicyDocument": _one_of([documents[role] for role in having]),
        }
    )


def _one_of(documents: Sequence[Any]) -> Any:
    first = documents[0]
    if all(forms.are_same(forms.policy, first, other) for other in documents):
        return first
    return {"Statement": [one for document in documents for one in statements_of(document)]}


def read_provider(reading: Reading, resource: Resource) -> Live | None:
    """Return an OIDC provider by its ARN."""
    arn = resource.physical_id
    found = reading.call("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
    if found is None:
        return None
    return Live(
        properties={
            "Url": found["Url"],
            "ClientIdList": found.get("ClientIDList"),
            "ThumbprintList": found.get("ThumbprintList"),
            "Tags": found.get("Tags"),
        },
        attributes={"Arn": arn},
    )


def _with_policies(role: Resource, declared: Any) -> list[Mapping[str, Any]]:
    """Return a role's inline policies: those of its template, and those that are resources."""
    separate = [
        {"PolicyName": one.declared("PolicyName"), "PolicyDocument": one.declared("PolicyDocument")}
        for one in role.others(_POLICY)
        if role.physical_id in as_list(one.declared("Roles") or [])
    ]
    return [*(declared or ()), *separate]


@forms.each
def _policies(value: Any) -> Any:
    return {
        one["PolicyName"]: forms.policy(one["PolicyDocument"], None)[0] for one in value or ()
    } or None


@forms.each
def _url(value: Any) -> Any:
    return str(value).removeprefix("https://")


TYPES = (
    ResourceType(
        name="AWS::IAM::Role",
        read=read_role,
        properties={
            "AssumeRolePolicyDocument": Property(form=forms.policy),
            "Description": Property(),
            "ManagedPolicyArns": Property(form=forms.unordered),
            "MaxSessionDuration": Property(3600),
            "Path": Property("/"),
            "PermissionsBoundary": Property(),
            "Policies": Property(form=_policies),
            "RoleName": Property(CHOSEN),
            "Tags": Property(form=forms.tags),
        },
        additions={"Policies": _with_policies},
    ),
    ResourceType(
        name=_POLICY,
        read=read_policy,
        properties={
            "PolicyDocument": Property(form=forms.policy),
            "PolicyName": Property(),
            "Roles": Property(form=forms.unordered),
        },
    ),
    ResourceType(
        name="AWS::IAM::OIDCProvider",
        read=read_provider,
        properties={
            "Url": Property(form=_url),
            "ClientIdList": Property(form=forms.unordered),
            "ThumbprintList": Property(CHOSEN, forms.unordered),
            "Tags": Property(form=forms.tags),
        },
    ),
)
