"""Public repositories, as they are deployed."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from ecrctl.aws.problems import CallError
from ecrctl.verify.reading import Reading, UnansweredError
from ecrctl.verify.stacks import forms
from ecrctl.verify.stacks.resource_types import CHOSEN, Live, Property, Resource, ResourceType

_SERVICE = "ecr-public"
_NO_SERVICE = "this endpoint has no ECR Public"
# The names of CloudFormation, by those of the API.
_CATALOG = {
    "description": "RepositoryDescription",
    "aboutText": "AboutText",
    "usageText": "UsageText",
    "architectures": "Architectures",
    "operatingSystems": "OperatingSystems",
}


def read_public_repository(reading: Reading, resource: Resource) -> Live | None:
    """Return a public repository by its name.

    :raises UnansweredError: where the endpoint is an emulator's that has no ECR Public.
    """
    name = resource.physical_id
    try:
        answer = reading.call(_SERVICE, "describe_repositories", repositoryNames=[name])
    except (ClientError, CallError):
        # An emulator without the service answers as whatever it has at this address.
        if reading.is_emulated:
            raise UnansweredError(_NO_SERVICE) from None
        raise
    if answer is None:
        return None
    found = answer["repositories"][0]
    arn = found["repositoryArn"]
    policy = reading.call(_SERVICE, "get_repository_policy", repositoryName=name) or {}
    tags = reading.call(_SERVICE, "list_tags_for_resource", resourceArn=arn) or {}
    data = catalog_data(reading, name)
    return Live(
        properties={
            "RepositoryName": found["repositoryName"],
            "RepositoryCatalogData": {ours: data.get(name) for name, ours in _CATALOG.items()},
            "RepositoryPolicyText": policy.get("policyText"),
            "Tags": tags.get("tags"),
        },
        attributes={"Arn": arn},
    )


def catalog_data(reading: Reading, name: str) -> Mapping[str, Any]:
    """Return the catalogue data of a public repository; none where it has none."""
    answer = reading.call(_SERVICE, "get_repository_catalog_data", repositoryName=name)
    found: Mapping[str, Any] = answer["catalogData"] if answer else {}
    return found


@forms.each
def _catalog(value: Mapping[str, Any] | None) -> Any:
    """Catalogue data, whose lists have no order, without what is empty."""
    lists = {
        name: sorted(item) for name, item in (value or {}).items() if isinstance(item, list | tuple)
    }
    return forms.plain({**(value or {}), **lists})


PUBLIC_REPOSITORY = ResourceType(
    name="AWS::ECR::PublicRepository",
    read=read_public_repository,
    properties={
        "RepositoryName": Property(CHOSEN),
        "RepositoryCatalogData": Property(form=_catalog),
        "RepositoryPolicyText": Property(form=forms.policy),
        "Tags": Property(form=forms.tags),
    },
)
TYPES = (PUBLIC_REPOSITORY,)
