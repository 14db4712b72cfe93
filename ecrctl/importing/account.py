"""The repositories of an account, read with boto3, several at a time."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.aws.policies import lifecycle_policy, repository_policy
from ecrctl.aws.stacks import stacks_of_repositories

from .journal import Journal

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import RepositoryTypeDef

# Each repository takes three calls; eight threads stay far below ECR's limits.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingRepository:
    """A repository and its current properties.

    :param exclusion_filters: ``None`` where the endpoint does not return them.
    :param policy: the repository policy; ``None`` where there is none.
    :param stack: the CloudFormation stack of the repository; ``None`` where there is none.
    """

    name: str
    immutability_mode: str
    exclusion_filters: tuple[str, ...] | None
    scan_on_push: bool
    encryption_type: str
    kms_key: str | None
    policy: Mapping[str, Any] | None
    lifecycle: Mapping[str, Any] | None
    tags: Mapping[str, str]
    stack: str | None


def existing_repositories(aws: Aws, journal: Journal | None = None) -> list[ExistingRepository]:
    """Return every repository of an account and region, sorted by name.

    :param journal: what an interrupted import has read already; ``None`` reads everything.
    """
    with as_user_errors(f"Reading the repositories in {aws.region}"):
        stacks = stacks_of_repositories(aws)
        ecr = aws.ecr
        described = ecr.get_paginator("describe_repositories").paginate().search("repositories[]")

        def read(item: RepositoryTypeDef) -> ExistingRepository:
            return _existing(item, _details(ecr, item, journal), stacks)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            tasks = [pool.submit(read, item) for item in described]
            try:
                found = [task.result() for task in tasks]
            except BaseException:
                # The others would ask AWS for what nobody waits for.
                pool.shutdown(cancel_futures=True)
                raise
    return sorted(found, key=lambda repository: repository.name)


def _details(
    ecr: ECRClient, described: RepositoryTypeDef, journal: Journal | None
) -> Mapping[str, Any]:
    """Return the properties of a repository that take a call each."""
    arn, name = described["repositoryArn"], described["repositoryName"]
    key = f"{arn} {described.get('createdAt', '')}"
    read = journal.details_of(key) if journal else None
    if read is not None:
        return read
    tags = ecr.list_tags_for_resource(resourceArn=arn)["tags"]
    details = {
        "policy": repository_policy(ecr, name),
        "lifecycle": lifecycle_policy(ecr, name),
        "tags": {item["Key"]: item.get("Value", "") for item in tags},
    }
    if journal:
        journal.add(key, details)
    return details


def _existing(
    described: RepositoryTypeDef, details: Mapping[str, Any], stacks: Mapping[str, str]
) -> ExistingRepository:
    name = described["repositoryName"]
    mode: str = described.get("imageTagMutability", "MUTABLE")
    filters = described.get("imageTagMutabilityExclusionFilters")
    unknown = filters is None and mode.endswith("_WITH_EXCLUSION")
    encryption = described.get("encryptionConfiguration", {"encryptionType": "AES256"})
    return ExistingRepository(
        name=name,
        immutability_mode=mode,
        exclusion_filters=None if unknown else tuple(item["filter"] for item in filters or ()),
        scan_on_push=described.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        encryption_type=encryption["encryptionType"],
        kms_key=encryption.get("kmsKey"),
        stack=stacks.get(name),
        **details,
    )
