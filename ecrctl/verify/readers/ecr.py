"""ECR repositories, as they are deployed."""

import json
from collections.abc import Mapping
from typing import Any

from constructs_lib.rules.policy.statements import canonical
from ecrctl.verify.reading import Reading
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType


def read_repository(reading: Reading, resource: Resource) -> Live | None:
    """Return a repository by its name."""
    name = resource.physical_id
    answer = reading.call("ecr", "describe_repositories", repositoryNames=[name])
    if answer is None:
        return None
    found = answer["repositories"][0]
    arn = found["repositoryArn"]
    policy = reading.call("ecr", "get_repository_policy", repositoryName=name) or {}
    lifecycle = reading.call("ecr", "get_lifecycle_policy", repositoryName=name) or {}
    tags = reading.call("ecr", "list_tags_for_resource", resourceArn=arn) or {}
    encryption = found.get("encryptionConfiguration", {"encryptionType": "AES256"})
    return Live(
        properties={
            "RepositoryName": found["repositoryName"],
            "ImageTagMutability": found.get("imageTagMutability"),
            "ImageTagMutabilityExclusionFilters": exclusion_filters(found),
            "ImageScanningConfiguration": {
                "ScanOnPush": found.get("imageScanningConfiguration", {}).get("scanOnPush")
            },
            "EncryptionConfiguration": {
                "EncryptionType": encryption["encryptionType"],
                "KmsKey": _own_key(reading, encryption.get("kmsKey")),
            },
            "RepositoryPolicyText": policy.get("policyText"),
            "LifecyclePolicy": {"LifecyclePolicyText": lifecycle.get("lifecyclePolicyText")},
            "Tags": tags.get("tags"),
        },
        attributes={"Arn": arn, "RepositoryUri": found["repositoryUri"]},
    )


def exclusion_filters(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the exclusion filters of a repository's or a template's tag immutability."""
    return [
        {
            "ImageTagMutabilityExclusionFilterType": one["filterType"],
            "ImageTagMutabilityExclusionFilterValue": one["filter"],
        }
        for one in found.get("imageTagMutabilityExclusionFilters", ())
    ]


def _own_key(reading: Reading, key: str | None) -> str | None:
    """Return a key of the account; ``None`` for the AWS managed one, which no template names."""
    answer = reading.call("kms", "describe_key", KeyId=key) if key else None
    is_managed = answer and answer["KeyMetadata"].get("KeyManager") == "AWS"
    return None if is_managed else key


@forms.each
def encryption_form(value: Mapping[str, Any]) -> Any:
    """An encryption by its kind and the ID of its key; ECR returns the ARN or the ID."""
    return forms.plain({**value, "KmsKey": (value.get("KmsKey") or "").rpartition("/")[2]})


@forms.each
def _lifecycle(value: Mapping[str, Any] | None) -> Any:
    return lifecycle_rules((value or {}).get("LifecyclePolicyText"))


def lifecycle_rules(text: Any) -> Mapping[str, Any] | None:
    """Return the rules of a lifecycle policy, which may be text, by their priority."""
    if not text:
        return None
    rules = (json.loads(text) if isinstance(text, str) else text)["rules"]
    return {f"rule {rule['rulePriority']}": json.loads(canonical(rule)) for rule in rules}


REPOSITORY = ResourceType(
    name="AWS::ECR::Repository",
    read=read_repository,
    properties={
        "RepositoryName": Property(CHOSEN),
        "ImageTagMutability": Property("MUTABLE"),
        "ImageTagMutabilityExclusionFilters": Property(form=forms.unordered),
        "ImageScanningConfiguration": Property({"ScanOnPush": False}),
        "EncryptionConfiguration": Property({"EncryptionType": "AES256"}, encryption_form),
        "RepositoryPolicyText": Property(form=forms.policy),
        "LifecyclePolicy": Property(form=_lifecycle),
        "Tags": Property(form=forms.tags),
    },
    not_returned={"ImageTagMutabilityExclusionFilters": None},
)
TYPES = (REPOSITORY,)
