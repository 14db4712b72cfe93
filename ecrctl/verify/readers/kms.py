"""KMS keys and aliases, as they are deployed."""

from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType


def read_key(reading: Reading, resource: Resource) -> Live | None:
    """Return a key by its ID."""
    key_id = resource.physical_id
    answer = reading.call("kms", "describe_key", KeyId=key_id)
    if answer is None:
        return None
    found = answer["KeyMetadata"]
    state = found["KeyState"]
    policy = reading.call("kms", "get_key_policy", KeyId=key_id, PolicyName="default") or {}
    rotation = reading.call("kms", "get_key_rotation_status", KeyId=key_id) or {}
    grants = reading.listed("kms", "list_grants", "Grants[]", KeyId=key_id)
    return Live(
        properties={
            "Description": found.get("Description"),
            "Enabled": True if state == "Enabled" else state,
            "EnableKeyRotation": rotation.get("KeyRotationEnabled"),
            "RotationPeriodInDays": rotation.get("RotationPeriodInDays"),
            "KeyPolicy": policy.get("Policy"),
            "KeySpec": found.get("KeySpec"),
            "KeyUsage": found.get("KeyUsage"),
            "MultiRegion": found.get("MultiRegion"),
            "Origin": found.get("Origin"),
            "Tags": reading.listed("kms", "list_resource_tags", "Tags[]", KeyId=key_id),
            "Grants": [
                f"{', '.join(sorted(grant['Operations']))} to {grant['GranteePrincipal']}"
                for grant in grants
                # A grant that a service made for its own use names no IAM principal.
                if grant["GranteePrincipal"].startswith("arn:")
            ],
        },
        attributes={"Arn": found["Arn"], "KeyId": found["KeyId"]},
    )


def read_alias(reading: Reading, resource: Resource) -> Live | None:
    """Return an alias by its name."""
    answer = reading.call("kms", "describe_key", KeyId=resource.physical_id)
    if answer is None:
        return None
    return Live({"AliasName": resource.physical_id, "TargetKeyId": answer["KeyMetadata"]["KeyId"]})


TYPES = (
    ResourceType(
        name="AWS::KMS::Key",
        read=read_key,
        properties={
            "Description": Property(),
            "Enabled": Property(default=True),
            "EnableKeyRotation": Property(default=False),
            "RotationPeriodInDays": Property(CHOSEN),
            "KeyPolicy": Property(form=forms.policy),
            "KeySpec": Property("SYMMETRIC_DEFAULT"),
            "KeyUsage": Property("ENCRYPT_DECRYPT"),
            "MultiRegion": Property(default=False),
            "Origin": Property("AWS_KMS"),
            "Tags": Property(form=forms.tags),
            # Not CloudFormation's: a grant to an IAM principal is made past the key's policy.
            "Grants": Property(form=forms.unordered),
        },
        not_compared={
            "PendingWindowInDays": "KMS knows it only of a key whose deletion is scheduled",
            "BypassPolicyLockoutSafetyCheck": "it is an option of the request that sets a policy",
        },
    ),
    ResourceType(
        name="AWS::KMS::Alias",
        read=read_alias,
        properties={"AliasName": Property(), "TargetKeyId": Property(form=forms.last_part)},
    ),
)
