"""Stack sets with service-managed permissions, as they are deployed."""

from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

_LACK = "this endpoint has no stack sets"
_SELF, _DELEGATED = "SELF", "DELEGATED_ADMIN"


def stack_set_of(reading: Reading, name: str, *, delegated: bool) -> Mapping[str, Any] | None:
    """Return a stack set by its name or ID.

    :param delegated: whether the account is a delegated administrator.
    :raises UnansweredError: where the endpoint is an emulator's without stack sets.
    """
    answer = reading.asked(
        _LACK,
        "cloudformation",
        "describe_stack_set",
        StackSetName=name,
        CallAs=_DELEGATED if delegated else _SELF,
    )
    if answer is None or answer["StackSet"]["Status"] == "DELETED":
        return None
    found = answer["StackSet"]
    return {
        "StackSetName": found["StackSetName"],
        "Description": found.get("Description"),
        "PermissionModel": found.get("PermissionModel"),
        "AutoDeployment": found.get("AutoDeployment"),
        "Capabilities": found.get("Capabilities"),
        "ManagedExecution": found.get("ManagedExecution"),
        "Parameters": found.get("Parameters"),
        "StackInstancesGroup": [
            {
                "DeploymentTargets": {
                    "OrganizationalUnitIds": found.get("OrganizationalUnitIds", [])
                },
                "Regions": found.get("Regions", []),
            }
        ],
        "TemplateBody": found.get("TemplateBody"),
        "Tags": found.get("Tags"),
    }


def instances_of(reading: Reading, name: str, *, delegated: bool) -> Sequence[Mapping[str, Any]]:
    """Return the stacks of a stack set in each account and region."""
    return reading.listed(
        "cloudformation",
        "list_stack_instances",
        "Summaries[]",
        StackSetName=name,
        CallAs=_DELEGATED if delegated else _SELF,
    )


def _read(reading: Reading, resource: Resource) -> Live | None:
    delegated = resource.declared("CallAs") == _DELEGATED
    found = stack_set_of(reading, resource.physical_id, delegated=delegated)
    return None if found is None else Live(found)


@forms.each
def _targets(value: Any) -> Any:
    """Organizational units and regions, whose order has no meaning."""
    return sorted(
        [
            sorted(map(str, as_list(one["DeploymentTargets"]["OrganizationalUnitIds"]))),
            sorted(map(str, one["Regions"])),
        ]
        for one in value or ()
    )


TYPES = (
    ResourceType(
        name="AWS::CloudFormation::StackSet",
        read=_read,
        properties={
            "StackSetName": Property(CHOSEN),
            "Description": Property(),
            "PermissionModel": Property("SELF_MANAGED"),
            "AutoDeployment": Property(),
            "Capabilities": Property(form=forms.unordered),
            "ManagedExecution": Property({"Active": False}),
            "Parameters": Property(form=forms.unordered),
            "StackInstancesGroup": Property(form=_targets),
            "TemplateBody": Property(form=forms.json_text),
            "Tags": Property(form=forms.tags),
        },
        not_compared={
            "CallAs": "a choice of each request, which the API does not return",
            "OperationPreferences": "a choice of each deployment, which the API does not return",
        },
    ),
)
